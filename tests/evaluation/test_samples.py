"""What is evaluated on is drawn apart from training, and what cannot be seen is not asked for."""

from __future__ import annotations

import numpy as np
import pytest

from phenaki.errors import ShapeError
from phenaki.evaluation.samples import evaluation_rng, motion_is_seen, sample_seen, sample_story, stage_at
from phenaki.shapes import ClipShape
from phenaki.world.captions import nouns, verb_phrases
from phenaki.world.spec import Stage, StorySpec
from phenaki.world.windows import Window

SHAPE = ClipShape()


def window(first: str, second: str, start: int) -> Window:
    """A clip of a story in which 11 frames of one motion and 12 of another follow each other."""
    spec = StorySpec("fox", "forest", (Stage(first, 11), Stage(second, 12)))
    return Window(spec, start, 11, "", 5, spec.stages[1])


def test_a_motion_that_has_come_to_its_end_is_not_seen() -> None:
    assert motion_is_seen(window("stand", "grow", 6)) and not motion_is_seen(window("stand", "grow", 12))
    assert motion_is_seen(window("stand", "fall", 6)) and not motion_is_seen(window("stand", "fall", 12))
    assert not motion_is_seen(window("grow", "grow", 6))


def test_a_frame_belongs_to_one_stage() -> None:
    spec = window("stand", "grow", 6).spec
    assert [stage_at(spec, frame).motion for frame in (0, 10, 11, 22)] == ["stand", "stand", "grow", "grow"]
    with pytest.raises(ShapeError, match="Frame 23"):
        stage_at(spec, 23)


def test_going_motions_and_standing_are_always_seen() -> None:
    for motion in ("right", "left", "jump", "hop", "spin", "circle", "fly up", "stand"):
        for start in (6, 12):
            assert motion_is_seen(window("stand", motion, start)), (motion, start)


def test_seen_windows_are_openings_and_continuations() -> None:
    rng = evaluation_rng(0, "a test")
    windows = [sample_seen(rng, SHAPE) for _ in range(300)]
    assert all(motion_is_seen(w) and w.num_frames == 11 for w in windows)
    assert 100 < sum(w.prime_frames == 0 for w in windows) < 200


def test_evaluation_seeds_are_apart_from_each_other_and_from_training() -> None:
    streams = [evaluation_rng(seed, purpose) for seed in (0, 1) for purpose in ("prompts", "stories")]
    streams += [np.random.default_rng(0), np.random.default_rng([0, 1]), np.random.default_rng([0, 11, 1])]
    assert len({stream.integers(2**63) for stream in streams}) == len(streams)
    assert evaluation_rng(5, "prompts").integers(2**63) == evaluation_rng(5, "prompts").integers(2**63)


def test_a_story_tells_what_happens_next_in_few_words() -> None:
    rng = evaluation_rng(0, "a test")
    starts = []
    for _ in range(200):
        story = sample_story(rng, SHAPE)
        first, second = story.spec.stages
        assert first.motion != second.motion and first.weather == second.weather
        assert (first.num_frames, second.num_frames) == (11, 6)
        text = story.prompts[1].removeprefix("then ")
        who = next(w for w in ("it", *(f"the {n}" for n in nouns(story.spec.subject))) if text.startswith(f"{w} "))
        assert text.removeprefix(f"{who} ") in verb_phrases(second.motion, story.spec.subject) or who != "it"
        assert any(text.endswith(v) for v in verb_phrases(second.motion, story.spec.subject))
        starts.append(who == "it")
    assert 50 < sum(starts) < 110
