"""Weather as loops of pictures: drops, flakes, leaves, fog, lightning, fireworks and stars, CYCLE frames each."""

from __future__ import annotations

import functools
import itertools
import math

import numpy as np
import torch
from torch import Tensor

from phenaki.world.atlas import fit, sprite_cell
from phenaki.world.gaits import turned
from phenaki.world.motion import CYCLE
from phenaki.world.scenes import LEAF
from phenaki.world.strips import UNITS, pixel_grid, rng_of, stamp
from phenaki.world.tints import tinted

FLASHES = (0.0, 0.75, 0.25, 0.0, 0.45, 0.0)  # how bright lightning makes the picture in a cycle


@functools.lru_cache(maxsize=32)
def drops(kind: str, size: int, device: str = "cpu") -> Tensor:
    """Opacity of the falling drops or flakes in each frame of the cycle, (CYCLE, H, W)."""
    rng = rng_of(kind, 0, "drops")
    y, x = pixel_grid(size)
    speed, tall, wide, count, strength = (8.0, 3.2, 0.6, 9, 0.6) if kind == "rain" else (4.0, 1.15, 1.15, 9, 0.9)
    repeat = 24.0  # units after which the drops repeat, a whole number of cycles
    frames = torch.zeros(CYCLE, size, size)
    for _ in range(count):
        px, py = rng.uniform(0, UNITS), rng.uniform(0, repeat)
        for clock in range(CYCLE):
            dy = (y - py - speed * clock + repeat / 2) % repeat - repeat / 2
            frames[clock] = torch.maximum(frames[clock], torch.exp(-(((x - px) / wide) ** 2 + (dy / tall) ** 2)))
    return (frames * strength).to(device)


@functools.lru_cache(maxsize=32)
def loop(kind: str, size: int, device: str = "cpu") -> Tensor:
    """Premultiplied pictures of a cycle, (CYCLE, 4, H, W); those of the sky are seen where nothing is before it."""
    draw = {"leaves": _leaves, "fog": _fog, "lightning": _bolts, "fireworks": _fireworks, "stars": _stars}[kind]
    return draw(size).clamp(0, 1).to(device)


def _leaves(size: int) -> Tensor:
    rng = rng_of("leaves", 0, "loop")
    frames = torch.zeros(CYCLE, 4, size, size)
    cell = sprite_cell("toy", LEAF)
    colours = ("red", "orange", "yellow", "orange")
    for i in range(5):
        px, py, swing = rng.uniform(0, 72), rng.uniform(0, 72), rng.uniform(0, 2 * math.pi)
        side = round(float(rng.choice([7.0, 8.5])) * size / UNITS)
        leaf = tinted(cell, colours[i % 4])
        for clock in range(CYCLE):
            t = clock / CYCLE
            art = fit(turned(leaf, 60 * math.sin(2 * math.pi * t + swing)), side)
            for copy in range(3):  # each takes the place of the next after a cycle
                x = (px - 24 * (t + copy) + 2.0 * math.sin(2 * math.pi * t + swing)) % 72 - 4
                y = (py + 24 * (t + copy)) % 72 - 4
                frames[clock] = stamp(frames[clock], art, x * size / UNITS, y * size / UNITS)
    return frames


def _fog(size: int) -> Tensor:
    y, x = pixel_grid(size)
    frames = []
    for clock in range(CYCLE):
        t = 2 * math.pi * clock / CYCLE
        banks = sum(
            torch.exp(-(((y - at + 1.5 * torch.sin(2 * math.pi * x / 64 * k + s * t + at)) / 6.5) ** 2))
            for at, k, s in ((22, 1, 1), (36, 2, -1), (50, 1, 1))
        )
        alpha = (0.42 * banks).clamp(0, 0.6)[None]
        frames.append(torch.cat([torch.tensor([0.93, 0.94, 0.96])[:, None, None] * alpha, alpha]))
    return torch.stack(frames)


