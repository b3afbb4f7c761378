"""Paraphrases say what is shown in words that no training caption has."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest

from phenaki.evaluation import paraphrases
from phenaki.evaluation.paraphrases import DEEDS, NOUNS, PLACES, SKIES, can_paraphrase, paraphrase
from phenaki.shapes import ClipShape
from phenaki.world import attributes, motions, weathers
from phenaki.world.captions import known_words, nouns, verb_phrases
from phenaki.world.grammar import nouns_for, phrases_for
from phenaki.world.parts import CORE, FULL, LIVELY
from phenaki.world.scenes import SCENE_OF, SCENES
from phenaki.world.windows import sample_opening

SMALL_WORDS = "a an the it then and on of to that camera picture photo behind left right"  # of the grammars themselves


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w'-]+", text.lower()))


def training_words() -> set[str]:
    """Every word that a caption of version 1 or 2 can have."""
    texts = [SMALL_WORDS, *known_words(), *motions.CHASES, *weathers.WEATHER_WORDS.values(), *attributes.COLOURS]
    for subject in FULL.subjects + FULL.still_subjects:
        texts += nouns_for(subject)
        for motion in FULL.motions:
            texts += phrases_for(motion, subject)
    for scene in SCENES:
        texts += [*scene.places, scene.word, scene.name]
    for table in (weathers.WEATHERS, weathers.WEATHER_EVENTS, attributes.RELATIONS):
        texts += itertools.chain(*table.values())
    texts += [phrase for style in attributes.STYLES.values() for phrase in (*style.fronts, *style.ends)]
    texts += [phrase for kinds in attributes.CAMERAS.values() for kind in kinds for phrase in kind]
    texts += [word for _, adjectives in attributes.SIZES.values() for word in adjectives]
    return set().union(*map(words, texts))


def test_the_words_of_training_are_those_of_its_captions() -> None:
    known, rng = training_words(), np.random.default_rng(0)
    for part in (CORE, LIVELY, FULL):
        for _ in range(200):
            text = sample_opening(rng, ClipShape(), combos="all", part=part).caption
            assert words(text) <= known, text


def test_no_paraphrase_can_be_drawn_in_training() -> None:
    known = training_words()
    for motion, phrases in DEEDS.items():
        for phrase in phrases:
            assert words(phrase) - known, f"{motion}: training could say {phrase!r}"


def test_other_nouns_places_and_skies_are_none_of_the_grammars() -> None:
    for subject, names in NOUNS.items():
        assert not {n.lower() for n in names} & {n.lower() for n in (*nouns(subject), *nouns_for(subject))}
    for scene, places in PLACES.items():
        assert not set(places) & set(SCENE_OF[scene].places)
    for weather, phrases in SKIES.items():
        assert not set(phrases) & set(weathers.WEATHERS[weather])


def test_there_are_words_for_all_of_the_core_and_for_no_more() -> None:
    assert set(NOUNS) == set(CORE.subjects) and set(PLACES) == set(CORE.scenes)
    assert set(DEEDS) == set(CORE.motions) and set(SKIES) == set(CORE.weathers)
    assert can_paraphrase(CORE) and can_paraphrase(LIVELY) and not can_paraphrase(FULL)
    assert not can_paraphrase(replace(LIVELY, colours=("red",)))


def test_a_paraphrase_tells_all_in_many_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    texts = [paraphrase("octopus", "beach", "jump", "rain", rng) for _ in range(400)]
    assert len(set(texts)) > 200
    for text in texts:
        assert any(deed in text for deed in DEEDS["jump"]) and not any(v in text for v in verb_phrases("jump", "fox"))
        assert any(noun in text for noun in (*NOUNS["octopus"], *nouns("octopus"))), text
        assert any(place in text for place in (*PLACES["beach"], *SCENE_OF["beach"].places)), text
        assert any(sky in text for sky in (*SKIES["rain"], *weathers.WEATHERS["rain"])), text
        assert "  " not in text and "{" not in text
    assert 0.35 < np.mean([any(f"{noun} " in t for noun in NOUNS["octopus"]) for t in texts]) < 0.65
    monkeypatch.setattr(paraphrases, "OTHER_WORDS", 0.0)
    usual = [paraphrase("octopus", "beach", "jump", "rain", rng) for _ in range(50)]
    assert not any(noun in t for noun in NOUNS["octopus"] for t in usual)
    assert "an eight-armed octopus" in " ".join(texts) and "a kraken" in " ".join(texts)


def test_clear_weather_goes_without_saying() -> None:
    rng = np.random.default_rng(0)
    texts = [paraphrase("fox", "moon", "stand", "clear", rng) for _ in range(40)]
    assert not any(word in t for t in texts for word in ("rain", "snow", "downpour"))
