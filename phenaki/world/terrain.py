"""What is far (hills, peaks, skylines...) and what is underfoot (tufts, a road, boards...), painted on strips.

Every function takes a strip and gives it back with more on it; ``behind`` is the paler colour of what is farther still.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from phenaki.world.scenes import Colour
from phenaki.world.strips import HORIZON, PERIOD, around, column, mass, paint, waves


def _hills(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    layer = mass(layer, behind, waves(rng, x, HORIZON - 10, ((1, 3.0), (3, 2.0), (5, 1.0))), y)
    return mass(layer, colour, waves(rng, x, HORIZON - 4.5, ((2, 2.4), (3, 1.6), (7, 0.7))), y)


def _dunes(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    layer = mass(layer, behind, waves(rng, x, HORIZON - 8, ((2, 3.5), (3, 1.5))), y)
    return mass(layer, colour, waves(rng, x, HORIZON - 3, ((3, 2.6), (4, 1.0))), y)


def _peaks(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    for tone, count, high, shift in ((behind, 5, 24.0, 0.5), (colour, 4, 19.0, 0.0)):
        tops = (np.arange(count) + shift) * PERIOD / count + rng.uniform(-5, 5, count)
        heights = high + rng.uniform(-4, 4, count)
        slope = [height - 1.15 * around(x, top).abs() for top, height in zip(tops, heights, strict=True)]
        above = torch.stack(slope).amax(0)  # (1, P) units above the horizon
        crest = HORIZON - above + 0.7 * torch.sin(2 * math.pi * 11 * x / PERIOD)
        layer = mass(layer, tone, crest, y)
        snow_line = HORIZON - high + 6.5 + 1.3 * torch.sin(2 * math.pi * 14 * x / PERIOD)
        snow = ((snow_line - y).clamp(0, 1) * (y - crest).clamp(0, 1))[None]
        layer = torch.cat([layer[:3] * (1 - snow) + 0.97 * snow, layer[3:]])
    return layer


def _crags(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    for tone, base, high in ((behind, 7.0, 3.5), (colour, 3.0, 3.0)):
        bumps = []
        for _ in range(9):
            tall, at, wide = float(rng.uniform(0.4, 1)) * high, float(rng.uniform(0, PERIOD)), float(rng.uniform(5, 11))
            bumps.append(tall * (1 - (around(x, at) / wide) ** 2).clamp(min=0))
        layer = mass(layer, tone, HORIZON - base - torch.stack(bumps).amax(0), y)
    return layer


def _canopy(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    for tone, base, wide in ((behind, 15.0, 7.0), (colour, 8.0, 5.5)):
        count = 18
        heights = base + rng.uniform(-3, 3, count)
        ways = [around(x, (i + 0.5 * (base > 9)) * PERIOD / count) for i in range(count)]
        round_tops = [5.5 * (1 - (way / wide) ** 2).clamp(min=0).sqrt() - 5.5 - 20 * (way.abs() > wide) for way in ways]
        domes = [height + top for height, top in zip(heights, round_tops, strict=True)]
        layer = mass(layer, tone, HORIZON - torch.stack(domes).amax(0), y)
    return layer


def _skyline(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    night = sum(colour) < 1.0
    for tone, count, high in ((behind, 12, 21.0), (colour, 10, 14.0)):
        width = PERIOD / count
        for i in range(count):
            tall, at = high * float(rng.uniform(0.55, 1.0)), (i + 0.5) * width
            dx = around(x, at)
            block = ((width * 0.46 - dx.abs()).clamp(0, 1) * (y - HORIZON + tall).clamp(0, 1))[None]
            shade = column(tone) * float(rng.uniform(0.9, 1.08))
            panes = (((dx + 40) % 2.6 > 1.4) & ((y - HORIZON + tall) % 3.2 > 1.8) & (y > HORIZON - tall + 1)).float()
            lit = panes * (
                torch.from_numpy(rng.random((16, 12)) < 0.5)[
                    ((y - HORIZON + tall) / 3.2).long().clamp(0, 15), ((dx + 20) / 2.6).long().clamp(0, 11)
                ].float()
                if night
                else 0.8
            )
            glow = torch.tensor([1.0, 0.85, 0.45] if night else [0.80, 0.90, 0.98])[:, None, None]
            shade = shade + (0.8 if night else 0.45) * lit * (glow - shade)
            layer = torch.cat([layer[:3] * (1 - block) + shade * block, layer[3:] * (1 - block) + block])
    return layer


def _sea(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    top = HORIZON - 9.0
    alpha = (y - top).clamp(0, 1)[None] + 0 * x
    tone = column(colour) * (1.25 - 0.3 * ((y - top) / 9).clamp(0, 1)) + 0 * x
    for row in range(3):
        shine = torch.exp(-(((y - top - 1.8 - 2.6 * row) / 0.5) ** 2)) * (
            torch.sin(2 * math.pi * ((8 - row) * x / PERIOD + 0.3 * row)) > 0.2
        )
        tone = tone + 0.4 * shine * (1 - tone)
    return torch.cat([tone.clamp(0, 1) * alpha, alpha])


def _banks(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    for tone, base, count in ((behind, 10.0, 8), (colour, 5.0, 11)):
        bumps = [
            base * float(rng.uniform(0.5, 1.2)) * (1 - (around(x, i * PERIOD / count) / 9.5) ** 2).clamp(min=0).sqrt()
            for i in range(count)
        ]
        layer = mass(layer, tone, HORIZON - torch.stack(bumps).amax(0), y)
    return layer


def _wall(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    stripes = 1.0 + 0.045 * torch.sign(torch.sin(2 * math.pi * x / 8))
    tone = (column(colour) * stripes + 0 * y).clamp(0, 1)
    rail = ((y > HORIZON - 3.0) & (y < HORIZON + 1)).float()
    tone = tone * (1 - rail) + column((0.99, 0.96, 0.90)) * rail
    return torch.cat([tone, torch.ones_like(tone[:1])])


SHAPES: dict[str, Callable[..., Tensor]] = {
    "hills": _hills, "dunes": _dunes, "peaks": _peaks, "crags": _crags, "canopy": _canopy, "skyline": _skyline,
    "sea": _sea, "banks": _banks, "wall": _wall,
}  # fmt: skip


def _tufts(layer: Tensor, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """Lighter and darker tufts, by which one sees the camera move."""
    for i in range(16):
        px, py = i * PERIOD / 16 + float(rng.uniform(-3, 3)), float(rng.uniform(47, 62))
        dx = around(x, px) / float(rng.uniform(3, 5))
        tuft = torch.exp(-((dx**2 + ((y - py) / 1.1) ** 2) ** 2)) * 0.8
        layer = paint(layer, colour, 0.78 if i % 2 else 1.17, tuft)
    return layer


def _road(layer: Tensor, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """A pavement, a kerb and a road with dashes."""
    layer = paint(layer, (0.78, 0.77, 0.75), 1.0, (46.5 - y).clamp(0, 1) + 0 * x)
    joints = (around(x % 8, 4.0, 8.0).abs() < 0.5) & (y < 46)
    layer = paint(layer, (0.62, 0.61, 0.60), 1.0, joints.float())
    layer = paint(layer, (0.92, 0.91, 0.88), 1.0, ((y - 46).clamp(0, 1) * (47.6 - y).clamp(0, 1)) + 0 * x)
    dashes = ((x % 16 < 8) & (y > 60.0) & (y < 61.8)).float()
    return paint(layer, (0.98, 0.94, 0.78), 1.0, dashes)


def _boards(layer: Tensor, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """Floorboards, and a rug every now and then."""
    seams = ((y - HORIZON) % 5.5 < 0.6) | (((x + 8 * ((y - HORIZON) / 5.5).floor()) % 16) < 0.6)
    layer = paint(layer, colour, 0.80, seams.float() * (y > HORIZON))
    for i in range(2):
        at = float(i * PERIOD / 2 + rng.uniform(10, 54))
        for wide, tone in ((19, (0.80, 0.30, 0.34)), (16, (0.96, 0.86, 0.66)), (13, (0.28, 0.50, 0.68))):
            rug = (1 - ((around(x, at) / wide) ** 2 + ((y - 56) / (wide * 0.30)) ** 2)).clamp(min=0)
            layer = paint(layer, tone, 1.0, (rug * 12).clamp(0, 1))
    return layer


def _puffs(layer: Tensor, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """Round shadows on a floor of cloud."""
    for i in range(14):
        px, py = i * PERIOD / 14 + float(rng.uniform(-3, 3)), float(rng.uniform(46, 61))
        r = torch.sqrt((around(x, px) / 7) ** 2 + ((y - py) / 3.6) ** 2)
        layer = paint(layer, (0.78, 0.85, 0.95), 1.0, torch.exp(-(((r - 1) / 0.22) ** 2)) * 0.75 * (y > py - 1))
    return layer


FLOORS: dict[str, Callable[..., Tensor]] = {"tufts": _tufts, "road": _road, "boards": _boards, "puffs": _puffs}
