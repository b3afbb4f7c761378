"""Seconds, clips, frames and token frames agree with one another, whatever the model's sizes."""

from __future__ import annotations

import re

import pytest

from phenaki.errors import ConfigError, ShapeError
from phenaki.shapes import ClipShape

SHAPES = [
    ClipShape(),
    ClipShape(clip_frames=5, prime_frames=3),
    ClipShape(fps=24, patch_frames=4, clip_frames=17, prime_frames=9),
    ClipShape(fps=1, patch_frames=1, clip_frames=2, prime_frames=1),
]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def test_the_default_clip_is_the_papers() -> None:
    shape = ClipShape()
    assert (shape.fps, shape.clip_frames, shape.prime_frames, shape.new_frames) == (8, 11, 5, 6)
    assert shape.token_frames(11) == 6 and shape.token_frames(5) == 3 and shape.token_frames(1) == 1
    assert shape.first_seconds == 1.375 and shape.step_seconds == 0.75


@each_shape
def test_each_patch_of_frames_behind_the_first_is_a_token_frame(shape: ClipShape) -> None:
    for tokens in range(1, 30):
        assert shape.token_frames(1 + (tokens - 1) * shape.patch_frames) == tokens


@each_shape
@pytest.mark.parametrize("frames", [0, -1, -7, 2, 4, 10, 10**30 + 1])
def test_a_length_that_cannot_be_tokenized_names_the_two_beside_it(shape: ClipShape, frames: int) -> None:
    frames += frames > 0 and (frames - 1) % shape.patch_frames == 0  # this one can be
    if shape.patch_frames == 1 and frames > 0:
        return  # every length can be
    with pytest.raises(ShapeError, match=rf"of {frames} frames .* 1 \+ k x {shape.patch_frames}\. Use") as caught:
        shape.token_frames(frames)
    low, high = (int(number) for number in re.findall(r"\d+", str(caught.value).split("Use")[1]))
    assert shape.token_frames(high) - shape.token_frames(low) == 1
    assert low < frames < high or (frames < 1 and low == 1)


@each_shape
def test_segments_of_any_number_of_clips_keep_their_length(shape: ClipShape) -> None:
    for first in (True, False):
        for clips in range(1, 50):
            frames = shape.segment_frames(clips, first=first)
            assert shape.segment_clips(frames / shape.fps, first=first) == clips
            assert shape.snap_seconds(frames / shape.fps, first=first) == frames / shape.fps


@each_shape
def test_snapping_goes_to_the_nearest_length(shape: ClipShape) -> None:
    for first in (True, False):
        possible = [shape.segment_frames(k, first=first) / shape.fps for k in range(1, 60)]
        for tenth in range(1, 100):
            seconds = tenth / 10
            snapped = shape.snap_seconds(seconds, first=first)
            assert snapped in possible
            assert abs(snapped - seconds) <= min(abs(p - seconds) for p in possible) + 1e-9


def test_the_first_segment_is_longer_by_the_frames_that_later_ones_inherit() -> None:
    shape = ClipShape()
    assert shape.segment_frames(3, first=True) - shape.segment_frames(3, first=False) == shape.prime_frames
    assert shape.segment_frames(1, first=True) == shape.clip_frames


def test_nothing_is_too_short_for_one_clip() -> None:
    shape = ClipShape()
    assert shape.segment_clips(1e-9, first=True) == shape.segment_clips(1e-9, first=False) == 1


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"fps": 0}, r"fps is 0; use a whole number of 1 or more"),
        ({"fps": 8.0}, r"fps is 8\.0; use a whole number"),
        ({"fps": "8"}, r"fps is '8'; use a whole number"),
        ({"fps": True}, r"fps is True; use a whole number"),
        ({"patch_frames": -2}, r"patch_frames is -2; use"),
        ({"prime_frames": None}, r"prime_frames is None; use"),
        ({"clip_frames": 5}, r"prime_frames is 5; it must be less than clip_frames \(5\)"),
        ({"prime_frames": 13}, r"prime_frames is 13; it must be less than clip_frames \(11\)"),
    ],
)
def test_sizes_out_of_range_are_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ClipShape(**sizes)


@pytest.mark.parametrize("sizes", [{"clip_frames": 10}, {"prime_frames": 4}, {"patch_frames": 3}])
def test_clips_that_cannot_be_tokenized_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ShapeError, match=r"must be 1 \+ k x \d\. Use \d+ or \d+ frames"):
        ClipShape(**sizes)
