"""How many clips a second the world makes: python -m phenaki.world.bench --part full --device cuda"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from phenaki.shapes import ClipShape
from phenaki.world.batch import prepare
from phenaki.world.parts import PARTS, WorldPart, find_part
from phenaki.world.render import render
from phenaki.world.windows import Window, sample_continuation, sample_opening


@dataclass(frozen=True)
class Speed:
    """Clips a second, for each step alone and for all of them."""

    sample: float  # windows with captions
    prepare: float  # their poses, and the rows of the banks
    render: float  # pixels, from specs
    all: float


def measure(
    part: WorldPart, *, size: int = 64, batch: int = 64, seconds: float = 5.0, device: str = "cpu", seed: int = 0
) -> Speed:
    """Time windows as a training draws them, half openings and half continuations, after a warm-up."""
    rng, shape = np.random.default_rng(seed), ClipShape()

    def draw() -> list[Window]:
        openings = [sample_opening(rng, shape, part=part) for _ in range(batch // 2)]
        return openings + [sample_continuation(rng, shape, part=part) for _ in range(batch - batch // 2)]

    ready = [draw() for _ in range(4)]

    def make(windows: list[Window]) -> None:
        render([w.spec for w in windows], size=size, start=[w.start for w in windows],
               num_frames=shape.clip_frames, device=device)  # fmt: skip

    def look_up(windows: list[Window]) -> None:
        prepare([w.spec for w in windows], [w.start for w in windows], shape.clip_frames, size, torch.device(device))

    for windows in ready:
        make(windows)
    return Speed(
        _rate(lambda i: draw(), batch, seconds / 4, device),
        _rate(lambda i: look_up(ready[i % 4]), batch, seconds / 4, device),
        _rate(lambda i: make(ready[i % 4]), batch, seconds, device),
        _rate(lambda i: make(draw()), batch, seconds, device),
    )


def _rate(step: Callable[[int], object], batch: int, seconds: float, device: str) -> float:
    start, steps = time.perf_counter(), 0
    while steps == 0 or time.perf_counter() - start < seconds:
        step(steps)
        steps += 1
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return steps * batch / (time.perf_counter() - start)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure how many clips a second the world makes.")
    parser.add_argument("--part", default=None, choices=list(PARTS), help="default: each of them")
    parser.add_argument("--size", type=int, default=64, help="pixels on a side")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=None, help="of torch on a CPU")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    where = torch.cuda.get_device_name() if options.device.startswith("cuda") else f"{torch.get_num_threads()} threads"
    load = f", load {os.getloadavg()[0]:.1f}"
    clip = f"{options.size}x{options.size}x{ClipShape().clip_frames}"
    print(f"{where}{load}, {clip}, batches of {options.batch}; clips a second:")
    for name in [options.part] if options.part else PARTS:
        speed = measure(
            find_part(name), size=options.size, batch=options.batch, seconds=options.seconds, device=options.device
        )
        print(
            f"{name:8} all {speed.all:7.0f}   render {speed.render:7.0f}   of it prepare {speed.prepare:7.0f}   "
            f"sample {speed.sample:7.0f}"
        )


if __name__ == "__main__":
    main()
