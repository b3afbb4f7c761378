"""A part says what there is, and a checkpoint says which part it was trained on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from phenaki.errors import ConfigError
from phenaki.world.parts import CORE, FULL, LIVELY, PARTS, find_part
from phenaki.world.vocabulary import MOTION_NAMES, SCENE_NAMES, SUBJECT_NAMES, WEATHER_NAMES, vocabulary


def test_the_core_is_what_it_was() -> None:
    assert (CORE.version, len(CORE.subjects), len(CORE.scenes), len(CORE.motions)) == (1, 40, 8, 11)
    assert (CORE.subjects, CORE.scenes) == (SUBJECT_NAMES, SCENE_NAMES)
    assert (CORE.motions, CORE.weathers) == (MOTION_NAMES, WEATHER_NAMES)
    assert set(vocabulary()) == {"subjects", "places", "actions", "weather"}


def test_the_full_world_is_full() -> None:
    assert (
        len(FULL.subjects) >= 120
        and len(FULL.still_subjects) == 8
        and not set(FULL.subjects) & set(FULL.still_subjects)
    )
    assert (len(FULL.scenes), len(FULL.motions), len(FULL.styles), len(FULL.cameras)) == (16, 18, 7, 6)
    assert FULL.second_share == 0.3 and FULL.bodies
    words = vocabulary(FULL)
    assert {"colours", "sizes", "cameras", "styles", "second subjects"} < set(words)
    assert len(words["subjects"]) >= 128 and len(words["places"]) == 16 and len(words["actions"]) == 18
    assert all(word and "{" not in word for kind in words.values() for word in kind)


def test_a_part_without_styles_offers_none() -> None:
    assert "styles" not in vocabulary(LIVELY) and "colours" not in vocabulary(LIVELY)


def test_a_label_tells_what_was_changed() -> None:
    assert CORE.facts == {"world_version": 1, "world_part": "core"}
    assert FULL.facts == {"world_version": 2, "world_part": "full"}
    changed = replace(FULL, bodies=False, subjects=FULL.subjects[:50])
    assert changed.label == "full with 50 subjects, bodies False"
    assert replace(FULL, name="mine").label == "mine"


def test_parts_are_found_by_name() -> None:
    assert all(find_part(name) is part for name, part in PARTS.items())
    with pytest.raises(ConfigError, match="core, lively, full"):
        find_part("half")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subjects": ("ogre",)}, "'ogre'"),
        ({"scenes": ()}, "has no scenes"),
        ({"version": 3}, "use 1 or 2"),
        ({"styles": ("neon",)}, "styles .* need version=2"),
        ({"motions": ("zigzag",)}, "motions .* need version=2"),
        ({"layouts": 5}, "layouts is 5"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(change: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        replace(CORE, **change)
