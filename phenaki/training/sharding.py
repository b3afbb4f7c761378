"""Weights, averages and optimisers shared out among processes, and put together again for a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from phenaki.errors import ConfigError
from phenaki.training.workers import Workers


class ShardedModel(nn.Module):
    """A model of which each process keeps a part of every tensor; all is whole while a function of it runs.

    Between the steps a process holds its share of weights, gradients, averages and optimiser states; the whole weights
    exist during a step only.

    Source: torch.distributed.fsdp.fully_shard, with the whole model as one group.
    """

    def __init__(self, model: nn.Module, workers: Workers) -> None:
        """Every parameter of ``model`` becomes a ``DTensor``.

        Raises:
            ConfigError: there is only one process.
        """
        super().__init__()
        if workers.count == 1:
            raise ConfigError("--fsdp shares a model out among processes, and there is one. Start it with torchrun.")
        device = next(model.parameters()).device
        self.model = model
        fully_shard(self, mesh=init_device_mesh(device.type, (workers.count,)))
        self.means = [p.to_local().detach().clone() for p in _parts(model)]

    def forward(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """``function(model, *arguments)`` with whole weights."""
        return function(self.model, *arguments)

    @torch.no_grad()
    def average(self, decay: float) -> None:
        """Move the averages toward the weights."""
        for mean, value in zip(self.means, _parts(self.model), strict=True):
            mean.lerp_(value.to_local(), 1 - decay)

    @torch.no_grad()
    def write_means(self, target: nn.Module) -> None:
        """Put the whole averages, and the buffers as they are, into an ordinary model of the same kind."""
        for mean, part, whole in zip(self.means, _parts(self.model), target.parameters(), strict=True):
            joined = DTensor.from_local(mean, part.device_mesh, part.placements, shape=part.shape, stride=part.stride())
            whole.copy_(joined.full_tensor())
        for buffer, whole in zip(self.model.buffers(), target.buffers(), strict=True):
            whole.copy_(buffer)

    @torch.no_grad()
    def read(self, weights: Mapping[str, Tensor], means: Mapping[str, Tensor]) -> None:
        """Take this process's share of the whole weights and averages."""
        own = dict(self.model.named_parameters())
        missing = set(own) ^ (set(weights) - {name for name, _ in self.model.named_buffers()})
        if missing or any(own[name].shape != weights[name].shape for name in own):
            raise RuntimeError(f"other tensors: {sorted(missing)[:3] or 'shapes differ'}")
        for (name, part), mean in zip(own.items(), self.means, strict=True):
            part.to_local().copy_(share_of(weights[name], part).to_local())
            mean.copy_(share_of(means[name], part).to_local())
        for name, buffer in self.model.named_buffers():
            if name in weights:
                buffer.copy_(weights[name])


def share_of(whole: Tensor, like: Tensor) -> DTensor:
    """A whole tensor, shared out as another one is."""
    assert isinstance(like, DTensor)
    return distribute_tensor(whole.to(like.to_local().device), like.device_mesh, like.placements)


def whole(value: Any) -> Any:
    """The same state with every shared tensor put together; all processes must ask, in the same order."""
    if isinstance(value, DTensor):
        return value.full_tensor()
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(whole(item) for item in value)
    return value


def share_out(optimizer: torch.optim.Optimizer) -> None:
    """Share out the states of an optimiser that has just read those of a whole model."""
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if isinstance(parameter, DTensor) and isinstance(value, Tensor) and value.shape == parameter.shape:
                if not isinstance(value, DTensor):
                    state[name] = share_of(value, parameter)


def _parts(model: nn.Module) -> list[DTensor]:
    parts = list(model.parameters())
    assert all(isinstance(p, DTensor) for p in parts)
    return parts  # type: ignore[return-value]
