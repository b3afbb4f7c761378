"""The renderer: poses and scenes to pixels, batched, in plain torch, on any device.

The picture has five layers: sky and distant hills (still), things on the ground (they pass with the camera),
shadow, subject, weather. Everything follows from the specs; nothing is random.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.errors import ShapeError
from phenaki.world.atlas import load_sprites, sprite_index
from phenaki.world.motion import CYCLE, Poses, story_poses
from phenaki.world.spec import CAMERA_STOPS, StorySpec
from phenaki.world.vocabulary import SCENES, SUBJECTS, Scene

UNITS = 64  # world units on a side of the picture
PERIOD = 8 * CAMERA_STOPS  # units after which the ground repeats
HORIZON = 41.0
FINEST = 128  # pixels on a side of the atlas's sprites; a larger copy would only blur them
_SPRITE = {s.name: s.sprite for s in SUBJECTS}
_SCENE = {s.name: s for s in SCENES}


@dataclass
class Rendered:
    """A batch of rendered stories."""

    video: Tensor  # (b, 3, f, H, W) float in [-1, 1]
    subject_mask: Tensor  # (b, 1, f, H, W) float in [0, 1]: how much of a pixel the subject covers


def render(
    specs: Sequence[StorySpec], *, size: int = 64, start: Sequence[int] | None = None, num_frames: int | None = None,
    device: torch.device | str = "cpu",
) -> Rendered:  # fmt: skip
    """Render stories, or a window of each.

    Args:
        specs: the stories; the windows must have equal lengths.
        size: pixels on a side; a multiple of 64 is sharpest.
        start: first frame of each window (default: 0).
        num_frames: length of the windows (default: the whole story).
        device: where to render.

    Raises:
        ShapeError: the windows differ in length or reach past the end of a story.
    """
    start = [0] * len(specs) if start is None else list(start)
    lengths = {(num_frames or s.num_frames - a) for s, a in zip(specs, start, strict=True)}
    if len(lengths) != 1:
        raise ShapeError(f"The stories have {sorted(lengths)} frames; give them one length, or set num_frames.")
    (frames,) = lengths
    for spec, first in zip(specs, start, strict=True):
        if first < 0 or first + frames > spec.num_frames:
            raise ShapeError(
                f"Frames {first} to {first + frames} were asked of a story of {spec.num_frames}; stay within it."
            )
    poses = _stack([story_poses(s) for s in specs], start, frames, device)  # each (b, f)
    unit = size / UNITS
    picture = torch.stack([_backdrop(s.scene, s.layout, size).to(device) for s in specs])  # (b, 3, H, W)
    picture = picture[:, None].expand(-1, frames, -1, -1, -1)  # (b, f, 3, H, W)
    strips = torch.stack([_strip(s.scene, s.layout, size).to(device) for s in specs])  # (b, 4, H, P)
    picture = _over(picture, _scroll(strips, poses["camera"] * unit, size))
    picture = picture * (1 - 0.38 * _shadow(poses, size)[:, :, None])
    sprites = load_sprites(min(round(40 * unit), FINEST)).to(device)
    index = torch.tensor([sprite_index(_SPRITE[s.subject]) for s in specs], device=device)
    subject = _place(sprites[index], poses, size)  # (b, f, 4, H, W)
    picture = _over(picture, subject)
    for kind, veil in _VEILS.items():
        level = torch.tensor(
            np.stack([_weather_level(s, kind)[a : a + frames] for s, a in zip(specs, start, strict=True)])
        )
        if level.any():
            clock = torch.tensor([[(a + i) % CYCLE for i in range(frames)] for a in start], device=device)
            drops = _drops(kind, size).to(device)[clock][:, :, None]  # (b, f, 1, H, W)
            level = level.to(device)[:, :, None, None, None]
            shade, colour = (torch.tensor(c, device=device)[:, None, None] for c in (veil.shade, veil.colour))
            picture = picture * torch.lerp(torch.ones_like(shade), shade, level)
            picture = torch.lerp(picture, colour, level * (veil.haze + (1 - veil.haze) * drops))
    video = picture.permute(0, 2, 1, 3, 4).clamp(0, 1) * 2 - 1  # (b, 3, f, H, W)
    return Rendered(video.contiguous(), subject[:, :, 3:].permute(0, 2, 1, 3, 4).contiguous())


def _stack(poses: list[Poses], start: list[int], frames: int, device: torch.device | str) -> dict[str, Tensor]:
    """Windows of several stories' poses as tensors (b, f) by name."""
    return {
        f.name: torch.tensor(
            np.stack([getattr(p, f.name)[a : a + frames] for p, a in zip(poses, start, strict=True)]), device=device
        )
        for f in fields(Poses)
    }


