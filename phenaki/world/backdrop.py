"""The three layers of a scene in version 2: the sky, what is far, and the ground with what stands on it.

Sky and light stay where they are, what is far passes at a quarter of the ground's speed. Every layer follows from the
scene's name, its layout and the art set.
"""

from __future__ import annotations

import colorsys
import functools
import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from phenaki.world.atlas import fit, sprite_cell
from phenaki.world.scenes import CLOUD, SCENE_OF, Colour, Scene, props_of
from phenaki.world.spec import CAMERA_STOPS
from phenaki.world.tints import tinted

UNITS = 64  # world units on a side of the picture
PERIOD = 8 * CAMERA_STOPS  # units after which the ground repeats
HORIZON = 41.0
WATERLINE = 55.0  # the surface of a stream
FAR_SPEED = 0.25  # of what is far, as a share of the ground's


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


def sky_layer(name: str, layout: int, art: str, size: int) -> Tensor:
    """Sky, stars and light, (3, H, W) in [0, 1]."""
    scene, rng = SCENE_OF[name], rng_of(name, layout, "sky 2")
    y, x = pixel_grid(size)
    top, low = (_column(_varied(c, rng, 0.015)) for c in scene.sky)
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
    draw = _SHAPES[scene.shape]
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
            veil = _column(behind)
            sprite = torch.cat([sprite[:3] * 0.55 + 0.45 * veil * sprite[3:], sprite[3:]])
        layer = _stamp_round(layer, sprite, px, py, size)
    return layer


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
    ground = _column(colour) * (1.10 - 0.30 * ((y - HORIZON) / (UNITS - HORIZON)).clamp(0, 1))
    alpha = (y - edge).clamp(0, 1)[None]  # (1, H, P)
    layer = torch.cat([ground.expand(3, -1, x.shape[1]) * alpha, alpha])
    layer = _FLOORS[scene.floor](layer, colour, rng, y, x)
    layer = _line_of_props(layer, scene, layout, art, rng, size)
    if stream and scene.water:
        layer = _pour(layer, scene.water, 48.6, 1.0, y, x)
    return layer


def front_layer(name: str, layout: int, art: str, size: int) -> Tensor:
    """The water of a stream in front of who swims in it, (4, H, P)."""
    y, x = pixel_grid(size, width=PERIOD)
    return _pour(
        torch.zeros(4, size, x.shape[1]), SCENE_OF[name].water or (0.24, 0.58, 0.86), WATERLINE - 1.5, 0.86, y, x
    )


def _pour(layer: Tensor, water: Colour, top: float, strength: float, y: Tensor, x: Tensor) -> Tensor:
    """Water from ``top`` down, with waves that repeat every eight units."""
    wave = 0.5 * torch.sin(2 * math.pi * x / 8)
    alpha = (y - top - wave).clamp(0, 1)[None] * strength
    colour = _column(water) * (1.12 - 0.30 * ((y - 48) / 16).clamp(0, 1)) + 0 * x
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


