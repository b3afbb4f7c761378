"""Rotary positions: angles that turn queries and keys, so that attention sees distances in time."""

from __future__ import annotations

import torch
from torch import Tensor


def rotary_table(length: int, width: int, device: torch.device | str = "cpu") -> Tensor:
    """Cosines and sines for positions 0 to ``length`` - 1, (2, length, width / 2) float32.

    Source: RoFormer, arXiv 2104.09864.
    """
    rate = 100.0 ** (-torch.arange(0, width, 2, device=device, dtype=torch.float32) / width)
    angle = torch.arange(length, device=device, dtype=torch.float32)[:, None] * rate
    return torch.stack([angle.cos(), angle.sin()])


def rotate(x: Tensor, table: Tensor) -> Tensor:
    """Turn ``x`` (b, a, n, e) by the angles of ``table`` (2, n, e / 2)."""
    cos, sin = table.to(x.dtype)
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)
