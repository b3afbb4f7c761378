"""Every scene has three layers that repeat and follow from its name; streams are water in front of who swims."""

from __future__ import annotations

import pytest
import torch

from phenaki.world.backdrop import far_layer, front_layer, near_layer, sky_layer
from phenaki.world.scenes import SCENES
from phenaki.world.strips import PERIOD, around, pixel_grid, stamp

NAMES = [s.name for s in SCENES]


@pytest.mark.parametrize("name", NAMES)
def test_layers_have_their_shapes_and_fit_on_each_other(name: str) -> None:
    sky, far, near = sky_layer(name, 1, "toy", 32), far_layer(name, 1, "toy", 32), near_layer(name, 1, "toy", False, 32)
    assert sky.shape == (3, 32, 32) and far.shape == near.shape == (4, 32, 64)
    for layer in (sky, far, near):
        assert layer.min() >= -1e-6 and layer.max() <= 1 + 1e-5
    assert (far[:3] <= far[3:] + 1e-4).all() and (near[:3] <= near[3:] + 1e-4).all()
    assert near[3, 24:].min() > 0.99 and near[3, :8].max() < 0.01


@pytest.mark.parametrize("name", NAMES)
def test_strips_repeat_without_a_seam(name: str) -> None:
    for strip in (far_layer(name, 0, "toy", 64), near_layer(name, 0, "toy", True, 64)):
        inside = (strip[..., 1:] - strip[..., :-1]).abs().mean((0, 1))
        seam = (strip[..., 0] - strip[..., -1]).abs().mean()
        assert seam <= inside.max() * 1.5 + 0.02


def test_layouts_and_art_sets_differ_and_the_same_is_the_same() -> None:
    first = near_layer("farm", 0, "toy", False, 32)
    assert torch.equal(first, near_layer("farm", 0, "toy", False, 32))
    assert not torch.equal(first, near_layer("farm", 1, "toy", False, 32))
    assert not torch.equal(first, near_layer("farm", 0, "storybook", False, 32))


def test_a_stream_is_blue_and_covers_the_front() -> None:
    dry, wet = (near_layer("farm", 0, "toy", stream, 64)[:3, 58:].mean((1, 2)) for stream in (False, True))
    assert wet[2] > wet[0] + 0.2 and dry[2] < dry[1]
    front = front_layer("farm", 0, "toy", 64)
    assert front[3, :50].max() == 0 and front[3, 58:].min() > 0.5


def test_grids_and_stamps() -> None:
    y, x = pixel_grid(32)
    assert y[0, 0] == 1 and x[0, -1] == 63 and pixel_grid(32, width=PERIOD)[1].shape == (1, 64)
    assert around(torch.tensor([1.0]), PERIOD - 1.0) == 2
    picture = stamp(torch.zeros(3, 8, 8), torch.ones(4, 4, 4), 0, 0)
    assert picture[:, :2, :2].min() == 1 and picture.sum() == 12
    assert stamp(picture, torch.ones(4, 2, 2), 50, 50) is picture
