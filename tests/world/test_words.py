"""The known words of a part are those of its training captions."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from phenaki.shapes import ClipShape
from phenaki.world import captions
from phenaki.world.parts import CORE, FULL, LIVELY, WorldPart
from phenaki.world.vocabulary import vocabulary
from phenaki.world.windows import sample_continuation, sample_opening, sample_still
from phenaki.world.words import known_words

FEW = replace(
    FULL, subjects=FULL.subjects[:3], still_subjects=(), scenes=FULL.scenes[:3], motions=FULL.motions[:6],
    weathers=FULL.weathers[:4],
)  # fmt: skip


def read(part: WorldPart, count: int) -> set[str]:
    rng, shape = np.random.default_rng(0), ClipShape()
    texts = [sample_opening(rng, shape, part=part).caption for _ in range(count)]
    texts += [sample_continuation(rng, shape, part=part).caption for _ in range(count)]
    texts += [sample_still(rng, part=part).caption for _ in range(count)]
    return set(re.findall(r"[\w-]+", " ".join(texts).lower()))


@pytest.mark.parametrize("part", [LIVELY, FULL, FEW], ids=lambda part: part.label)
def test_captions_use_no_other_words(part: WorldPart) -> None:
    assert not read(part, 250) - set(known_words(part))


def test_no_word_is_known_that_training_never_reads() -> None:
    known = known_words(FEW)
    assert list(known) == sorted(set(known))
    assert len(read(FEW, 1500)) > 0.95 * len(known)  # some suit what this part lacks


def test_the_core_keeps_its_words_and_offered_words_are_known() -> None:
    assert known_words(CORE) == captions.known_words()
    offered = {word for phrases in vocabulary(LIVELY).values() for phrase in phrases for word in phrase.lower().split()}
    assert offered <= set(known_words(LIVELY))
