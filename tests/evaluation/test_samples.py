"""What is evaluated on is drawn apart from training, and what cannot be seen is not asked for."""

from __future__ import annotations

import numpy as np
import pytest

from phenaki.errors import ShapeError
from phenaki.evaluation.facts import ClipFacts
from phenaki.evaluation.paraphrases import DEEDS
from phenaki.evaluation.samples import (
    SPLITS,
    evaluation_rng,
    motion_is_seen,
    sample_long_story,
    sample_prompt,
    sample_seen,
    sample_story,
    split_exists,
    stage_at,
    tells_all,
)
from phenaki.shapes import ClipShape
from phenaki.world.captions import nouns, verb_phrases
from phenaki.world.grammar import caption_2
from phenaki.world.motion import story_poses
from phenaki.world.parts import CORE, FULL, LIVELY, WorldPart
from phenaki.world.spec import Stage, StorySpec
from phenaki.world.splits import held_out, held_out_noun, held_out_phrase
from phenaki.world.windows import Window, sample_continuation, sample_opening

SHAPE = ClipShape()


def window(first: str, second: str, start: int) -> Window:
    """A clip of a story in which 11 frames of one motion and 12 of another follow each other."""
    spec = StorySpec("fox", "forest", (Stage(first, 11), Stage(second, 12)))
    return Window(spec, start, 11, "", 5, spec.stages[1])


def test_a_motion_that_has_come_to_its_end_is_not_seen() -> None:
    assert motion_is_seen(window("stand", "grow", 6)) and not motion_is_seen(window("stand", "grow", 12))
    assert motion_is_seen(window("stand", "fall", 6)) and not motion_is_seen(window("stand", "fall", 12))
    assert not motion_is_seen(window("grow", "grow", 6))


def test_in_the_core_a_motion_is_seen_where_the_pose_changes() -> None:
    rng = np.random.default_rng(0)
    seen = []
    for _ in range(300):
        w = sample_continuation(rng, SHAPE, combos="all")
        poses = story_poses(w.spec)
        rows = np.stack([poses.x, poses.y, poses.size, poses.stretch, poses.turn, poses.camera])
        new = rows[:, w.start + w.prime_frames - 1 : w.start + w.num_frames]
        seen.append(motion_is_seen(w))
        assert seen[-1] == (w.stage.motion == "stand" or bool((np.ptp(new, axis=1) > 1e-4).any()))
    assert 0.85 < np.mean(seen) < 0.99


def test_in_version_2_who_only_bobs_is_not_seen_to_move() -> None:
    for subject, motion in (("fish", "grow"), ("butterfly", "shrink"), ("ghost", "leave"), ("fox", "fall")):
        spec = StorySpec(subject, "forest", (Stage("stand", 11), Stage(motion, 24)), version=2)
        early, late = (Window(spec, start, 11, "", 5, spec.stages[1]) for start in (6, 24))
        assert motion_is_seen(early) and not motion_is_seen(late), (subject, motion)


@pytest.mark.parametrize("part", [CORE, LIVELY, FULL])
def test_every_split_keeps_what_it_promises(part: WorldPart) -> None:
    rng, share = evaluation_rng(0, "a test"), part.held_out_share
    for split in SPLITS:
        if not split_exists(split, part):
            assert split == "pictures only" and part is not FULL
            continue
        for _ in range(25):
            w = sample_prompt(split, rng, SHAPE, part)
            spec, motion, text = w.spec, w.stage.motion, w.caption.lower()
            new = held_out(spec.subject, spec.scene, share) or held_out(spec.subject, motion, share)
            new = new or (spec.style != "toy" and held_out(spec.style, motion, share))
            assert w.prime_frames == 0 and w.num_frames == 11
            assert (spec.subject in part.still_subjects) == (split == "pictures only")
            if split in ("iid", "paraphrases"):
                assert not new
            if split == "held-out pairs":
                assert new
            if split == "paraphrases" and part.held_out_words:
                assert held_out_noun(spec.subject).lower() in text
                assert spec.second or held_out_phrase(motion) in text
            elif split == "paraphrases":
                assert any(deed in text for deed in DEEDS[motion])
            else:
                assert tells_all(w.caption, spec, w.stage)


def test_a_caption_that_leaves_something_out_is_noticed() -> None:
    stage = Stage("jump", 11, "fog", "pan left")
    spec = StorySpec("car", "beach", (stage,), style="pencil", colour="red", size="big", version=2)
    whole = "a sketch of a huge red car jumps by the sea in the mist as the camera pans left"
    assert tells_all(whole, spec, stage) and tells_all(f"{whole.capitalize()}.", spec, stage)
    for missing in ("a sketch of ", "huge ", "red ", "by the sea ", "in the mist ", "as the camera pans left"):
        assert not tells_all(whole.replace(missing, ""), spec, stage), missing
    rng = np.random.default_rng(0)
    told = [tells_all(caption_2(spec, stage, rng), spec, stage) for _ in range(300)]
    assert 0.65 < np.mean(told) < 0.9  # 0.22 leave one of six things out, and keywords never tell the size


def test_captions_of_the_core_always_tell_all() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        w = sample_opening(rng, SHAPE, combos="all")
        assert tells_all(w.caption, w.spec, w.stage), w.caption


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


@pytest.mark.parametrize("part", [LIVELY, FULL])
def test_a_story_of_version_2_is_of_one_subject_in_sight(part: WorldPart) -> None:
    rng = evaluation_rng(0, "a test")
    for _ in range(60):
        story = sample_story(rng, SHAPE, part)
        first, second = (ClipFacts.told(story.spec, stage) for stage in story.spec.stages)
        assert first.motion != second.motion and (first.weather, first.scene) == (second.weather, second.scene)
        assert story.spec.second is None and second.camera == "still"
        assert not {first.motion, second.motion} & {"leave", "enter left", "enter right"}
        assert tells_all(story.prompts[0], story.spec, story.spec.stages[0])
        if part.held_out_words:
            assert not story.prompts[1].endswith(held_out_phrase(second.motion))


@pytest.mark.parametrize("part", [CORE, FULL])
def test_a_long_story_begins_with_all_and_keeps_its_subject_in_sight(part: WorldPart) -> None:
    rng = evaluation_rng(0, "a test")
    for _ in range(30):
        script = sample_long_story(rng, SHAPE, part)
        stages = script.spec.stages
        assert 3 <= len(stages) == len(script.prompts) <= 5
        assert [s.num_frames for s in stages] == [17] + [12] * (len(stages) - 1)
        assert script.spec.second is None and not {s.motion for s in stages} & {"leave", "enter left", "enter right"}
        assert tells_all(script.prompts[0], script.spec, stages[0])


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
