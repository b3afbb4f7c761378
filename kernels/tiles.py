"""The size of the piece of work that one program of a kernel does."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kernels.dispatch import INTERPRETED, capability


@dataclass(frozen=True)
class Tile:
    """Rows by columns of scores at once, and how many warps and pipeline stages share the work."""

    rows: int
    columns: int
    warps: int
    stages: int


def architecture(device: torch.device) -> int:
    """The key of the tile tables: 90 for sm_90, 942 for gfx942; the interpreter takes the tiles of the oldest."""
    if INTERPRETED:
        return 80
    if torch.version.hip is not None:
        return 942
    return capability(device.index if device.index is not None else torch.cuda.current_device())
