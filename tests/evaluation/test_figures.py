"""Shares and their intervals add up."""

from __future__ import annotations

import math

import pytest

from phenaki.evaluation.figures import Seams, Share


def test_a_share_is_right_over_count() -> None:
    assert Share(192, 256).value == 0.75
    assert math.isnan(Share(0, 0).value)


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(192, 256, 0.694, 0.799), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (50, 100, 0.404, 0.596)],
)
def test_the_interval_is_wilsons(right: int, count: int, low: float, high: float) -> None:
    assert Share(right, count).interval == pytest.approx((low, high), abs=5e-4)


def test_more_clips_narrow_the_interval() -> None:
    few, many = Share(8, 10).interval, Share(800, 1000).interval
    assert many[1] - many[0] < few[1] - few[0]


def test_a_share_of_nothing_is_a_dash() -> None:
    assert str(Share(0, 0)) == "-" and str(Share(3, 4)) == "75.0 % (30-95)"


def test_seams_are_told_as_a_ratio() -> None:
    assert Seams(6.0, 4.0, 9).ratio == 1.5 and math.isnan(Seams(0.0, 0.0, 9).ratio)
