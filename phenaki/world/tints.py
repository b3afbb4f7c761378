"""Recolouring: the main colour of a picture becomes another, its other colours stay."""

from __future__ import annotations

import torch
from torch import Tensor

from phenaki.world.attributes import COLOURS

NEAR = 46.0  # degrees of hue from the main one that belong to it


def tinted(cell: Tensor, colour: str) -> Tensor:
    """A premultiplied picture (4, s, s) in another colour."""
    tint, alpha = COLOURS[colour], cell[3:]
    hue, saturation, value = _to_hsv(cell[:3] / alpha.clamp(min=1e-4))
    weight = (alpha[0] * saturation * value) * (saturation > 0.2)
    if weight.sum() < 0.03 * alpha.sum():  # a grey picture, such as a ghost: all of it but its darkest parts
        share = ((value - 0.35) / 0.2).clamp(0, 1)
        saturation = torch.full_like(saturation, 0.55)
        value = 0.35 + 0.65 * value
    else:
        main = _mean_hue(hue, weight)
        away = ((hue - main + 180) % 360 - 180).abs()
        share = (1 - (away - NEAR) / 12).clamp(0, 1) * ((saturation - 0.12) / 0.15).clamp(0, 1)
        value = _spread(value, share * alpha[0])
    new_value = tint.low + (tint.high - tint.low) * value
    new = _to_rgb(torch.full_like(hue, tint.hue), (saturation * tint.saturation).clamp(0, 1), new_value.clamp(0, 1))
    old = cell[:3] / alpha.clamp(min=1e-4)
    return torch.cat([(old + share * (new - old)) * alpha, alpha])


def _spread(value: Tensor, weight: Tensor) -> Tensor:
    """Values of the main colour moved to cover 0 to 1, so that shadows stay shadows."""
    kept = value[weight > 0.5]
    if len(kept) < 8:
        return value
    low, high = torch.quantile(kept, torch.tensor([0.05, 0.95]))
    return 0.35 + 0.65 * ((value - low) / (high - low).clamp(min=0.25) + (0.25 - (high - low)).clamp(min=0) * 2).clamp(
        0, 1
    )


def _mean_hue(hue: Tensor, weight: Tensor) -> float:
    """The most frequent hue, in degrees."""
    bins = torch.zeros(36).index_add(0, (hue.flatten() / 10).long().clamp(0, 35), weight.flatten())
    smooth = bins + bins.roll(1) + bins.roll(-1)
    return float(smooth.argmax()) * 10 + 5


def _to_hsv(rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue in degrees, saturation and value of (3, ...)."""
    high, low = rgb.amax(0), rgb.amin(0)
    spread = (high - low).clamp(min=1e-6)
    red, green, blue = rgb
    hue = torch.where(
        high == red,
        (green - blue) / spread % 6,
        torch.where(high == green, (blue - red) / spread + 2, (red - green) / spread + 4),
    )
    return hue * 60, spread / high.clamp(min=1e-6), high


def _to_rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """The way back, (3, ...)."""
    parts = []
    for n in (5.0, 3.0, 1.0):
        k = (n + hue / 60) % 6
        parts.append(value - value * saturation * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(parts)
