"""Stories of the full world fit together, show what they say, and leave out what is held out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from phenaki.world.deeds import OUTSIDE
from phenaki.world.habitats import can_be_with, lives_in, weathers_in
from phenaki.world.motion import story_poses
from phenaki.world.parts import FULL, LIVELY
from phenaki.world.spec import StorySpec
from phenaki.world.splits import held_out
from phenaki.world.subjects import SUBJECT_OF
from phenaki.world.tales import sample_tale

SHARE = FULL.held_out_share


def tales(seed: int, count: int, lengths: tuple[int, ...] = (11, 6, 6), **options: object) -> Iterator[StorySpec]:
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield sample_tale(rng, lengths, **({"combos": "train", "part": FULL} | options))  # type: ignore[arg-type]


def pairs(spec: StorySpec, stages: int | None = None) -> list[tuple[str, str]]:
    """Every pair of a story that could be held out."""
    found = [(spec.subject, spec.scene)]
    found += [(spec.subject, s.motion) for s in spec.stages[:stages]]
    if spec.style != "toy":
        found += [(spec.style, s.motion) for s in spec.stages[:stages]]
    return found


def test_training_never_shows_a_held_out_pair_and_shows_all_there_is() -> None:
    seen: dict[str, set[object]] = {key: set() for key in ("subject", "scene", "motion", "weather", "camera", "style")}
    for spec in tales(0, 1500):
        assert not any(held_out(*pair, SHARE) for pair in pairs(spec)), spec
        if spec.second:
            others = [(spec.second.subject, spec.scene)]
            others += [(spec.second.subject, s.second_motion or "") for s in spec.stages]
            assert not any(held_out(*pair, SHARE) for pair in others), spec
        for key in ("subject", "scene", "style"):
            seen[key].add(getattr(spec, key))
        for stage in spec.stages:
            for key in ("motion", "weather", "camera"):
                seen[key].add(getattr(stage, key))
    for key, values in seen.items():
        assert values == set(getattr(FULL, f"{key}s")), key


def test_held_out_stories_begin_with_a_held_out_pair() -> None:
    for spec in tales(1, 150, combos="held-out"):
        assert any(held_out(*pair, SHARE) for pair in pairs(spec, 1)), spec


def test_a_third_has_a_second_subject_that_fits() -> None:
    specs = list(tales(2, 800))
    with_second = [s for s in specs if s.second]
    assert 0.22 < len(with_second) / len(specs) < 0.36
    for spec in with_second:
        assert spec.second is not None
        assert can_be_with(spec.subject, spec.second.subject, spec.second.relation)
        assert lives_in(spec.second.subject, spec.scene)
        if spec.second.relation == "chases":
            ways = {(s.motion, s.second_motion) for s in spec.stages}
            assert ways in ({("right", "right")}, {("left", "left")})
    assert {s.second.relation for s in with_second if s.second} == set(FULL.relations)


def test_everyone_lives_where_they_are_and_weather_is_of_the_place() -> None:
    for spec in tales(3, 500):
        assert lives_in(spec.subject, spec.scene)
        for stage in spec.stages:
            assert stage.weather in weathers_in(spec.scene, FULL.weathers)


def test_who_leaves_is_away_until_it_enters_again() -> None:
    left = 0
    for spec in tales(4, 600, (11, 6, 6, 6)):
        motions = [s.motion for s in spec.stages]
        for number, motion in enumerate(motions):
            if motion.startswith("enter"):
                assert number == 0 or motions[number - 1] == "leave"
            if motion == "leave" and number + 1 < len(motions):
                left += 1
                assert motions[number + 1].startswith("enter")
        if spec.second is None:
            end = abs(story_poses(spec).x[-1] - 32)
            assert end > OUTSIDE - 1 if motions[-1] == "leave" else end < 20
    assert left > 20


def test_the_sun_rises_only_where_it_was_dark() -> None:
    for spec in tales(5, 600):
        weathers = [s.weather for s in spec.stages]
        for before, now in itertools.pairwise(weathers):
            assert now != "sunrise" or before in ("nightfall", "stars", "fireworks")


def test_colours_are_for_those_that_stay_what_they_are() -> None:
    coloured = [s for s in tales(6, 600) if s.colour]
    assert len(coloured) > 60
    assert all(SUBJECT_OF[s.subject].tint for s in coloured)
    assert not any(s.scene == "snow" and s.colour == "white" for s in coloured)


def test_still_pictures_may_show_what_videos_never_show() -> None:
    stills = list(tales(7, 600, (11,), still=True))
    assert {s.subject for s in stills} >= set(FULL.still_subjects)
    assert not {s.subject for s in tales(8, 800)} & set(FULL.still_subjects)
    assert all(s.stages[0].camera == "still" for s in stills)


def test_a_small_part_has_only_its_own() -> None:
    for spec in tales(9, 200, part=LIVELY):
        assert spec.subject in LIVELY.subjects and spec.scene in LIVELY.scenes
        assert (spec.style, spec.colour, spec.size, spec.second) == ("toy", None, None, None)
        assert spec.version == 2 and spec.bodies and spec.layout < LIVELY.layouts


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_tells_the_same_tales(seed: int) -> None:
    assert list(tales(seed, 30)) == list(tales(seed, 30))
