"""Weather loops without a seam and moves; filters keep shapes and show what they are called."""

from __future__ import annotations

import pytest
import torch

from phenaki.world.filters import FILTERS
from phenaki.world.motion import CYCLE
from phenaki.world.overlays import drops, loop


@pytest.mark.parametrize("kind", ["rain", "snowfall"])
def test_drops_fall(kind: str) -> None:
    frames = drops(kind, 32)
    assert frames.shape == (CYCLE, 32, 32) and 0 <= frames.min() and frames.max() <= 1
    assert (frames[1:] - frames[:-1]).abs().amax((1, 2)).min() > 0.1


@pytest.mark.parametrize("kind", ["leaves", "fog", "lightning", "fireworks", "stars"])
def test_loops_move_and_close(kind: str) -> None:
    frames = loop(kind, 64)
    assert frames.shape == (CYCLE, 4, 64, 64) and 0 <= frames.min() and frames.max() <= 1
    assert (frames[:, :3] <= frames[:, 3:] + 1e-3).all()
    steps = (frames - frames.roll(1, 0)).abs().mean((1, 2, 3))
    assert (steps > 0).sum() >= 4
    assert steps[0] <= 1.5 * steps.max()  # from the last frame to the first as between others


def test_lights_of_the_sky_are_in_the_sky() -> None:
    for kind in ("lightning", "fireworks", "stars"):
        assert loop(kind, 64)[:, 3, 52:].max() < 0.1, kind


@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize("size", [64, 128])
def test_filters_keep_the_shape_and_change_the_picture(kind: str, size: int) -> None:
    picture = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    out = FILTERS[kind](picture)
    assert out.shape == picture.shape and 0 <= out.min() and out.max() <= 1
    assert (out - picture).abs().mean() > 0.05


def test_filters_show_what_they_are_called() -> None:
    picture = torch.zeros(1, 3, 64, 64)
    picture[:, 0, 16:48, 16:48] = 1.0
    grey, pixels, pencil, neon = (FILTERS[k](picture) for k in ("grey", "pixels", "pencil", "neon"))
    assert (grey.amax(1) == grey.amin(1)).all()
    assert len(torch.rand(1, 3, 64, 64).mul(0).add(FILTERS["pixels"](torch.rand(1, 3, 64, 64))).unique()) <= 6
    assert torch.equal(pixels[..., ::2, :], pixels[..., 1::2, :])
    assert pencil[0, :, 2, 2].min() > 0.7 > pencil[0, :, 32, 16].max()
    assert neon[0, :, 2, 2].max() < 0.2 and neon[0, 0, 32, 16] > 0.8