def _over(below: Tensor, above: Tensor) -> Tensor:
    """Lay premultiplied RGBA (..., 4, H, W) over RGB (..., 3, H, W)."""
    return below * (1 - above[..., 3:, :, :]) + above[..., :3, :, :]


def _scroll(strips: Tensor, offset: Tensor, size: int) -> Tensor:
    """Cut the part of each strip (b, 4, H, P) that the camera sees: (b, f, 4, H, W); offset (b, f) in pixels."""
    columns = torch.arange(size, device=strips.device) + offset.round().long()[..., None]  # (b, f, W)
    columns = columns % strips.shape[-1]
    b, c, h, _ = strips.shape
    f = offset.shape[1]
    index = columns[:, :, None, None, :].expand(b, f, c, h, size)
    return strips[:, None].expand(b, f, c, h, -1).gather(-1, index)


def _place(sprites: Tensor, poses: dict[str, Tensor], size: int) -> Tensor:
    """Draw sprites (b, 4, s, s) with the poses (b, f): (b, f, 4, H, W) premultiplied."""
    b, f = poses["x"].shape
    cos, sin = torch.cos(poses["turn"]), torch.sin(poses["turn"])
    zoom_x = UNITS / poses["size"] * torch.where(poses["flip"], -1.0, 1.0)
    zoom_y = UNITS / (poses["size"] * poses["stretch"])
    tx, ty = poses["x"] / (UNITS / 2) - 1, poses["y"] / (UNITS / 2) - 1
    theta = torch.stack([cos * zoom_x, sin * zoom_x, -sin * zoom_y, cos * zoom_y], dim=-1).view(b, f, 2, 2)
    shift = -(theta @ torch.stack([tx, ty], dim=-1)[..., None])  # maps the picture to the sprite
    theta = torch.cat([theta, shift], dim=-1).flatten(0, 1)  # (b*f, 2, 3)
    grid = F.affine_grid(theta, [b * f, 4, size, size], align_corners=False)
    source = sprites[:, None].expand(-1, f, -1, -1, -1).flatten(0, 1)
    return F.grid_sample(source, grid, padding_mode="zeros", align_corners=False).unflatten(0, (b, f))


def _shadow(poses: dict[str, Tensor], size: int) -> Tensor:
    """Soft shadow under the subject, (b, f, H, W) in [0, 1]; it thins as the subject rises."""
    y, x = _pixel_grid(size, poses["x"].device)
    width = 0.36 * poses["size"]
    dx = (x - poses["x"][..., None, None]) / width[..., None, None]
    dy = (y - 56.5) / 2.2
    return torch.exp(-((dx**2 + dy**2) ** 1.5)) * (1 - poses["height"] / 50).clamp(min=0.3)[..., None, None]


