"""Pictures grow smoothly, or in squares, and stay where they are."""

from __future__ import annotations

import numpy as np
import pytest

from phenaki.video.export_config import ExportConfig
from phenaki.video.resize import resize


@pytest.mark.parametrize("enlarge", ["smooth", "nearest"])
@pytest.mark.parametrize(("height", "width"), [(64, 64), (33, 7), (24, 32), (1, 1)])
def test_pictures_have_the_size_that_was_told(enlarge: str, height: int, width: int) -> None:
    for size in (64, 100, 256):
        config = ExportConfig(size=size, enlarge=enlarge)
        large = resize(np.full((height, width, 3), 77, np.uint8), config)
        assert large.shape == (*config.picture_size(height, width), 3) and (large == 77).all()


def test_enlarging_is_smooth_and_stays_in_place() -> None:
    ramp = np.broadcast_to(np.linspace(0, 255, 16).astype(np.uint8)[:, None], (16, 16, 3))
    large = resize(ramp, ExportConfig(size=64))[32, :, 0].astype(int)  # (64,)
    assert (np.diff(large) >= 0).all() and np.diff(large).max() < 12
    assert abs(large + large[::-1] - 255).max() <= 2


def test_nearest_makes_a_square_of_each_pixel() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    large = resize(picture, ExportConfig(size=70, enlarge="nearest"))  # (64, 64, 3)
    for y in range(4):
        for x in range(4):
            assert np.array_equal(large[y::4, x::4], picture)


def test_shrinking_averages() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = resize(stripes, ExportConfig(size=32))
    assert abs(small[8:24, 8:24].astype(int) - 127).max() <= 2


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 48, 3), dtype=np.uint8)
    assert np.array_equal(resize(picture, ExportConfig(size=64)), picture)
