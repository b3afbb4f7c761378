"""Plans: keys name what decides a clip's pixels and nothing else, and what is there already is not made again."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from phenaki.config import SamplingConfig
from phenaki.errors import TimelineError
from phenaki.plan import PlannedClip, clips_to_make, plan_clips
from phenaki.segment import MAX_SEED, Segment
from phenaki.shapes import ClipShape
from phenaki.timeline import Timeline
from phenaki.video import pack_frames

SHAPE = ClipShape()  # 11 frames, then 6 more for each clip
SETTINGS = SamplingConfig()
FOX, JUMP, SIT = Segment("a fox", 2.125, seed=1), Segment("it jumps", 1.5, seed=2), Segment("it sits", 0.75, seed=3)
STORY = Timeline((FOX, JUMP, SIT))
FOOTAGE = pack_frames(np.zeros((7, 8, 8, 3), np.uint8))
PICTURE = b"a picture"


def plan(timeline: Timeline, sampling: SamplingConfig = SETTINGS, shape: ClipShape = SHAPE) -> list[PlannedClip]:
    return plan_clips(timeline.fit(shape), sampling, shape, "model")


def keys(timeline: Timeline, sampling: SamplingConfig = SETTINGS) -> list[str]:
    """Of the clips that are shown."""
    return [clip.key for clip in plan(timeline, sampling) if clip.shown]


def changed(timeline: Timeline, sampling: SamplingConfig = SETTINGS) -> list[bool]:
    """Which clips of ``STORY`` become others."""
    return [one != two for one, two in zip(keys(STORY), keys(timeline, sampling), strict=True)]


def with_segment(index: int, **changes: object) -> Timeline:
    segments = list(STORY.segments)
    segments[index] = replace(segments[index], **changes)  # type: ignore[arg-type]
    return replace(STORY, segments=tuple(segments))


def reroll_only(timeline: Timeline, index: int, seed: int) -> Timeline:
    """A new seed for one segment, and what it was goes behind the next one."""
    segments = list(timeline.segments)
    old = segments[index]
    segments[index] = replace(old, seed=seed)
    if index + 1 < len(segments) and segments[index + 1].behind is None:
        segments[index + 1] = replace(segments[index + 1], behind=old)
    return replace(timeline, segments=tuple(segments))


def check(clips: list[PlannedClip], shape: ClipShape) -> None:
    """What is true of every plan."""
    for index, clip in enumerate(clips):
        assert clip.parent is None or clip.parent < index
        assert clip.num_frames == shape.new_frames or clip.parent is None
    shown = [clip for clip in clips if clip.shown]
    assert [clip.start_frame for clip in shown] == [0, *np.cumsum([clip.num_frames for clip in shown])[:-1]]


def test_a_plan_holds_the_clips_of_a_film_in_the_order_in_which_they_play() -> None:
    clips = plan(STORY)
    check(clips, SHAPE)
    assert [(c.segment, c.clip, c.prompt) for c in clips] == [
        (0, 0, "a fox"), (0, 1, "a fox"), (1, 0, "it jumps"), (1, 1, "it jumps"), (2, 0, "it sits"),
    ]  # fmt: skip
    assert [c.parent for c in clips] == [None, 0, 1, 2, 3]
    assert [c.num_frames for c in clips] == [11, 6, 6, 6, 6]
    assert all(c.shown and len(c.key) == 64 for c in clips)
    assert len({c.key for c in clips}) == len(clips)


def test_the_noise_of_a_clip_follows_from_seed_and_number() -> None:
    assert [c.noise_seed for c in plan(STORY)] == [1, 1 + 2**32, 2, 2 + 2**32, 3]
    last = plan(Timeline((replace(FOX, seed=MAX_SEED, first_clip=2**20),)))[-1]
    assert last.noise_seed == MAX_SEED + ((2**20 + 1) << 32) < 2**64


def test_a_change_makes_stale_the_segment_and_what_follows_it() -> None:
    assert changed(STORY) == [False] * 5
    assert changed(with_segment(0, prompt="a bus")) == [True] * 5
    assert changed(with_segment(1, prompt="it spins")) == [False, False, True, True, True]
    assert changed(with_segment(1, seed=9)) == [False, False, True, True, True]
    assert changed(with_segment(2, num_inference_steps=9)) == [False] * 4 + [True]
    assert changed(with_segment(2, guidance_scale=9.0)) == [False] * 4 + [True]
    assert changed(with_segment(2, first_clip=1)) == [False] * 4 + [True]
    assert changed(with_segment(0, start_image=PICTURE)) == [True] * 5


@pytest.mark.parametrize(
    "change",
    [{"num_inference_steps": 9}, {"guidance_scale": 1.0}, {"temperature": 0.5}, {"choice_temperature": 1.0}],
)
def test_the_settings_of_the_film_decide_all_clips_but_those_with_their_own(change: dict) -> None:
    assert changed(STORY, replace(SETTINGS, **change)) == [True] * 5


def test_a_segments_own_settings_count_before_those_of_the_film() -> None:
    own = with_segment(0, num_inference_steps=5, guidance_scale=2.0)
    other = keys(own, replace(SETTINGS, num_inference_steps=9, guidance_scale=1.0))
    assert [one != two for one, two in zip(keys(own), other, strict=True)] == [False, False, True, True, True]


def test_an_override_that_says_what_the_settings_say_changes_nothing() -> None:
    same = with_segment(
        1, num_inference_steps=SETTINGS.num_inference_steps, guidance_scale=int(SETTINGS.guidance_scale)
    )
    assert keys(same) == keys(STORY)


def test_another_model_has_other_keys() -> None:
    clips = plan_clips(STORY, SETTINGS, SHAPE, "another")
    assert not {c.key for c in clips} & set(keys(STORY))


def test_a_longer_segment_keeps_the_clips_that_it_had() -> None:
    longer = keys(with_segment(2, seconds=2.25))
    assert longer[:5] == keys(STORY) and len(longer) == 7


def test_a_split_changes_no_clip() -> None:
    left, right = replace(JUMP, seconds=0.75), replace(JUMP, seconds=0.75, first_clip=1)
    assert keys(replace(STORY, segments=(FOX, left, right, SIT))) == keys(STORY)
    shot = replace(FOX, start_image=PICTURE)
    halves = (replace(shot, seconds=1.375), replace(FOX, seconds=0.75, first_clip=1), JUMP, SIT)
    assert keys(replace(STORY, segments=halves)) == keys(replace(STORY, segments=(shot, JUMP, SIT)))


def test_a_start_image_begins_a_shot_that_nothing_before_it_decides() -> None:
    story = replace(STORY, segments=(FOX, replace(JUMP, start_image=PICTURE, seconds=1.375), SIT))
    clips = plan(story)
    check(clips, SHAPE)
    assert (clips[2].parent, clips[2].num_frames, clips[2].picture) == (None, 11, PICTURE)
    assert [c.picture for i, c in enumerate(clips) if i != 2] == [None] * (len(clips) - 1)
    other = replace(story, segments=(replace(FOX, prompt="a bus"), *story.segments[1:]))
    assert keys(other)[:2] != keys(story)[:2] and keys(other)[2:] == keys(story)[2:]
    again = replace(story, segments=(FOX, replace(story.segments[1], start_image=b"another"), SIT))
    assert [one == two for one, two in zip(keys(story), keys(again), strict=True)] == [True, True, False, False]


def test_footage_comes_first_and_the_film_goes_on_from_it() -> None:
    clips = plan(replace(STORY, footage=FOOTAGE))
    check(clips, SHAPE)
    film = clips[0]
    assert (film.segment, film.footage, film.num_frames, film.shown) == (None, FOOTAGE, 7, True)
    assert (clips[1].segment, clips[1].parent, clips[1].start_frame, clips[1].num_frames) == (0, 0, 7, 6)
    other = pack_frames(np.ones((7, 8, 8, 3), np.uint8))
    assert not set(keys(replace(STORY, footage=other))) & {c.key for c in clips}


def test_footage_that_is_too_short_to_go_on_from_is_refused() -> None:
    for num_frames in (1, 4):
        footage = pack_frames(np.zeros((num_frames, 8, 8, 3), np.uint8))
        with pytest.raises(TimelineError, match=rf"frames: {num_frames}, needed: 5\. Use a longer video"):
            plan(replace(STORY, footage=footage))


def test_what_stands_behind_a_segment_keeps_its_pixels() -> None:
    """The new clips of the first segment are shown; the second goes on from the old ones, which are not."""
    rerolled = reroll_only(STORY, 0, seed=50)
    clips = plan(rerolled)
    check(clips, SHAPE)
    assert [(c.segment, c.shown) for c in clips] == [
        (0, True), (0, True), (1, False), (1, False), (1, True), (1, True), (2, True),
    ]  # fmt: skip
    assert changed(rerolled) == [True, True, False, False, False]
    assert [c.key for c in clips if not c.shown] == keys(STORY)[:2]
    assert [c.start_frame for c in clips if not c.shown] == [0, 11]
    healed = replace(rerolled, segments=(rerolled.segments[0], JUMP, SIT))
    assert changed(healed) == [True] * 5 and all(c.shown for c in plan(healed))


def test_what_is_behind_may_stand_on_something_behind_it() -> None:
    twice = reroll_only(reroll_only(STORY, 0, seed=50), 1, seed=51)
    assert twice.segments[2].depth == 2
    clips = plan(twice)
    check(clips, SHAPE)
    assert changed(twice) == [True, True, True, True, False]
    # what stands behind the second segment serves what stands behind the third
    assert [c.key for c in clips if not c.shown] == keys(STORY)[:4]


def test_what_is_behind_and_shown_as_well_is_planned_once() -> None:
    back = reroll_only(reroll_only(STORY, 1, seed=50), 1, seed=JUMP.seed)  # and back to the old seed
    assert back.segments[2].behind == JUMP
    assert plan(back) == plan(STORY)


def test_what_is_behind_keeps_its_pixels_when_the_film_before_it_is_deleted() -> None:
    twice = reroll_only(reroll_only(STORY, 0, seed=50), 1, seed=51)
    first = replace(twice.segments[1], behind=None)
    shorter = Timeline((replace(first, seconds=1.375), twice.segments[2]))
    check(plan(shorter), SHAPE)
    assert keys(shorter)[-1] == keys(STORY)[-1]


def test_a_length_that_cannot_be_made_is_told_behind_a_segment_too() -> None:
    wrong = replace(JUMP, behind=replace(FOX, seconds=2.0))
    with pytest.raises(TimelineError, match=r"What stands behind segment 2 lasts 2 s; .* The nearest is 2\.125"):
        plan_clips(replace(STORY, segments=(FOX, wrong, SIT)), SETTINGS, SHAPE, "model")


def test_only_what_is_not_in_the_store_is_made() -> None:
    clips = plan(STORY)
    made: set[str] = set()
    assert clips_to_make(clips, made.__contains__) == [0, 1, 2, 3, 4]
    made = {c.key for c in clips}
    assert clips_to_make(clips, made.__contains__) == []
    assert clips_to_make(plan(with_segment(1, seed=9)), made.__contains__) == [2, 3, 4]
    assert clips_to_make(clips, (made - {clips[2].key}).__contains__) == [2]


def test_what_is_not_shown_is_made_only_if_something_that_needs_it_is_missing() -> None:
    rerolled = plan(reroll_only(STORY, 0, seed=50))
    made = set(keys(STORY)[2:])  # the old first segment is gone from the store
    assert clips_to_make(rerolled, made.__contains__) == [0, 1]
    made.discard(rerolled[4].key)  # the first clip of the second segment too
    assert clips_to_make(rerolled, made.__contains__) == [0, 1, 2, 3, 4]
    made.add(rerolled[3].key)  # its end is enough
    assert clips_to_make(rerolled, made.__contains__) == [0, 1, 4]


def test_equal_clips_are_made_once() -> None:
    shot = replace(FOX, start_image=PICTURE)
    clips = plan(Timeline((shot, shot)))
    assert [c.key for c in clips[:2]] == [c.key for c in clips[2:]] and all(c.shown for c in clips)
    asked: list[str] = []
    assert clips_to_make(clips, lambda key: bool(asked.append(key))) == [0, 1]
    assert len(asked) == 2


def test_keys_outlive_the_program() -> None:
    """So does a store of clips, which would be empty if they changed by accident."""
    assert keys(STORY)[0].startswith("04378888912764de")


def test_a_film_of_ten_minutes_is_planned_in_no_time() -> None:
    later = (replace(JUMP, prompt=f"it jumps {i}", seconds=1.5) for i in range(398))
    story = Timeline((replace(FOX, seconds=1.375), *later)).fit(SHAPE)
    begun = time.process_time()
    clips = plan_clips(story, SETTINGS, SHAPE, "model")
    assert len(clips_to_make(clips, lambda key: False)) == len(clips) == 797
    assert time.process_time() - begun < 0.15
