"""How a training does its work: where, in how many parts, and what it leaves out of memory."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from torch import nn
from torch.utils.checkpoint import checkpoint

from phenaki.cvivit.stems import ResBlock
from phenaki.errors import ConfigError, shown
from phenaki.maskgit.model import MaskGitLayer
from phenaki.nn.blocks import TransformerLayer

FORGETFUL = (MaskGitLayer, TransformerLayer, ResBlock)  # what is computed again with ``checkpointing``


@dataclass(frozen=True)
class Engine:
    """Settings of a stretch of training that are not about what is learned.

    Raises:
        ConfigError: one is out of range.
    """

    device: str = "auto"  # "cpu", "cuda", "cuda:1"... or "auto": a GPU if there is one
    accumulate: int = 1  # batches that make up a step, one after the other: a larger step in the same memory
    checkpointing: bool = False  # layers keep their inputs alone and are computed again: less memory, more time
    fsdp: bool = False  # the processes of torchrun share out weights, averages and optimisers
    stage_minutes: float | None = None  # pause after so many, without cooling down, to be resumed
    sheet_minutes: float = 10.0  # at most so often there is a picture of what the model makes; 0: never

    def __post_init__(self) -> None:
        if isinstance(self.accumulate, bool) or not isinstance(self.accumulate, int) or self.accumulate < 1:
            raise ConfigError(f"accumulate is {shown(self.accumulate)}; use a whole number of 1 or more.")
        for name, low in (("stage_minutes", 0.0), ("sheet_minutes", -1.0)):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, int | float) and low < value < math.inf):
                raise ConfigError(f"{name} is {shown(value)}; use a number above 0{' or 0' if low < 0 else ''}.")


def forget_activations(model: nn.Module) -> None:
    """Let the layers of a model keep only what goes into them, and work it out again for the backward pass.

    Gradients stay the same: no layer draws random numbers or changes a buffer.
    """
    for module in model.modules():
        if isinstance(module, FORGETFUL):
            again = functools.partial(checkpoint, module.forward, use_reentrant=False, preserve_rng_state=False)
            module.forward = again  # type: ignore[method-assign]
