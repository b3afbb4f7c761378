"""Strips: what layers of a scene are painted with. Lengths are in world units, of which a picture has 64 on a side.

A strip (4, H, P) is premultiplied RGBA and repeats after ``PERIOD`` units.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from phenaki.world.scenes import Colour
from phenaki.world.spec import CAMERA_STOPS

UNITS = 64  # world units on a side of the picture
PERIOD = 8 * CAMERA_STOPS  # units after which the ground repeats
HORIZON = 41.0


def pixel_grid(size: int, device: torch.device | str = "cpu", width: int = UNITS) -> tuple[Tensor, Tensor]:
    """Rows (H, 1) and columns (1, W) of pixel centres in world units."""
    y = (torch.arange(size, device=device) + 0.5) * UNITS / size
    x = (torch.arange(size * width // UNITS, device=device) + 0.5) * UNITS / size
    return y[:, None], x[None]


def rng_of(name: str, layout: int, part: str) -> np.random.Generator:
    """Random numbers that depend on the scene's name, its layout and the part of it alone."""
    return np.random.default_rng([*name.encode(), layout, *part.encode()])


def stamp(picture: Tensor, art: Tensor, x: float, y: float) -> Tensor:
    """Lay an upright premultiplied sprite (4, s, s) on a picture (3 or 4, H, W); its centre in pixels."""
    side = art.shape[-1]
    left, top = round(x - side / 2), round(y - side / 2)
    h, w = picture.shape[-2:]
    a, b, c, d = max(0, top), min(h, top + side), max(0, left), min(w, left + side)
    if a >= b or c >= d:
        return picture
    art = art[:, a - top : b - top, c - left : d - left]
    picture = picture.clone()
    part = picture[:, a:b, c:d]
    picture[:, a:b, c:d] = part * (1 - art[3:]) + art[: part.shape[0]]
    return picture


def mass(layer: Tensor, colour: Colour, crest: Tensor, y: Tensor) -> Tensor:
    """Everything below a crest in one colour, a little darker toward the ground."""
    alpha = (y - crest).clamp(0, 1)[None]
    tone = column(colour) * (1.06 - 0.14 * ((y - HORIZON + 20) / 20).clamp(0, 1))
    return torch.cat([layer[:3] * (1 - alpha) + tone.clamp(0, 1) * alpha, layer[3:] * (1 - alpha) + alpha])


def paint(layer: Tensor, colour: Colour, factor: float, share: Tensor) -> Tensor:
    """Colour where the ground is."""
    share = share.clamp(0, 1) * layer[3:]
    tone = (column(colour) * factor).clamp(0, 1)
    return torch.cat([layer[:3] * (1 - share) + tone * share, layer[3:]])


def waves(rng: np.random.Generator, x: Tensor, base: float, waves: tuple[tuple[int, float], ...]) -> Tensor:
    """A crest (1, P) that repeats with the period."""
    return base - sum(a * torch.sin(2 * math.pi * (k * x / PERIOD + rng.random())) for k, a in waves)


def around(x: Tensor, at: float, period: float = PERIOD) -> Tensor:
    """The way from ``at`` to x on a strip that repeats."""
    return (x - at + period / 2) % period - period / 2


def column(colour: Colour) -> Tensor:
    return torch.tensor(colour)[:, None, None]
