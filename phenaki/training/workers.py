"""Several processes that train one model together, as ``torchrun`` starts them; one process alone needs none of it."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn


@dataclass(frozen=True)
class Workers:
    """The processes of one run. Every method must be called by all of them, in the same order."""

    rank: int = 0
    count: int = 1

    @classmethod
    def join(cls) -> Workers:
        """Meet the other processes, if ``torchrun`` started any."""
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if count == 1:
            return cls()
        if not dist.is_initialized():
            dist.init_process_group("gloo")
            atexit.register(_leave)
        return cls(dist.get_rank(), count)

    @property
    def leads(self) -> bool:
        """Whether this process is the one that logs and saves."""
        return self.rank == 0

    def agree(self, value: float) -> float:
        """The leader's value, in every process."""
        if self.count == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64)
        dist.broadcast(shared, src=0)
        return shared.item()

    @torch.no_grad()
    def average_gradients(self, model: nn.Module) -> None:
        """Replace each gradient by its mean over the processes, and each buffer (a codebook) by the leader's."""
        if self.count == 1:
            return
        for buffer in model.buffers():
            dist.broadcast(buffer, src=0)
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))


def _leave() -> None:
    """End the threads of the group before the interpreter ends, and in no process before all have finished."""
    dist.barrier()
    dist.destroy_process_group()
