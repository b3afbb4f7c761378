"""Several processes that train one model together, as ``torchrun`` starts them; one process alone needs none of it."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from phenaki.device import find_device


def training_device(name: str) -> torch.device:
    """The device of that name, and of several GPUs the one that belongs to this process.

    Raises:
        DeviceError: it is not on this machine.
    """
    device = find_device(name)
    if device.type == "cuda" and device.index is None:
        device = find_device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


@dataclass(frozen=True)
class Workers:
    """The processes of one run. Every method must be called by all of them, in the same order."""

    rank: int = 0
    count: int = 1

    @classmethod
    def join(cls, device: torch.device | str = "cpu") -> Workers:
        """Meet the other processes, if ``torchrun`` started any; ``device`` is where this one trains."""
        count = int(os.environ.get("WORLD_SIZE", "1"))
        if count == 1:
            return cls()
        if not dist.is_initialized():
            # what the processes agree on are numbers of the CPU; gradients go between GPUs
            dist.init_process_group("cpu:gloo,cuda:nccl" if torch.device(device).type == "cuda" else "gloo")
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

    def any(self, flag: bool) -> bool:
        """Whether the flag is up in one process or more."""
        if self.count == 1:
            return flag
        raised = torch.tensor(float(flag))
        dist.all_reduce(raised, dist.ReduceOp.MAX)
        return bool(raised)

    def mean(self, value: Tensor) -> Tensor:
        """The mean of the processes' values, in every one of them; the value itself where there is only one."""
        if self.count == 1:
            return value
        total = value.detach().clone()
        dist.all_reduce(total)
        return total / self.count

    def gather(self, rows: Tensor) -> Tensor:
        """The rows of all processes, (n, ...) each -> (count*n, ...), in the order of their ranks."""
        if self.count == 1:
            return rows
        found = [torch.empty_like(rows) for _ in range(self.count)]
        dist.all_gather(found, rows.contiguous())
        return torch.cat(found)

    @torch.no_grad()
    def average_gradients(self, model: nn.Module) -> None:
        """Replace each gradient by its mean over the processes, and each buffer by the leader's."""
        if self.count == 1:
            return
        self.share_buffers(model)
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    @torch.no_grad()
    def share_buffers(self, model: nn.Module) -> None:
        """Replace each buffer (a codebook) by the leader's."""
        if self.count > 1:
            for buffer in model.buffers():
                dist.broadcast(buffer, src=0)


def _leave() -> None:
    """End the threads of the group before the interpreter ends, and in no process before all have finished."""
    dist.barrier()
    dist.destroy_process_group()
