"""Training samples leave out what is held out, and their captions belong to their new frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from phenaki.shapes import ClipShape
from phenaki.world.parts import CORE, FULL
from phenaki.world.splits import held_out_noun
from phenaki.world.vocabulary import MOTION_NAMES, SCENE_NAMES, SUBJECT_NAMES
from phenaki.world.windows import (
    DRY_SCENES,
    Window,
    held_out,
    sample_continuation,
    sample_later,
    sample_opening,
    sample_script,
    sample_split,
    sample_still,
)

SHAPE = ClipShape()
SAMPLERS: dict[str, Callable[[np.random.Generator], Window]] = {
    "opening": lambda rng: sample_opening(rng, SHAPE),
    "continuation": lambda rng: sample_continuation(rng, SHAPE),
    "still": sample_still,
}


def pairs(window: Window) -> list[tuple[str, str]]:
    spec = window.spec
    return [(spec.subject, spec.scene), *((spec.subject, stage.motion) for stage in spec.stages)]


@pytest.mark.parametrize("kind", SAMPLERS)
def test_training_never_shows_a_held_out_pair(kind: str) -> None:
    rng = np.random.default_rng(0)
    windows = [SAMPLERS[kind](rng) for _ in range(1500)]
    assert not any(held_out(*pair) for window in windows for pair in pairs(window))
    assert {w.spec.subject for w in windows} == set(SUBJECT_NAMES)
    assert {w.spec.scene for w in windows} == set(SCENE_NAMES)
    assert {w.stage.motion for w in windows} == set(MOTION_NAMES)


def test_held_out_samples_show_a_held_out_pair() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        window = sample_opening(rng, SHAPE, combos="held-out")
        assert any(held_out(*pair) for pair in pairs(window))


def test_a_small_share_is_held_out_and_no_word_wholly() -> None:
    others = (*SCENE_NAMES, *MOTION_NAMES)
    table = np.array([[held_out(subject, other) for other in others] for subject in SUBJECT_NAMES])
    assert 0.03 < table.mean() < 0.10
    assert table.mean(1).max() < 0.5 and table.mean(0).max() < 0.5


def test_an_opening_is_one_stage_from_the_start() -> None:
    rng = np.random.default_rng(2)
    window = sample_opening(rng, SHAPE)
    assert (window.start, window.num_frames, window.prime_frames) == (0, 11, 0)
    assert window.spec.num_frames == 11 and window.stage == window.spec.stages[0]


def test_the_new_frames_of_a_continuation_belong_to_its_stage() -> None:
    rng = np.random.default_rng(3)
    straddle = 0
    for _ in range(500):
        window = sample_continuation(rng, SHAPE)
        stages = [stage for stage in window.spec.stages for _ in range(stage.num_frames)]
        shown = stages[window.start : window.start + window.num_frames]
        assert window.prime_frames == 5 and len(shown) == 11
        assert set(shown[5:]) == {window.stage}
        straddle += shown[0] != shown[-1]
    assert straddle > 250  # most show a change, between the last inherited frame and the first new one


def test_clips_of_a_continuation_start_where_clips_start() -> None:
    rng = np.random.default_rng(4)
    for _ in range(200):
        assert sample_continuation(rng, SHAPE).start % SHAPE.new_frames == 0


def test_later_clips_are_those_of_films() -> None:
    rng = np.random.default_rng(8)
    seen: set[tuple[int, int]] = set()
    for _ in range(600):
        window = sample_later(rng, SHAPE)
        stages = [i for i, stage in enumerate(window.spec.stages) for _ in range(stage.num_frames)]
        shown = stages[window.start : window.start + window.num_frames]
        begin = window.start + window.prime_frames
        assert len(shown) == 11 and (begin - SHAPE.clip_frames) % SHAPE.new_frames == 0 and begin >= SHAPE.clip_frames
        assert len(set(shown[5:])) == 1 and window.spec.stages[shown[5]] == window.stage
        seen.add((shown[5], (begin - stages.index(shown[5])) // SHAPE.new_frames))
    assert {(i, clip) for i in (1, 2, 3) for clip in (0, 1, 2)} <= seen, "every clip of every segment"
    assert 0.5 < np.mean([_begins_a_segment(sample_later(rng, SHAPE)) for _ in range(400)]) < 0.75


def _begins_a_segment(window: Window) -> bool:
    ends = np.cumsum([stage.num_frames for stage in window.spec.stages])
    return window.start + window.prime_frames in ends


def test_no_rain_in_space_or_under_water() -> None:
    rng = np.random.default_rng(5)
    weathers = {scene: set() for scene in SCENE_NAMES}
    for _ in range(1000):
        window = sample_continuation(rng, SHAPE)
        weathers[window.spec.scene] |= {stage.weather for stage in window.spec.stages}
    for scene, seen in weathers.items():
        assert seen == ({"clear"} if scene in DRY_SCENES else {"clear", "rain", "snowfall"}), scene


def test_the_same_seed_gives_the_same_samples() -> None:
    for sample in SAMPLERS.values():
        first, second = np.random.default_rng(6), np.random.default_rng(6)
        assert [sample(first) for _ in range(20)] == [sample(second) for _ in range(20)]


def test_every_sampler_takes_the_full_world() -> None:
    rng = np.random.default_rng(7)
    for _ in range(150):
        opening, later = sample_opening(rng, SHAPE, part=FULL), sample_continuation(rng, SHAPE, part=FULL)
        still, script = sample_still(rng, part=FULL), sample_script(rng, SHAPE, part=FULL)
        assert sample_later(rng, SHAPE, part=FULL).spec.version == 2
        assert {w.spec.version for w in (opening, later, still)} == {2}
        assert (opening.num_frames, later.prime_frames, still.num_frames) == (11, 5, 1)
        assert later.start % SHAPE.new_frames == 0 and later.start + 11 <= later.spec.num_frames
        assert 3 <= len(script.prompts) == len(script.spec.stages) <= 5
        assert script.spec.num_frames == 11 + 6 * (len(script.prompts) - 1)


def test_bodies_can_be_switched_on_for_the_core() -> None:
    first = [sample_opening(np.random.default_rng(8), SHAPE)]
    second = [sample_opening(np.random.default_rng(8), SHAPE, part=replace(CORE, bodies=True))]
    assert [replace(w.spec, bodies=False) for w in second] == [w.spec for w in first]
    assert all(w.spec.bodies for w in second)


def test_splits_are_drawn_by_name() -> None:
    rng = np.random.default_rng(9)
    for _ in range(100):
        combo = sample_split("combos", rng, SHAPE, part=FULL)
        spec = combo.spec
        found = [(spec.subject, spec.scene), (spec.subject, combo.stage.motion), (spec.style, combo.stage.motion)]
        assert any(held_out(*pair, FULL.held_out_share) for pair in found)
        words = sample_split("words", rng, SHAPE, part=FULL, opening=True)
        assert held_out_noun(words.spec.subject).lower() in words.caption.lower()
        train = sample_split("train", rng, SHAPE)
        assert train.spec.version == 1 and not any(held_out(*pair) for pair in pairs(train))
