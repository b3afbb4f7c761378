"""Filters: styles that are drawn over a finished picture, (n, 3, H, W) in [0, 1] -> same."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

PIXELS = 32  # big pixels on a side of pixel art
PALETTE = 6  # levels of each colour there


def _grey(picture: Tensor) -> Tensor:
    """The brightness of each pixel, (n, 1, H, W)."""
    weights = torch.tensor([0.299, 0.587, 0.114], device=picture.device)[:, None, None]
    return (picture * weights).sum(1, keepdim=True)


def _contrast(grey: Tensor, factor: float) -> Tensor:
    return ((grey - 0.5) * factor + 0.5).clamp(0, 1)


def _black_and_white(picture: Tensor) -> Tensor:
    return _contrast(_grey(picture), 1.12).expand(-1, 3, -1, -1)


def _pixels(picture: Tensor) -> Tensor:
    """Large squares in few strong colours."""
    size = picture.shape[-1]
    small = F.interpolate(picture, size=(PIXELS, PIXELS), mode="area")
    middle = small.mean(1, keepdim=True)
    small = (middle + (small - middle) * 1.15).clamp(0, 1)
    small = (small * (PALETTE - 1)).round() / (PALETTE - 1)
    return F.interpolate(small, size=(size, size), mode="nearest")


def _edges(picture: Tensor) -> Tensor:
    """How much colours change at each place, (n, 3, H, W); about 1 at the clearest edge of each picture."""
    step = max(1, picture.shape[-1] // 64)
    padded = F.pad(picture, (step, step, step, step), mode="replicate")
    across = padded[..., step:-step, 2 * step :] - padded[..., step:-step, : -2 * step]
    down = padded[..., 2 * step :, step:-step] - padded[..., : -2 * step, step:-step]
    edges = (across.square() + down.square() + 1e-8).sqrt()
    return edges / edges.amax((1, 2, 3), keepdim=True).clamp(min=0.3)


def _pencil(picture: Tensor) -> Tensor:
    """Grey lines on paper, and a little shading."""
    lines = (_edges(picture).amax(1, keepdim=True) * 2.2 - 0.12).clamp(0, 1)
    shading = 0.80 + 0.20 * _grey(picture)
    ink = shading * (1 - 0.88 * lines)
    return ink * torch.tensor([0.99, 0.975, 0.93], device=picture.device)[:, None, None]


def _neon(picture: Tensor) -> Tensor:
    """Glowing lines in the dark, in the colours that meet there."""
    step = max(1, picture.shape[-1] // 64)
    lines = (_edges(picture).amax(1, keepdim=True) * 2.4 - 0.14).clamp(0, 1)
    hue = picture - picture.mean(1, keepdim=True)
    glow = (0.62 + 1.3 * hue / hue.abs().amax(1, keepdim=True).clamp(min=0.25)).clamp(0, 1)
    halo = F.avg_pool2d(lines, 4 * step + 1, stride=1, padding=2 * step)
    night = torch.tensor([0.03, 0.02, 0.09], device=picture.device)[:, None, None]
    return (night + 0.10 * picture + glow * (lines + 0.55 * halo)).clamp(0, 1)


FILTERS: dict[str, Callable[[Tensor], Tensor]] = {
    "pixels": _pixels, "grey": _black_and_white, "pencil": _pencil, "neon": _neon,
}  # fmt: skip
