"""The three layers of a scene in version 2: the sky, what is far, and the ground with what stands on it.

Sky and light stay where they are, what is far passes at a quarter of the ground's speed. Every layer follows from the
scene's name, its layout and the art set.
"""

from __future__ import annotations

import colorsys
import functools
import math

import numpy as np
import torch
from torch import Tensor

from phenaki.world.atlas import fit, sprite_cell
from phenaki.world.scenes import CLOUD, SCENE_OF, Colour, Scene, props_of
from phenaki.world.strips import HORIZON, PERIOD, UNITS, column, pixel_grid, rng_of, stamp
from phenaki.world.terrain import FLOORS, SHAPES
from phenaki.world.tints import tinted

WATERLINE = 55.0  # the surface of a stream
FAR_SPEED = 0.25  # of what is far, as a share of the ground's


def sky_layer(name: str, layout: int, art: str, size: int) -> Tensor:
    """Sky, stars and light, (3, H, W) in [0, 1]."""
    scene, rng = SCENE_OF[name], rng_of(name, layout, "sky 2")
    y, x = pixel_grid(size)
    top, low = (column(_varied(c, rng, 0.015)) for c in scene.sky)
    picture = (top + (low - top) * (y / HORIZON).clamp(0, 1) ** 1.2).expand(3, size, size).clone()
    if name == "underwater":
        for _ in range(3):  # rays of light
            at, slope = rng.uniform(4, 60), rng.uniform(0.15, 0.4)
            ray = torch.exp(-(((x - at + slope * y) / (2.5 + 0.08 * y)) ** 2)) * (1 - y / 60).clamp(0, 1)
            picture = picture + 0.22 * ray * (1 - picture)
    if scene.stars:
        for _ in range(24):
            px, py, r = rng.uniform(1, 63), rng.uniform(1, 34), rng.uniform(0.35, 0.75)
            glow = torch.exp(-(((x - px) / r) ** 2 + ((y - py) / r) ** 2))
            picture = picture + glow * (1 - picture) * 0.9
    where = float(rng.choice([11, 32, 53]))
    if scene.light == "2600":
        glow = torch.exp(-(((x - where) ** 2 + (y - 11) ** 2) / 190))
        picture = picture + 0.30 * glow * (torch.tensor([1.0, 0.93, 0.70])[:, None, None] - picture)
    if scene.light:
        picture = _stamp_units(picture, _sprite(art, scene.light, 13.0, size), where, 11.0, size)
    if scene.planet:
        picture = _stamp_units(picture, _sprite(art, scene.planet, 9.0, size), (where + 26) % 64, 19.0, size)
    if name in ("farm", "beach", "city", "meadow", "castle", "mountains", "autumn park"):
        for _ in range(2):
            side = float(rng.choice([10.0, 13.0]))
            cloud = _sprite(art, CLOUD, side, size) * 0.85
            picture = _stamp_units(picture, cloud, float(rng.uniform(4, 60)), float(rng.uniform(6, 20)), size)
    return picture.clamp(0, 1)


def far_layer(name: str, layout: int, art: str, size: int) -> Tensor:
    """What is far, one period wide: (4, H, P) premultiplied RGBA."""
    scene, rng = SCENE_OF[name], rng_of(name, layout, "far 2")
    y, x = pixel_grid(size, width=PERIOD)
    layer = torch.zeros(4, size, x.shape[1])
    if scene.far is None:
        return layer
    colour = _varied(scene.far, rng, 0.02)
    behind = tuple(0.55 * c + 0.45 * s for c, s in zip(colour, scene.sky[1], strict=True))  # paler, farther still
    draw = SHAPES[scene.shape]
    layer = draw(layer, (behind[0], behind[1], behind[2]), colour, rng, y, x)
    count = len(scene.far_props) and (5 if scene.shape != "wall" else 6)
    for i in range(count):
        prop = scene.far_props[(i + layout) % len(scene.far_props)]
        px = (i + 0.5) * PERIOD / count + float(rng.uniform(-6, 6))
        if scene.shape == "wall":
            side, py = float(rng.choice([12.0, 15.0])), float(rng.uniform(12, 20))
        elif scene.shape == "sea":
            if i % 2:
                continue
            side = 10.0
            py = HORIZON - 6.0
        else:
            side = float(rng.choice([9.0, 11.0, 13.0]))
            py = HORIZON - 1.5 - side / 2
        sprite = _sprite(art, prop, side, size)
        if scene.shape not in ("wall", "sea"):  # in the haze
            veil = column(behind)
            sprite = torch.cat([sprite[:3] * 0.55 + 0.45 * veil * sprite[3:], sprite[3:]])
        layer = _stamp_round(layer, sprite, px, py, size)
    return _valid(layer)


