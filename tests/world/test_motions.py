"""Eighteen motions with many phrases, none of which means two of them."""

from __future__ import annotations

from phenaki.world.attributes import CAMERAS, COLOURS, RELATIONS, SIZES, STYLES
from phenaki.world.filters import FILTERS
from phenaki.world.grammar import phrases_for
from phenaki.world.motions import DEEDS, MOTIONS, NUM_CORE_MOTIONS
from phenaki.world.subjects import SUBJECTS


def test_there_are_eighteen_and_the_core_comes_first() -> None:
    assert len(DEEDS) == 18
    assert list(DEEDS)[:NUM_CORE_MOTIONS] == list(MOTIONS)


def test_every_motion_has_eight_phrases_for_every_subject() -> None:
    for motion in DEEDS:
        for subject in SUBJECTS:
            assert len(phrases_for(motion, subject.name)) >= 8, (motion, subject.name)


def test_no_phrase_means_two_motions_of_one_subject() -> None:
    for subject in SUBJECTS:
        owner: dict[str, str] = {}
        for motion in DEEDS:
            for phrase in phrases_for(motion, subject.name):
                assert owner.setdefault(phrase, motion) == motion, (subject.name, phrase)
                assert "{" not in phrase


def test_there_are_as_many_attributes_as_the_notes_ask_for() -> None:
    assert len(STYLES) == 7 and len({s.art for s in STYLES.values()}) == 3
    assert {s.filter for s in STYLES.values() if s.filter} == set(FILTERS) and len(FILTERS) == 4
    assert len(CAMERAS) == 1 + 5
    assert set(RELATIONS) == {"left of", "right of", "above", "chases"}
    assert len(COLOURS) >= 8 and set(SIZES) == {"small", "big"}
