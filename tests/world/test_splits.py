"""Little is held out, nothing wholly, and words that are held out stay out of training."""

from __future__ import annotations

import numpy as np

from phenaki.world.habitats import lives_in
from phenaki.world.parts import CORE, FULL
from phenaki.world.splits import held_out, held_out_noun, held_out_phrase
from phenaki.world.subjects import SUBJECT_OF

SHARE = FULL.held_out_share


def table(rows: tuple[str, ...], columns: tuple[str, ...]) -> np.ndarray:
    return np.array([[held_out(a, b, SHARE) for b in columns] for a in rows])


def test_eight_in_a_hundred_pairs_are_held_out() -> None:
    for rows, columns in ((FULL.subjects, FULL.motions), (FULL.subjects, FULL.scenes), (FULL.styles, FULL.motions)):
        assert 0.05 < table(rows, columns).mean() < 0.11


def test_each_factor_is_seen_ten_other_ways() -> None:
    motions, styles = table(FULL.subjects, FULL.motions), table(FULL.styles[1:], FULL.motions)
    assert (~motions).sum(1).min() >= 10 and (~motions).sum(0).min() >= 10
    assert (~styles).sum(1).min() >= 10
    lives = np.array([[lives_in(subject, scene) for scene in FULL.scenes] for subject in FULL.subjects])
    shown = lives & ~table(FULL.subjects, FULL.scenes)
    assert shown.sum(1).min() >= 10 and shown.sum(0).min() >= 10


def test_what_the_core_holds_out_the_full_world_holds_out_too() -> None:
    for subject in CORE.subjects:
        for other in (*CORE.scenes, *CORE.motions):
            assert not held_out(subject, other) or held_out(subject, other, SHARE)


def test_one_noun_and_one_phrase_are_held_out_and_never_the_usual_one() -> None:
    for name, subject in SUBJECT_OF.items():
        assert held_out_noun(name) in subject.nouns
    for motion in FULL.motions:
        assert held_out_phrase(motion)
