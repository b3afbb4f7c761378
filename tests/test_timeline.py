"""Stories: what fits is kept to the letter, what does not is refused with a sentence."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from phenaki.errors import PhenakiError, TimelineError
from phenaki.segment import MAX_PROMPT_CHARS, MAX_SECONDS, MAX_SEED, Segment
from phenaki.shapes import ClipShape
from phenaki.timeline import MAX_SEGMENTS, Timeline
from phenaki.video import pack_frames

SHAPE = ClipShape()  # 1.375 s + k x 0.75 s, later 0.75 s + k x 0.75 s
FOX = Segment("a fox walks right", 1.375)


def test_a_plan_lays_segments_end_to_end() -> None:
    story = Timeline((FOX, Segment("it jumps", 1.5, seed=5), Segment("it sits", 0.75)), seed=100)
    plan = story.plan(SHAPE)
    assert [p.num_clips for p in plan] == [1, 2, 1]
    assert [(p.start_frame, p.num_frames) for p in plan] == [(0, 11), (11, 12), (23, 6)]
    assert [p.prompt for p in plan] == ["a fox walks right", "it jumps", "it sits"]
    assert [p.seed for p in plan] == [story.segment_seed(i) for i in range(3)]
    assert sum(p.num_frames for p in plan) / SHAPE.fps == story.seconds


def test_a_length_that_the_model_cannot_make_is_named_with_its_nearest() -> None:
    with pytest.raises(
        TimelineError, match=r"Segment 1 lasts 1\.5 s; .* 1\.375 s \+ k x 0\.75 s\. The nearest is 1\.375"
    ):
        Timeline((Segment("a", 1.5),)).plan(SHAPE)
    with pytest.raises(
        TimelineError, match=r"Segment 2 lasts 1\.375 s; .* 0\.75 s \+ k x 0\.75 s\. The nearest is 1\.5 s"
    ):
        Timeline((FOX, FOX)).plan(SHAPE)


def test_fitting_moves_only_lengths_and_only_once() -> None:
    story = Timeline((Segment("a", 2, seed=3), Segment("b", 0.1), Segment("c", 3.3)), seed=8)
    fitted = story.fit(SHAPE)
    assert [s.seconds for s in fitted.segments] == [2.125, 0.75, 3.0]
    assert [(s.prompt, s.seed) for s in fitted.segments] == [(s.prompt, s.seed) for s in story.segments]
    assert fitted.seed == 8 and fitted.fit(SHAPE) == fitted
    fitted.plan(SHAPE)


def test_a_segments_own_seed_counts_and_others_follow_from_the_timelines() -> None:
    story = Timeline((FOX, Segment("b", 0.75, seed=0), Segment("c", 0.75)), seed=MAX_SEED)
    assert story.segment_seed(1) == 0
    others = {story.segment_seed(0), story.segment_seed(2)}
    assert len(others) == 2 and all(0 <= seed <= MAX_SEED for seed in others)
    again = dataclasses.replace(story, seed=1)
    assert again.segment_seed(1) == 0 and again.segment_seed(0) != story.segment_seed(0)


def test_editing_one_segment_leaves_the_seeds_of_the_others() -> None:
    story = Timeline((FOX, FOX, FOX), seed=4)
    edited = dataclasses.replace(story, segments=(FOX, Segment("other", 3.0, seed=99), FOX))
    assert [edited.segment_seed(i) for i in (0, 2)] == [story.segment_seed(i) for i in (0, 2)]


@pytest.mark.parametrize("prompt", ["a", "läuft 狐狸 🦊", "\"'`{}\\ \n\t", "x" * MAX_PROMPT_CHARS])
@pytest.mark.parametrize("seed", [None, 0, MAX_SEED])
def test_a_timeline_survives_json(prompt: str, seed: int | None) -> None:
    story = Timeline((Segment(prompt, 1.375, seed), FOX), seed=MAX_SEED)
    assert Timeline.from_dict(json.loads(json.dumps(story.to_dict()))) == story


def test_a_story_written_by_hand_may_be_short_and_may_hold_more() -> None:
    data = {"title": "mine", "segments": [{"prompt": "a", "seconds": 2, "colour": "red"}]}
    assert Timeline.from_dict(data) == Timeline((Segment("a", 2),))


def test_any_sequence_of_segments_will_do() -> None:
    assert Timeline([FOX]) == Timeline((FOX,)) == Timeline(s for s in [FOX])
    assert hash(Timeline([FOX])) == hash(Timeline((FOX,)))


@pytest.mark.parametrize(
    ("segment", "message"),
    [
        (("", 1), r"empty prompt\. Write what should be seen"),
        ((" \n\t", 1), r"empty prompt"),
        ((None, 1), r"A prompt is None, which is no text\. Write"),
        ((5, 1), r"A prompt is 5, which is no text"),
        (("\ud800", 1), r"which is no text"),
        (("x" * 401, 1), r"has 401 characters; 400 are accepted\. Shorten it, or spread it"),
        (("a", 0), r"lasts 0 seconds; use a number above 0, up to 600"),
        (("a", -1), r"lasts -1 seconds"),
        (("a", 600.1), r"lasts 600\.1 seconds"),
        (("a", float("nan")), r"lasts nan seconds"),
        (("a", float("inf")), r"lasts inf seconds"),
        (("a", 10**400), r"lasts 10000.*… seconds; use"),
        (("a", 10**5000), r"lasts a very large int seconds; use"),
        (("a", "2"), r"lasts '2' seconds"),
        (("a", True), r"lasts True seconds"),
        (("a", None), r"lasts None seconds"),
        (("a", [2]), r"lasts \[2\] seconds"),
        (("a", 1, -1), r"seed is -1; use a whole number from 0 to 4294967295"),
        (("a", 1, MAX_SEED + 1), r"seed is 4294967296; use"),
        (("a", 1, 1.0), r"seed is 1\.0; use"),
        (("a", 1, "1"), r"seed is '1'; use"),
        (("a", 1, True), r"seed is True; use"),
        (("a", 1, 10**5000), r"seed is a very large int; use"),
    ],
)
def test_a_segment_that_cannot_be_made_is_refused(segment: tuple[Any, ...], message: str) -> None:
    with pytest.raises(TimelineError, match=message):
        Segment(*segment)


@pytest.mark.parametrize(
    ("segments", "seed", "message"),
    [
        ((), 0, r"has no segment\. Add one with a prompt"),
        ("abc", 0, r"A segment is 'a'; use Segment\(prompt, seconds\)"),
        (None, 0, r"A segment is None; use Segment"),
        ([{"prompt": "a", "seconds": 1}], 0, r"A segment is \{'prompt': 'a'.*; use Segment"),
        ((FOX,), 1.5, r"seed is 1\.5; use a whole number"),
        ((FOX,), None, r"seed is None; use a whole number"),
        ([Segment("a", 0.1)] * (MAX_SEGMENTS + 1), 0, r"has 501 segments; 500 are accepted\. Join some"),
        ([Segment("a", 300)] * 3, 0, r"would last 900\.0 seconds; 600 are accepted\. Shorten or delete"),
    ],
)
def test_a_timeline_that_cannot_be_made_is_refused(segments: Any, seed: Any, message: str) -> None:
    with pytest.raises(TimelineError, match=message):
        Timeline(segments, seed)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, r"needs 'segments': a list of \{'prompt': text, 'seconds': number\}"),
        ([], r"needs 'segments'"),
        ({}, r"needs 'segments'"),
        ({"segments": None}, r"needs 'segments'"),
        ({"segments": "abc"}, r"needs 'segments'"),
        ({"segments": {"prompt": "a", "seconds": 1}}, r"needs 'segments'"),
        ({"segments": []}, r"has no segment"),
        ({"segments": ["abc"]}, r"Segment 1: A segment is 'abc'; it needs 'prompt' and 'seconds'"),
        ({"segments": [{"prompt": "a", "seconds": 1}, {"prompt": "a"}]}, r"Segment 2: A segment is .*; it needs"),
        ({"segments": [{"prompt": "a" * 500, "text": 1}]}, r"Segment 1: A segment is .{1,60}…; it needs"),
        ({"segments": [{"prompt": "a", "seconds": float("nan")}]}, r"Segment 1: A segment lasts nan seconds"),
        ({"segments": [{"prompt": "a", "seconds": 1, "seed": 2.0}]}, r"Segment 1: The seed is 2\.0"),
        ({"segments": [{"prompt": "a", "seconds": 1}], "seed": "7"}, r"The seed is '7'"),
    ],
)
def test_data_that_is_no_timeline_is_refused(data: Any, message: str) -> None:
    with pytest.raises(TimelineError, match=message):
        Timeline.from_dict(data)


def test_every_refusal_is_one_short_line() -> None:
    for wrong in ("x" * 10**6, 10**4000, [["deep"] * 100] * 100, {"k": "v" * 1000}):
        with pytest.raises(PhenakiError) as caught:
            Timeline.from_dict({"segments": [{"prompt": wrong, "seconds": wrong}]})
        assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)


SHOT = Segment("a bus", 1.375, start_image=b"picture")
FOOTAGE = pack_frames(np.zeros((7, 8, 8, 3), np.uint8))


def test_a_segment_with_a_start_image_is_as_long_as_an_opening_one() -> None:
    plan = Timeline((FOX, SHOT, Segment("it jumps", 0.75))).plan(SHAPE)
    assert [(p.num_clips, p.start_frame, p.num_frames) for p in plan] == [(1, 0, 11), (1, 11, 11), (1, 22, 6)]
    assert Timeline((FOX, dataclasses.replace(SHOT, seconds=1.0))).fit(SHAPE).segments[1].seconds == 1.375


def test_after_footage_the_first_segment_is_as_long_as_a_later_one() -> None:
    story = Timeline((FOX, SHOT), footage=FOOTAGE).fit(SHAPE)
    assert [s.seconds for s in story.segments] == [1.5, 1.375]
    plan = story.plan(SHAPE)
    assert [(p.num_clips, p.start_frame, p.num_frames) for p in plan] == [(2, 7, 12), (1, 19, 11)]
    shot = Timeline((SHOT,), footage=FOOTAGE).fit(SHAPE)
    assert shot.segments[0].seconds == 1.375 and shot.plan(SHAPE)[0].start_frame == 7


@pytest.mark.parametrize("lengths", [[600], [300, 300], [1, 599], [598.5, 1.5]])
def test_fitting_never_makes_a_film_too_long(lengths: list[float]) -> None:
    fitted = Timeline(tuple(Segment("a fox", seconds) for seconds in lengths)).fit(SHAPE)
    assert MAX_SECONDS - 2 * SHAPE.step_seconds < fitted.seconds <= MAX_SECONDS
    assert fitted.fit(SHAPE) == fitted


def test_fitting_moves_the_lengths_of_what_stands_behind() -> None:
    """Behind the second segment is an opening one, as the first is; behind the third is a later one."""
    old = Segment("old", 1.0)
    story = Timeline((FOX, Segment("b", 1, behind=old), Segment("c", 1, behind=old))).fit(SHAPE)
    assert [s.behind and s.behind.seconds for s in story.segments] == [None, 1.375, 0.75]
    with_footage = dataclasses.replace(story, footage=FOOTAGE).fit(SHAPE)
    assert [s.behind and s.behind.seconds for s in with_footage.segments] == [None, 1.5, 0.75]


def test_what_stands_behind_the_beginning_of_the_film_opens_it() -> None:
    oldest = Segment("oldest", 1.0)
    old = Segment("old", 1.0, behind=oldest)
    fitted = Timeline((FOX, Segment("b", 1, behind=old))).fit(SHAPE).segments[1].behind
    assert fitted and fitted.behind
    assert (fitted.seconds, fitted.behind.seconds) == (0.75, 1.375)


def test_a_whole_timeline_survives_json() -> None:
    story = Timeline((FOX, SHOT, Segment("c", 1, behind=SHOT, first_clip=2)), seed=5, footage=FOOTAGE)
    assert Timeline.from_dict(json.loads(json.dumps(story.to_dict()))) == story


def test_nothing_stands_behind_the_first_segment() -> None:
    with pytest.raises(TimelineError, match="stands behind the first one"):
        Timeline((Segment("a", 1, behind=FOX),))


@pytest.mark.parametrize("footage", [b"", b"a film", "film.mp4", 5])
def test_footage_is_packed_frames(footage: Any) -> None:
    with pytest.raises(TimelineError, match=r"The footage cannot be used\. These are no packed frames\. Use what pack"):
        Timeline((FOX,), footage=footage)