def near_layer(name: str, layout: int, art: str, stream: bool, size: int) -> Tensor:
    """The ground and the things on it, one period wide, perhaps with a stream: (4, H, P) premultiplied RGBA."""
    scene, rng = SCENE_OF[name], rng_of(name, layout, "near 2")
    y, x = pixel_grid(size, width=PERIOD)
    if scene.floor == "puffs":
        edge = HORIZON + 0.5 - 2.6 * torch.sin(2 * math.pi * (10 * x / PERIOD)).abs()
    elif scene.floor in ("road", "boards"):
        edge = torch.full_like(x, HORIZON)
    else:
        edge = HORIZON - 1.6 * torch.sin(2 * math.pi * (2 * x / PERIOD + rng.random()))
    colour = _varied(scene.ground, rng, 0.02)
    ground = column(colour) * (1.10 - 0.30 * ((y - HORIZON) / (UNITS - HORIZON)).clamp(0, 1))
    alpha = (y - edge).clamp(0, 1)[None]  # (1, H, P)
    layer = torch.cat([ground.expand(3, -1, x.shape[1]) * alpha, alpha])
    layer = FLOORS[scene.floor](layer, colour, rng, y, x)
    layer = _line_of_props(layer, scene, layout, art, rng, size)
    if stream and scene.water:
        layer = _pour(layer, scene.water, 48.6, 1.0, y, x)
    return _valid(layer)


def front_layer(name: str, layout: int, art: str, size: int) -> Tensor:
    """The water of a stream in front of who swims in it, (4, H, P)."""
    y, x = pixel_grid(size, width=PERIOD)
    return _pour(
        torch.zeros(4, size, x.shape[1]), SCENE_OF[name].water or (0.24, 0.58, 0.86), WATERLINE - 1.5, 0.86, y, x
    )


def _valid(layer: Tensor) -> Tensor:
    """No colour is brighter than white."""
    return torch.cat([torch.minimum(layer[:3], layer[3:]), layer[3:]])


def _pour(layer: Tensor, water: Colour, top: float, strength: float, y: Tensor, x: Tensor) -> Tensor:
    """Water from ``top`` down, with waves that repeat every eight units."""
    wave = 0.5 * torch.sin(2 * math.pi * x / 8)
    alpha = (y - top - wave).clamp(0, 1)[None] * strength
    colour = column(water) * (1.12 - 0.30 * ((y - 48) / 16).clamp(0, 1)) + 0 * x
    for row in range(4):
        crest = top + 1.2 + 3.6 * row
        shine = torch.exp(-(((y - crest - 0.6 * torch.sin(2 * math.pi * (x / 8 + 0.37 * row))) / 0.55) ** 2))
        shine = shine * (torch.sin(2 * math.pi * (x / 16 + 0.29 * row)) > -0.2)
        colour = colour + (0.45 if row == 0 else 0.22) * shine * (1 - colour)
    return torch.cat([layer[:3] * (1 - alpha) + colour * alpha, layer[3:] * (1 - alpha) + alpha])


def _line_of_props(layer: Tensor, scene: Scene, layout: int, art: str, rng: np.random.Generator, size: int) -> Tensor:
    props = props_of(scene)
    for i in range(6):
        prop = props[(i + layout) % len(props)]
        height = float(rng.choice([24.0, 28.0] if prop in scene.tall else [15.0, 18.0, 21.0]))
        px = (i + 0.5) * PERIOD / 6 + float(rng.uniform(-5, 5))
        sprite = _sprite(art, prop, height, size)
        if rng.random() < 0.5:
            sprite = sprite.flip(-1)
        layer = _stamp_round(layer, sprite, px, HORIZON + 2.5 - height / 2, size)
    return layer


def _varied(colour: Colour, rng: np.random.Generator, by: float) -> Colour:
    """A colour a little to the side in hue and value."""
    hue, saturation, value = colorsys.rgb_to_hsv(*colour)
    hue, value = (hue + rng.uniform(-by, by)) % 1.0, min(1.0, max(0.0, value * (1 + rng.uniform(-2 * by, 2 * by))))
    return colorsys.hsv_to_rgb(hue, saturation, value)


@functools.lru_cache(maxsize=512)
def _sprite(art: str, prop: str, units: float, size: int) -> Tensor:
    """A thing of a scene, (4, s, s); its name may say its colour."""
    name, _, colour = prop.partition(":")
    cell = sprite_cell(art, name)
    if colour:
        cell = tinted(cell, colour)
    return fit(cell, max(1, round(units * size / UNITS)))


def _stamp_units(picture: Tensor, sprite: Tensor, x: float, y: float, size: int) -> Tensor:
    return stamp(picture, sprite, x * size / UNITS, y * size / UNITS)


def _stamp_round(layer: Tensor, sprite: Tensor, x: float, y: float, size: int) -> Tensor:
    """Lay a sprite on a strip that repeats."""
    for wrap in (-PERIOD, 0, PERIOD):
        layer = _stamp_units(layer, sprite, x + wrap, y, size)
    return layer
