"""The pictures of version 1: a still sky, a ground that passes, shadow, subject, weather. They stay as they are."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from phenaki.world.atlas import load_sprites, sprite_index
from phenaki.world.batch import Batch
from phenaki.world.drawing import over, place, scroll, shadow
from phenaki.world.overlays import drops
from phenaki.world.scenes import SCENE_OF, Scene
from phenaki.world.strips import HORIZON, PERIOD, UNITS, pixel_grid, rng_of, stamp
from phenaki.world.weathers import VEILS


def compose_core(batch: Batch, size: int) -> tuple[Tensor, Tensor]:
    """The frames (b, f, 3, H, W) in [0, 1] and the subject's mask (b, f, 1, H, W)."""
    unit, poses = size / UNITS, batch.poses
    picture = batch.sky[:, None].expand(-1, batch.frames, -1, -1, -1)  # (b, f, 3, H, W)
    picture = over(picture, scroll(batch.near, poses["camera"] * unit, size))
    picture = picture * (1 - 0.38 * shadow(poses, size)[:, :, None])
    subject = place(batch.sprites, poses, size)  # (b, f, 4, H, W)
    picture = over(picture, subject)
    return veiled(picture, batch, size), subject[:, :, 3:]


def veiled(picture: Tensor, batch: Batch, size: int) -> Tensor:
    """Rain and snow over the frames (b, f, 3, H, W)."""
    for kind in ("rain", "snowfall"):
        if batch.has(kind):
            veil, device = VEILS[kind], picture.device
            fall = drops(kind, size, str(device))[batch.clock][:, :, None]  # (b, f, 1, H, W)
            level = batch.levels[kind][:, :, None, None, None]
            shade, colour = (torch.tensor(c, device=device)[:, None, None] for c in (veil.shade, veil.colour))
            picture = picture * torch.lerp(torch.ones_like(shade), shade, level)
            picture = torch.lerp(picture, colour, level * (veil.haze + (1 - veil.haze) * fall))
    return picture


def backdrop(name: str, layout: int, size: int) -> Tensor:
    """Sky, stars, light and distant hills of a scene, (3, H, W) in [0, 1]."""
    scene, rng = SCENE_OF[name], rng_of(name, layout, "sky")
    y, x = pixel_grid(size)
    top, low = (torch.tensor(c)[:, None, None] for c in scene.sky)
    picture = (top + (low - top) * (y / HORIZON).clamp(0, 1)).expand(3, size, size).clone()
    if scene.stars:
        for _ in range(22):
            px, py, r = rng.uniform(1, 63), rng.uniform(1, 34), rng.uniform(0.35, 0.75)
            glow = torch.exp(-(((x - px) / r) ** 2 + ((y - py) / r) ** 2))
            picture = picture + glow * (1 - picture) * 0.9
    if scene.light:
        picture = _stamp(picture, scene.light, rng.choice([12, 32, 52]), 11.0, 13.0, size)
    if scene.far:
        crest = (
            HORIZON
            - 5
            - sum(
                a * torch.sin(2 * math.pi * (k * x / UNITS + rng.random())) for k, a in ((1, 2.5), (2, 1.5), (3, 0.8))
            )
        )
        hill = _below(y, crest, size)
        shade = torch.tensor(scene.far)[:, None, None] * (1.05 - 0.15 * (y / UNITS))
        picture = picture * (1 - hill) + shade * hill
    return picture.clamp(0, 1)


def strip(name: str, layout: int, size: int) -> Tensor:
    """Ground and the things on it, one period wide: (4, H, P) premultiplied RGBA."""
    scene, rng = SCENE_OF[name], rng_of(name, layout, "ground")
    y, x = pixel_grid(size, width=PERIOD)
    edge = HORIZON - 1.6 * torch.sin(2 * math.pi * (2 * x / PERIOD + rng.random()))
    ground = torch.tensor(scene.ground)[:, None, None] * (1.10 - 0.30 * ((y - HORIZON) / (UNITS - HORIZON)).clamp(0, 1))
    alpha = _below(y, edge, size)[None]  # (1, H, P)
    picture = torch.cat([ground.expand(3, -1, x.shape[1]) * alpha, alpha])
    picture = _patches(picture, scene, rng, y, x)
    slots = np.arange(5) * PERIOD / 5 + PERIOD / 10
    for i, slot in enumerate(slots):
        prop = scene.props[(i + layout) % len(scene.props)]
        height = float(rng.choice([17.0, 21.0, 25.0]))
        px = float(slot + rng.uniform(-6, 6))
        for wrap in (-PERIOD, 0, PERIOD):
            picture = _stamp(picture, prop, px + wrap, HORIZON + 2.5 - height / 2, height, size)
    return picture


def _patches(picture: Tensor, scene: Scene, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """Lighter and darker tufts on the ground, by which one sees the camera move."""
    for i in range(14):
        px, py = i * PERIOD / 14 + rng.uniform(-3, 3), rng.uniform(47, 62)
        dx = ((x - px + PERIOD / 2) % PERIOD - PERIOD / 2) / rng.uniform(3, 5)
        tuft = torch.exp(-((dx**2 + ((y - py) / 1.1) ** 2) ** 2)) * 0.8
        tone = torch.tensor(scene.ground)[:, None, None] * (0.78 if i % 2 else 1.17)
        colour = torch.cat([tone.clamp(0, 1), torch.ones(1, 1, 1)])
        picture = picture * (1 - tuft * picture[3:]) + colour * tuft * picture[3:]
    return picture


def _below(y: Tensor, line: Tensor, size: int) -> Tensor:
    """How much of a pixel lies under a line, both in world units: an edge one pixel soft, whatever the size."""
    return ((y - line - 0.5) * (size / UNITS) + 0.5).clamp(0, 1)


def _stamp(picture: Tensor, sprite: str, x: float, y: float, height: float, size: int) -> Tensor:
    """Lay one upright sprite on a picture; centre and height in world units.

    Its corner falls on a whole unit, so that it stands at the same place in pictures of every size.
    """
    unit = size / UNITS
    side = max(1, round(height * unit))
    left, top = (round(round(at - height / 2) * unit) for at in (x, y))
    return stamp(picture, load_sprites(side)[sprite_index(sprite)], left + side / 2, top + side / 2)
