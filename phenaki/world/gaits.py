"""Gaits: how a picture bends in the six frames of a cycle, so that legs step, wings beat and tails swing.

Each gait moves the picture's points by an offset that depends on where they are, u to the right and v down, 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.world.motion import CYCLE

Offsets = tuple[Tensor | float, Tensor | float]


def _ease(x: Tensor) -> Tensor:
    x = x.clamp(0, 1)
    return x * x * (3 - 2 * x)


def _legs(u: Tensor, v: Tensor, angle: float) -> Offsets:
    """Feet swing, those beside each other apart; the upper half stays."""
    low = _ease((v - 0.6) / 0.4)
    wave = angle + 2 * math.pi * 1.7 * u
    return 0.06 * low * torch.sin(wave), -0.035 * low * torch.cos(wave).clamp(min=0)


def _crawl(u: Tensor, v: Tensor, angle: float) -> Offsets:
    """Longer and shorter, with the feet on the ground."""
    s = math.sin(angle)
    return 0.09 * s * (u - 0.5), 0.08 * s * (1 - v)


def _squash(u: Tensor, v: Tensor, angle: float) -> Offsets:
    s = math.cos(2 * angle)
    return 0.10 * s * (u - 0.5), 0.12 * s * (1 - v)


def _wave(u: Tensor, v: Tensor, angle: float) -> Offsets:
    return 0.0, 0.05 * torch.sin(angle + 2 * math.pi * 1.4 * u)


def _engine(u: Tensor, v: Tensor, angle: float) -> Offsets:
    """All but the wheels trembles."""
    return 0.0, 0.016 * math.cos(3 * angle) * (1 - _ease((v - 0.55) / 0.25))


def _tail(u: Tensor, v: Tensor, angle: float) -> Offsets:
    """The head is on the left; what is behind it swings."""
    back = ((u - 0.3) / 0.7).clamp(min=0) ** 1.4
    return -0.10 * back * math.sin(angle), 0.06 * back * math.sin(angle + 1.0)


def _pulse(u: Tensor, v: Tensor, angle: float) -> Offsets:
    s = math.sin(angle)
    return 0.10 * s * (u - 0.5), -0.10 * s * (v - 0.5)


def _hem(u: Tensor, v: Tensor, angle: float) -> Offsets:
    """What hangs down waves."""
    low = _ease((v - 0.45) / 0.55)
    return 0.07 * low * torch.sin(angle + 2 * math.pi * 1.1 * v), 0.03 * low * torch.sin(angle + 9 * u)


def _flap(u: Tensor, v: Tensor, angle: float) -> Offsets:
    """What is above the middle beats."""
    return 0.0, 0.34 * math.sin(angle) * (0.5 - v).clamp(min=0) - 0.12 * math.sin(angle) * (v - 0.5).clamp(min=0)


def _squeeze(u: Tensor, v: Tensor, angle: float) -> Offsets:
    """Two wings seen from before open and close."""
    return -0.5 * (0.5 - 0.5 * math.cos(angle)) * (u - 0.5), 0.0


def _scuttle(u: Tensor, v: Tensor, angle: float) -> Offsets:
    """Legs on both sides row."""
    side = (2 * u - 1).abs() ** 1.5 * torch.sign(u - 0.5)
    return 0.012 * math.sin(angle), 0.05 * side * math.sin(angle) + 0.02 * side.abs() * torch.sin(angle + 12 * v)


GAITS: dict[str, Callable[[Tensor, Tensor, float], Offsets]] = {
    "legs": _legs, "crawl": _crawl, "squash": _squash, "wave": _wave, "engine": _engine, "tail": _tail,
    "pulse": _pulse, "hem": _hem, "flap": _flap, "squeeze": _squeeze, "scuttle": _scuttle,
}  # fmt: skip


ROOM = ("tail", "flap", "hem", "wave", "pulse")  # these reach beyond the picture's edge


def _smaller(cell: Tensor, factor: float) -> Tensor:
    """The picture about its middle, with room around it."""
    theta = torch.tensor([[[1 / factor, 0.0, 0.0], [0.0, 1 / factor, 0.0]]])
    grid = F.affine_grid(theta, [1, *cell.shape], align_corners=False)
    return F.grid_sample(cell[None], grid, padding_mode="zeros", align_corners=False)[0]


def gait_frames(cell: Tensor, gait: str | None) -> Tensor:
    """The picture (4, s, s) at rest and in the frames of a cycle, (1 + CYCLE, 4, s, s)."""
    if gait is None:
        return cell.expand(1 + CYCLE, -1, -1, -1)
    if gait in ROOM:
        cell = _smaller(cell, 0.86)
    v, u = torch.meshgrid(*[(torch.arange(s) + 0.5) / s for s in cell.shape[-2:]], indexing="ij")
    frames = [cell]
    for phase in range(CYCLE):
        dx, dy = GAITS[gait](u, v, 2 * math.pi * phase / CYCLE)
        grid = torch.stack([2 * (u - dx) - 1, 2 * (v - dy) - 1], dim=-1)
        frames.append(F.grid_sample(cell[None], grid[None], padding_mode="zeros", align_corners=False)[0])
    return torch.stack(frames)


def turned(cell: Tensor, degrees: float) -> Tensor:
    """The picture (4, s, s) turned clockwise."""
    if not degrees:
        return cell
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    theta = torch.tensor([[[cos, sin, 0.0], [-sin, cos, 0.0]]])
    grid = F.affine_grid(theta, [1, *cell.shape], align_corners=False)
    return F.grid_sample(cell[None], grid, padding_mode="zeros", align_corners=False)[0]


def standing(cell: Tensor, *, centre: bool = False) -> Tensor:
    """The picture (4, s, s) moved to the middle, with its lowest point on the lower edge (or in the middle too)."""
    size = cell.shape[-1]
    rows, columns = ((cell[3] > 0.3).any(dim).nonzero()[:, 0] for dim in (1, 0))
    down = size - 1 - int(rows.max())
    if centre:
        down = (size - 1 - int(rows.max()) - int(rows.min())) // 2
    right = (size - 1 - int(columns.max()) - int(columns.min())) // 2
    return torch.roll(cell, (down, right), (1, 2))
