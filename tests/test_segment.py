"""Segments: what they may hold besides a prompt and a length, and what is refused with a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest

from phenaki.config import SamplingConfig
from phenaki.errors import ConfigError, PhenakiError, TimelineError
from phenaki.segment import MAX_BEHIND, MAX_FIRST_CLIP, Segment

FOX = Segment("a fox walks right", 1.375)
WHOLE = Segment(
    "a fox läuft 🦊",
    1.5,
    seed=0,
    num_inference_steps=1,
    guidance_scale=0.0,
    first_clip=3,
    behind=Segment("before", 0.75, behind=Segment("long before", 2, seed=4, start_image=bytes(range(256)))),
)


def chain(length: int) -> Segment:
    """A segment with as many behind one another."""
    segment = FOX
    for _ in range(length):
        segment = Segment("it jumps", 0.75, behind=segment)
    return segment


@pytest.mark.parametrize("segment", [FOX, WHOLE, chain(MAX_BEHIND)], ids=["plain", "all set", "deep"])
def test_a_segment_survives_json(segment: Segment) -> None:
    assert Segment.from_dict(json.loads(json.dumps(segment.to_dict()))) == segment


def test_a_plain_segment_is_written_plainly() -> None:
    assert FOX.to_dict() == {"prompt": "a fox walks right", "seconds": 1.375}


def test_its_own_settings_take_the_place_of_the_films() -> None:
    film = SamplingConfig(20, 4.0, 0.5, 2.0)
    assert FOX.sampling(film) == film
    assert WHOLE.sampling(film) == SamplingConfig(1, 0.0, 0.5, 2.0)


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ({"num_inference_steps": 0}, ConfigError, r"num_inference_steps is 0; use a whole number from 1 to 200"),
        ({"num_inference_steps": "9"}, ConfigError, r"num_inference_steps is '9'; use"),
        ({"guidance_scale": float("nan")}, ConfigError, r"guidance_scale is nan; use a number from 0 to 50"),
        ({"guidance_scale": True}, ConfigError, r"guidance_scale is True; use"),
        ({"first_clip": -1}, TimelineError, r"first_clip is -1; use a whole number from 0 to"),
        ({"first_clip": MAX_FIRST_CLIP + 1}, TimelineError, r"first_clip is 1048577; use"),
        ({"first_clip": 1.0}, TimelineError, r"first_clip is 1\.0; use"),
        ({"first_clip": None}, TimelineError, r"first_clip is None; use"),
        ({"start_image": b""}, TimelineError, r"A start image is b''; use the bytes of a PNG, JPEG or WebP"),
        ({"start_image": "a.png"}, TimelineError, r"A start image is 'a\.png'; use the bytes"),
        ({"behind": "a fox"}, TimelineError, r"What stands behind a segment is 'a fox'; use a Segment"),
        ({"behind": FOX, "start_image": b"x"}, TimelineError, r"both a start image and a segment behind it"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, Any], kind: type[PhenakiError], message: str) -> None:
    with pytest.raises(kind, match=message):
        Segment("a", 1, **values)


def test_segments_behind_one_another_may_not_be_too_many() -> None:
    with pytest.raises(TimelineError, match=r"17 segments stand behind one another; 16 are accepted"):
        chain(MAX_BEHIND + 1)


@pytest.mark.parametrize("depth", [MAX_BEHIND + 1, MAX_BEHIND + 2, 900])
def test_data_that_is_too_deep_is_refused_with_a_sentence(depth: int) -> None:
    data: dict[str, Any] = FOX.to_dict()
    for _ in range(depth):
        data = {"prompt": "a", "seconds": 1, "behind": data}
    with pytest.raises(TimelineError) as caught:
        Segment.from_dict(data)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (5, r"A segment is 5; it needs 'prompt' and 'seconds'"),
        ({"prompt": "a", "seconds": 1, "behind": 5}, r"A segment is 5; it needs"),
        ({"prompt": "a", "seconds": 1, "behind": {"prompt": "", "seconds": 1}}, r"empty prompt"),
        (
            {"prompt": "a", "seconds": 1, "start_image": "?"},
            r"The start image is damaged: it is not base64\. Remove it",
        ),
        ({"prompt": "a", "seconds": 1, "start_image": 5}, r"The start image is damaged"),
    ],
)
def test_data_that_is_no_segment_is_refused(data: Any, message: str) -> None:
    with pytest.raises(TimelineError, match=message):
        Segment.from_dict(data)


def test_pictures_are_not_written_into_messages() -> None:
    assert "start_image" not in repr(WHOLE.behind)