def _bolts(size: int) -> Tensor:
    y, x = pixel_grid(size)
    frames = torch.zeros(CYCLE, 4, size, size)
    for clock, at in ((1, 14.0), (2, 14.0), (4, 48.0)):
        points = [(at, 0.0)]
        bolt = np.random.default_rng(int(at))
        while points[-1][1] < 40:
            points.append((points[-1][0] + float(bolt.uniform(-5.5, 5.5)), points[-1][1] + float(bolt.uniform(5, 8))))
        alpha = torch.zeros(size, size)
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            t = (((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)).clamp(0, 1)
            away = (x - ax - t * (bx - ax)) ** 2 + (y - ay - t * (by - ay)) ** 2
            alpha = torch.maximum(alpha, torch.exp(-away / 0.9) + 0.45 * torch.exp(-away / 9))
        alpha = alpha.clamp(0, 1)[None] * (0.5 if clock == 2 else 1.0)
        frames[clock] = torch.cat([torch.tensor([1.0, 0.98, 0.78])[:, None, None] * alpha, alpha])
    return frames


def _fireworks(size: int) -> Tensor:
    y, x = pixel_grid(size)
    frames = torch.zeros(CYCLE, 4, size, size)
    bursts = ((14, 14, 0, (1.0, 0.35, 0.35)), (34, 10, 2, (1.0, 0.9, 0.3)), (52, 15, 4, (0.45, 0.85, 1.0)),
              (24, 22, 3, (0.55, 1.0, 0.5)), (44, 23, 1, (1.0, 0.5, 0.95)))  # fmt: skip
    for px, py, first, colour in bursts:
        for age in range(4):
            radius, fade = 3.0 + 3.0 * age, 1.0 - 0.22 * age
            glow = torch.zeros(size, size)
            for ray in range(12):
                for inner in (1.0, 0.55):
                    angle = 2 * math.pi * (ray + 0.5 * (inner < 1)) / 12
                    sx, sy = (
                        px + inner * radius * math.cos(angle),
                        py + inner * radius * math.sin(angle) + 0.15 * age**2,
                    )
                    glow = torch.maximum(glow, torch.exp(-((x - sx) ** 2 + (y - sy) ** 2) / 0.75))
            if age == 0:
                glow = torch.maximum(glow, torch.exp(-((x - px) ** 2 + (y - py) ** 2) / 8))
            alpha = (glow * fade)[None]
            clock = (first + age) % CYCLE
            light = torch.tensor(colour)[:, None, None] * alpha
            frames[clock] = torch.cat(
                [torch.maximum(frames[clock, :3], light), torch.maximum(frames[clock, 3:], alpha)]
            )
    return frames


def _stars(size: int) -> Tensor:
    rng = rng_of("stars", 0, "loop")
    y, x = pixel_grid(size)
    frames = torch.zeros(CYCLE, 4, size, size)
    for i in range(26):
        px, py, big = rng.uniform(1, 63), rng.uniform(1, 38), rng.uniform(0.6, 1.15)
        dx, dy = (x - px).abs(), (y - py).abs()
        for clock in range(CYCLE):
            shine = 0.5 + 0.5 * math.cos(2 * math.pi * (clock + i * 2.5) / CYCLE)
            core = torch.exp(-(dx**2 + dy**2) / (0.55 * big))
            cross = torch.exp(-dx / 0.35 - dy / (1.6 * big)) + torch.exp(-dy / 0.35 - dx / (1.6 * big))
            alpha = ((0.35 + 0.65 * shine) * core + 0.9 * shine * cross).clamp(0, 1)[None]
            light = torch.tensor([1.0, 0.97, 0.82])[:, None, None] * alpha
            frames[clock] = torch.cat(
                [torch.maximum(frames[clock, :3], light), torch.maximum(frames[clock, 3:], alpha)]
            )
    return frames
