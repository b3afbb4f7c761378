"""What can be told of a clip follows from the part of the world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from phenaki.evaluation.facts import ALONE, NOBODY, OWN, USUAL, ClipFacts, attributes_of, count_right, judged_part
from phenaki.shapes import ClipShape
from phenaki.world.parts import CORE, FULL, LIVELY, WorldPart
from phenaki.world.spec import Second, Stage, StorySpec
from phenaki.world.windows import sample_opening


def test_the_core_is_told_by_four_attributes() -> None:
    for part in (CORE, LIVELY):
        assert {name: len(values) for name, values in attributes_of(part).items()} == {
            "subject": 40, "scene": 8, "motion": 11, "weather": 3,
        }  # fmt: skip


def test_the_full_world_is_told_by_all_and_by_its_subjects_of_pictures() -> None:
    attributes = attributes_of(FULL)
    assert list(attributes)[4:] == ["style", "camera", "colour", "size", "relation", "second"]
    assert set(FULL.still_subjects) < set(attributes["subject"]) == set(judged_part(FULL).subjects)
    assert attributes["second"][0] == NOBODY and attributes["colour"][0] == OWN


def test_what_has_one_value_is_not_told() -> None:
    one = replace(FULL, styles=("neon",), cameras=("still",), sizes=(), second_share=0.0)
    assert list(attributes_of(one)) == ["subject", "scene", "motion", "weather", "colour"]


@pytest.mark.parametrize("part", [CORE, LIVELY, FULL])
def test_every_fact_of_a_story_has_its_place(part: WorldPart) -> None:
    rng, attributes, part = np.random.default_rng(0), attributes_of(part), judged_part(part)
    for _ in range(40):
        facts = ClipFacts.of(sample_opening(rng, ClipShape(), combos="all", part=part))
        places = facts.indices(attributes)
        assert [values[i] for values, i in zip(attributes.values(), places, strict=True)] == [
            getattr(facts, name) for name in attributes
        ]


def test_facts_tell_what_is_special_and_what_is_as_usual() -> None:
    plain = StorySpec("fox", "forest", (Stage("jump", 11),))
    assert ClipFacts.told(plain, plain.stages[0]) == ClipFacts("fox", "forest", "jump", "clear")
    stage = Stage("hop", 11, "rain", "zoom in", "stand")
    rich = StorySpec(
        "car", "beach", (stage,), style="neon", colour="red", size="big", second=Second("cat", "left of"), version=2
    )
    facts = ClipFacts.told(rich, stage)
    assert facts == ClipFacts("car", "beach", "hop", "rain", "neon", "zoom in", "red", "big", "left of", "cat")
    assert (ClipFacts("fox", "forest", "jump", "clear").size, facts.relation) == (USUAL, "left of")
    assert ClipFacts("fox", "forest", "jump", "clear").relation == ALONE


def test_all_right_asks_for_the_named_attributes_only() -> None:
    fox = ClipFacts("fox", "forest", "jump", "clear")
    neon = replace(fox, style="neon")
    assert count_right([fox, fox], [neon, replace(fox, subject="pig")], ["subject", "style"]) == {
        "subject": 1, "style": 1, "all right": 0,
    }  # fmt: skip
    assert count_right([fox], [neon], ["subject", "scene"])["all right"] == 1
