"""The subjects are many, each has words of its own, and each knows how to move."""

from __future__ import annotations

from phenaki.world.bodies import BODIES
from phenaki.world.gaits import GAITS as GAIT_NAMES
from phenaki.world.motions import GROUPS, VERBS
from phenaki.world.subjects import STILL_SUBJECTS, SUBJECT_OF, SUBJECTS
from phenaki.world.ways import GAITS, WAYS


def test_there_are_128_or_more_and_eight_in_pictures_only() -> None:
    assert len({s.name for s in SUBJECTS}) == len(SUBJECTS) >= 128
    assert len(STILL_SUBJECTS) == 8 and set(STILL_SUBJECTS) <= set(SUBJECT_OF)
    assert len(SUBJECTS) - 8 >= 120
    assert len({s.sprite for s in SUBJECTS}) == len(SUBJECTS)


def test_every_subject_has_two_to_five_nouns_of_its_own() -> None:
    owner: dict[str, str] = {}
    for subject in SUBJECTS:
        words = (subject.name, *subject.nouns)
        assert 3 <= len(set(words)) == len(words) <= 5, subject.name
        for word in words:
            assert owner.setdefault(word.lower(), subject.name) == subject.name, word


def test_every_way_has_verbs_and_every_gait_can_be_drawn() -> None:
    assert set(WAYS) == set(VERBS) == set(GROUPS)
    assert {s.way for s in SUBJECTS} == set(WAYS)
    assert {way.gait for way in WAYS.values()} | set(GAITS.values()) <= {None, *GAIT_NAMES}
    assert set(GAITS) <= set(SUBJECT_OF)


def test_every_body_belongs_to_a_head() -> None:
    assert {s.body for s in SUBJECTS if s.body} == set(BODIES)
    listed = ("fox", "wolf", "raccoon", "lion", "moose", "unicorn", "boar", "hamster", "bear", "polar bear", "koala",
              "panda", "chicken", "frog")  # fmt: skip
    assert all(SUBJECT_OF[name].body for name in listed)