def _hills(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    layer = _mass(layer, behind, _waves(rng, x, HORIZON - 10, ((1, 3.0), (3, 2.0), (5, 1.0))), y)
    return _mass(layer, colour, _waves(rng, x, HORIZON - 4.5, ((2, 2.4), (3, 1.6), (7, 0.7))), y)


def _dunes(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    layer = _mass(layer, behind, _waves(rng, x, HORIZON - 8, ((2, 3.5), (3, 1.5))), y)
    return _mass(layer, colour, _waves(rng, x, HORIZON - 3, ((3, 2.6), (4, 1.0))), y)


def _peaks(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    for tone, count, high, shift in ((behind, 5, 24.0, 0.5), (colour, 4, 19.0, 0.0)):
        tops = (np.arange(count) + shift) * PERIOD / count + rng.uniform(-5, 5, count)
        heights = high + rng.uniform(-4, 4, count)
        slope = [height - 1.15 * _around(x, top).abs() for top, height in zip(tops, heights, strict=True)]
        above = torch.stack(slope).amax(0)  # (1, P) units above the horizon
        crest = HORIZON - above + 0.7 * torch.sin(2 * math.pi * 11 * x / PERIOD)
        layer = _mass(layer, tone, crest, y)
        snow_line = HORIZON - high + 6.5 + 1.3 * torch.sin(2 * math.pi * 14 * x / PERIOD)
        snow = ((snow_line - y).clamp(0, 1) * (y - crest).clamp(0, 1))[None]
        layer = torch.cat([layer[:3] * (1 - snow) + 0.97 * snow, layer[3:]])
    return layer


def _crags(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    for tone, base, high in ((behind, 7.0, 3.5), (colour, 3.0, 3.0)):
        bumps = torch.stack([
            float(rng.uniform(0.4, 1)) * high * (1 - (_around(x, float(rng.uniform(0, PERIOD))) / rng.uniform(5, 11)) ** 2).clamp(min=0)
            for _ in range(9)
        ])  # fmt: skip
        layer = _mass(layer, tone, HORIZON - base - bumps.amax(0), y)
    return layer


def _canopy(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    for tone, base, wide in ((behind, 15.0, 7.0), (colour, 8.0, 5.5)):
        count = 18
        heights = base + rng.uniform(-3, 3, count)
        domes = [h - 5.5 * (1 - (1 - (_around(x, (i + 0.5 * (base > 9)) * PERIOD / count) / wide) ** 2).clamp(min=0).sqrt()) -
                 20 * (_around(x, (i + 0.5 * (base > 9)) * PERIOD / count).abs() > wide) for i, h in enumerate(heights)]  # fmt: skip
        layer = _mass(layer, tone, HORIZON - torch.stack(domes).amax(0), y)
    return layer


def _skyline(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    night = sum(colour) < 1.0
    for tone, count, high in ((behind, 12, 21.0), (colour, 10, 14.0)):
        width = PERIOD / count
        for i in range(count):
            tall, at = high * float(rng.uniform(0.55, 1.0)), (i + 0.5) * width
            dx = _around(x, at)
            block = ((width * 0.46 - dx.abs()).clamp(0, 1) * (y - HORIZON + tall).clamp(0, 1))[None]
            shade = _column(tone) * float(rng.uniform(0.9, 1.08))
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
    tone = _column(colour) * (1.25 - 0.3 * ((y - top) / 9).clamp(0, 1)) + 0 * x
    for row in range(3):
        shine = torch.exp(-(((y - top - 1.8 - 2.6 * row) / 0.5) ** 2)) * (
            torch.sin(2 * math.pi * ((8 - row) * x / PERIOD + 0.3 * row)) > 0.2
        )
        tone = tone + 0.4 * shine * (1 - tone)
    return torch.cat([tone.clamp(0, 1) * alpha, alpha])


def _banks(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    for tone, base, count in ((behind, 10.0, 8), (colour, 5.0, 11)):
        bumps = [
            base * float(rng.uniform(0.5, 1.2)) * (1 - (_around(x, i * PERIOD / count) / 9.5) ** 2).clamp(min=0).sqrt()
            for i in range(count)
        ]
        layer = _mass(layer, tone, HORIZON - torch.stack(bumps).amax(0), y)
    return layer


def _wall(layer: Tensor, behind: Colour, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    stripes = 1.0 + 0.045 * torch.sign(torch.sin(2 * math.pi * x / 8))
    tone = (_column(colour) * stripes + 0 * y).clamp(0, 1)
    rail = ((y > HORIZON - 3.0) & (y < HORIZON + 1)).float()
    tone = tone * (1 - rail) + _column((0.99, 0.96, 0.90)) * rail
    return torch.cat([tone, torch.ones_like(tone[:1])])


_SHAPES: dict[str, Callable[..., Tensor]] = {
    "hills": _hills, "dunes": _dunes, "peaks": _peaks, "crags": _crags, "canopy": _canopy, "skyline": _skyline,
    "sea": _sea, "banks": _banks, "wall": _wall,
}  # fmt: skip


def _tufts(layer: Tensor, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """Lighter and darker tufts, by which one sees the camera move."""
    for i in range(16):
        px, py = i * PERIOD / 16 + float(rng.uniform(-3, 3)), float(rng.uniform(47, 62))
        dx = _around(x, px) / float(rng.uniform(3, 5))
        tuft = torch.exp(-((dx**2 + ((y - py) / 1.1) ** 2) ** 2)) * 0.8
        layer = _paint(layer, colour, 0.78 if i % 2 else 1.17, tuft)
    return layer


def _road(layer: Tensor, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """A pavement, a kerb and a road with dashes."""
    layer = _paint(layer, (0.78, 0.77, 0.75), 1.0, (46.5 - y).clamp(0, 1) + 0 * x)
    joints = (_around(x % 8, 4.0, 8.0).abs() < 0.5) & (y < 46)
    layer = _paint(layer, (0.62, 0.61, 0.60), 1.0, joints.float())
    layer = _paint(layer, (0.92, 0.91, 0.88), 1.0, ((y - 46).clamp(0, 1) * (47.6 - y).clamp(0, 1)) + 0 * x)
    dashes = ((x % 16 < 8) & (y > 60.0) & (y < 61.8)).float()
    return _paint(layer, (0.98, 0.94, 0.78), 1.0, dashes)


def _boards(layer: Tensor, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """Floorboards, and a rug every now and then."""
    seams = ((y - HORIZON) % 5.5 < 0.6) | (((x + 8 * ((y - HORIZON) / 5.5).floor()) % 16) < 0.6)
    layer = _paint(layer, colour, 0.80, seams.float() * (y > HORIZON))
    for i in range(2):
        at = float(i * PERIOD / 2 + rng.uniform(10, 54))
        for wide, tone in ((19, (0.80, 0.30, 0.34)), (16, (0.96, 0.86, 0.66)), (13, (0.28, 0.50, 0.68))):
            rug = (1 - ((_around(x, at) / wide) ** 2 + ((y - 56) / (wide * 0.30)) ** 2)).clamp(min=0)
            layer = _paint(layer, tone, 1.0, (rug * 12).clamp(0, 1))
    return layer


def _puffs(layer: Tensor, colour: Colour, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """Round shadows on a floor of cloud."""
    for i in range(14):
        px, py = i * PERIOD / 14 + float(rng.uniform(-3, 3)), float(rng.uniform(46, 61))
        r = torch.sqrt((_around(x, px) / 7) ** 2 + ((y - py) / 3.6) ** 2)
        layer = _paint(layer, (0.78, 0.85, 0.95), 1.0, torch.exp(-(((r - 1) / 0.22) ** 2)) * 0.75 * (y > py - 1))
    return layer


_FLOORS: dict[str, Callable[..., Tensor]] = {"tufts": _tufts, "road": _road, "boards": _boards, "puffs": _puffs}


def _mass(layer: Tensor, colour: Colour, crest: Tensor, y: Tensor) -> Tensor:
    """Everything below a crest in one colour, a little darker toward the ground."""
    alpha = (y - crest).clamp(0, 1)[None]
    tone = _column(colour) * (1.06 - 0.14 * ((y - HORIZON + 20) / 20).clamp(0, 1))
    return torch.cat([layer[:3] * (1 - alpha) + tone.clamp(0, 1) * alpha, layer[3:] * (1 - alpha) + alpha])


def _paint(layer: Tensor, colour: Colour, factor: float, share: Tensor) -> Tensor:
    """Colour where the ground is."""
    share = share.clamp(0, 1) * layer[3:]
    tone = (_column(colour) * factor).clamp(0, 1)
    return torch.cat([layer[:3] * (1 - share) + tone * share, layer[3:]])


def _waves(rng: np.random.Generator, x: Tensor, base: float, waves: tuple[tuple[int, float], ...]) -> Tensor:
    """A crest (1, P) that repeats with the period."""
    return base - sum(a * torch.sin(2 * math.pi * (k * x / PERIOD + rng.random())) for k, a in waves)


def _around(x: Tensor, at: float, period: float = PERIOD) -> Tensor:
    """The way from ``at`` to x on a strip that repeats."""
    return (x - at + period / 2) % period - period / 2


def _column(colour: Colour) -> Tensor:
    return torch.tensor(colour)[:, None, None]


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