def _pixel_grid(size: int, device: torch.device | str = "cpu", width: int = UNITS) -> tuple[Tensor, Tensor]:
    """Rows (H, 1) and columns (1, W) of pixel centres in world units."""
    y = (torch.arange(size, device=device) + 0.5) * UNITS / size
    x = (torch.arange(size * width // UNITS, device=device) + 0.5) * UNITS / size
    return y[:, None], x[None]


@functools.lru_cache(maxsize=256)
def _backdrop(name: str, layout: int, size: int) -> Tensor:
    """Sky, stars, light and distant hills of a scene, (3, H, W) in [0, 1]."""
    scene, rng = _SCENE[name], _rng(name, layout, "sky")
    y, x = _pixel_grid(size)
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


@functools.lru_cache(maxsize=256)
def _strip(name: str, layout: int, size: int) -> Tensor:
    """Ground and the things on it, one period wide: (4, H, P) premultiplied RGBA."""
    scene, rng = _SCENE[name], _rng(name, layout, "ground")
    y, x = _pixel_grid(size, width=PERIOD)
    edge = HORIZON - 1.6 * torch.sin(2 * math.pi * (2 * x / PERIOD + rng.random()))
    ground = torch.tensor(scene.ground)[:, None, None] * (1.10 - 0.30 * ((y - HORIZON) / (UNITS - HORIZON)).clamp(0, 1))
    alpha = _below(y, edge, size)[None]  # (1, H, P)
    strip = torch.cat([ground.expand(3, -1, x.shape[1]) * alpha, alpha])
    strip = _patches(strip, scene, rng, y, x)
    slots = np.arange(5) * PERIOD / 5 + PERIOD / 10
    for i, slot in enumerate(slots):
        prop = scene.props[(i + layout) % len(scene.props)]
        height = float(rng.choice([17.0, 21.0, 25.0]))
        px = float(slot + rng.uniform(-6, 6))
        for wrap in (-PERIOD, 0, PERIOD):
            strip = _stamp(strip, prop, px + wrap, HORIZON + 2.5 - height / 2, height, size)
    return strip


def _below(y: Tensor, line: Tensor, size: int) -> Tensor:
    """How much of a pixel lies under a line, both in world units: an edge one pixel soft, whatever the size."""
    return ((y - line - 0.5) * (size / UNITS) + 0.5).clamp(0, 1)


def _patches(strip: Tensor, scene: Scene, rng: np.random.Generator, y: Tensor, x: Tensor) -> Tensor:
    """Lighter and darker tufts on the ground, by which one sees the camera move."""
    for i in range(14):
        px, py = i * PERIOD / 14 + rng.uniform(-3, 3), rng.uniform(47, 62)
        dx = ((x - px + PERIOD / 2) % PERIOD - PERIOD / 2) / rng.uniform(3, 5)
        tuft = torch.exp(-((dx**2 + ((y - py) / 1.1) ** 2) ** 2)) * 0.8
        tone = torch.tensor(scene.ground)[:, None, None] * (0.78 if i % 2 else 1.17)
        colour = torch.cat([tone.clamp(0, 1), torch.ones(1, 1, 1)])
        strip = strip * (1 - tuft * strip[3:]) + colour * tuft * strip[3:]
    return strip


def _stamp(picture: Tensor, sprite: str, x: float, y: float, height: float, size: int) -> Tensor:
    """Lay one upright sprite on a picture (3 or 4, H, W); centre and height in world units.

    Its corner falls on a whole unit, so that it stands at the same place in pictures of every size.
    """
    unit = size / UNITS
    side = max(1, round(height * unit))
    art = load_sprites(side)[sprite_index(sprite)]
    left, top = round(round(x - height / 2) * unit), round(round(y - height / 2) * unit)
    h, w = picture.shape[-2:]
    a, b, c, d = max(0, top), min(h, top + side), max(0, left), min(w, left + side)
    if a >= b or c >= d:
        return picture
    art = art[:, a - top : b - top, c - left : d - left]
    picture = picture.clone()
    part = picture[:, a:b, c:d]
    picture[:, a:b, c:d] = part * (1 - art[3:]) + art[: part.shape[0]]
    return picture


@dataclass(frozen=True)
class _Veil:
    """What weather does to the whole picture, so that it shows in every token, and the colour of its drops."""

    shade: tuple[float, float, float]  # factor on every colour
    haze: float  # share of the drops' colour in the air
    colour: tuple[float, float, float]


_VEILS = {
    "rain": _Veil((0.66, 0.74, 0.86), 0.08, (0.80, 0.88, 1.0)),
    "snowfall": _Veil((1.0, 1.0, 1.0), 0.26, (1.0, 1.0, 1.0)),
}


def _weather_level(spec: StorySpec, kind: str) -> np.ndarray:
    """1.0 in the frames in which it rains (or snows), (f,)."""
    return np.concatenate([np.full(s.num_frames, float(s.weather == kind), dtype=np.float32) for s in spec.stages])


@functools.lru_cache(maxsize=8)
def _drops(kind: str, size: int) -> Tensor:
    """Opacity of the falling drops or flakes in each frame of the cycle, (CYCLE, H, W)."""
    rng = _rng(kind, 0, "drops")
    y, x = _pixel_grid(size)
    speed, tall, wide, count, strength = (8.0, 3.2, 0.6, 9, 0.6) if kind == "rain" else (4.0, 1.15, 1.15, 9, 0.9)
    repeat = 24.0  # units after which the drops repeat, a whole number of cycles
    frames = torch.zeros(CYCLE, size, size)
    for _ in range(count):
        px, py = rng.uniform(0, UNITS), rng.uniform(0, repeat)
        for clock in range(CYCLE):
            dy = (y - py - speed * clock + repeat / 2) % repeat - repeat / 2
            frames[clock] = torch.maximum(frames[clock], torch.exp(-(((x - px) / wide) ** 2 + (dy / tall) ** 2)))
    return frames * strength


def _rng(name: str, layout: int, part: str) -> np.random.Generator:
    """Random numbers that depend on the scene's name, its layout and the part of it alone."""
    return np.random.default_rng([*name.encode(), layout, *part.encode()])
