"""Captions say what is there, in good English, and nothing else."""

from __future__ import annotations

import re

import numpy as np
import pytest

from phenaki.world.captions import caption, follow_up, known_words, nouns, still_caption, verb_phrases
from phenaki.world.vocabulary import MOTION_NAMES, SCENES, SUBJECT_NAMES, SUBJECTS, WEATHERS, vocabulary
from phenaki.world.windows import DRY_SCENES

KEYWORDS = {"moon": "outer space", "snow": "snowy hill", "meadow": "sunset meadow"}
VOWEL_SOUNDS = ("ape", "alien", "android", "automobile", "elephant", "emperor", "octopus", "orange", "owl")
ALL_VERBS = {v for m in MOTION_NAMES for s in SUBJECT_NAMES for v in verb_phrases(m, s)}


def draw(rng: np.random.Generator) -> tuple[str, str, str, str]:
    """A subject, scene, motion and weather."""
    subject, scene = str(rng.choice(SUBJECT_NAMES)), str(rng.choice([s.name for s in SCENES]))
    weather = "clear" if scene in DRY_SCENES else str(rng.choice(list(WEATHERS)))
    return subject, scene, str(rng.choice(MOTION_NAMES)), weather


def words_of(text: str) -> str:
    """The text in small letters, without commas and stops, with a space before and after."""
    return f" {text.lower().replace(',', '').replace('.', '')} "


def holds(text: str, phrase: str) -> bool:
    """Whether the phrase stands in the text as whole words."""
    return words_of(phrase) in words_of(text)


def without(text: str, phrases: tuple[str, ...]) -> str:
    """The text without these phrases, longest first."""
    rest = words_of(text)
    for phrase in sorted(phrases, key=len, reverse=True):
        rest = rest.replace(words_of(phrase), " , ")
    return rest


def scene_words(name: str) -> tuple[str, ...]:
    (scene,) = (s for s in SCENES if s.name == name)
    return (*scene.places, KEYWORDS.get(name, name))


def test_a_caption_names_its_subject_scene_motion_and_weather() -> None:
    rng = np.random.default_rng(0)
    for _ in range(800):
        subject, scene, motion, weather = draw(rng)
        text = caption(subject, scene, motion, weather, rng)
        assert any(holds(text, noun) for noun in nouns(subject)), text
        assert any(holds(text, place) for place in scene_words(scene)), text
        assert any(holds(text, verb) for verb in verb_phrases(motion, subject)), text
        if weather != "clear":
            assert any(holds(text, words) for words in (*WEATHERS[weather], "rain", "snow falling")), text


def test_a_caption_never_names_a_wrong_subject_or_scene() -> None:
    rng = np.random.default_rng(1)
    places = {s.name: scene_words(s.name) for s in SCENES}
    for _ in range(800):
        subject, scene, motion, weather = draw(rng)
        text = caption(subject, scene, motion, weather, rng)
        rest = without(text, nouns(subject))
        for scene_name, phrases in places.items():
            if scene_name != scene:
                assert not any(holds(rest, p) for p in phrases), (scene_name, text)
        rest = without(rest, (*places[scene], *WEATHERS[weather], *verb_phrases(motion, subject)))
        for other in SUBJECTS:
            if other.name != subject:
                assert not any(holds(rest, noun) for noun in nouns(other.name)), (other.name, text)


def test_the_article_suits_the_noun() -> None:
    rng = np.random.default_rng(2)
    for _ in range(800):
        text = caption(*draw(rng), rng)
        for article, word in re.findall(r"\b(an?) ([\w-]+)", text.lower()):
            assert (article == "an") == word.startswith(VOWEL_SOUNDS), text


def test_a_still_caption_has_no_verb_phrase() -> None:
    rng = np.random.default_rng(3)
    for _ in range(500):
        subject, scene, _, weather = draw(rng)
        text = still_caption(subject, scene, weather, rng)
        assert any(holds(text, noun) for noun in nouns(subject))
        assert any(holds(text, place) for place in scene_words(scene))
        rest = without(text, (*nouns(subject), *WEATHERS[weather]))
        assert not any(holds(rest, verb) for verb in ALL_VERBS), text


def test_a_follow_up_may_leave_out_what_stays() -> None:
    rng = np.random.default_rng(4)
    texts = [follow_up("fox", "forest", "jump", "clear", ("right", "clear"), rng) for _ in range(300)]
    assert all(any(holds(t, v) for v in verb_phrases("jump", "fox")) for t in texts)
    short = [t for t in texts if not any(holds(t, p) for p in scene_words("forest"))]
    assert 60 < len(short) < 240
    assert any(t.lower().startswith(("it ", "then it ")) for t in short)
    assert any("fox" in t.lower() for t in short)


def test_a_follow_up_tells_of_new_weather() -> None:
    rng = np.random.default_rng(5)
    texts = [follow_up("fox", "forest", "jump", "rain", ("jump", "clear"), rng) for _ in range(300)]
    assert sum("rain" in t.lower() for t in texts) > 200


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_chance_gives_the_same_caption(seed: int) -> None:
    facts = ("fox", "snow", "jump", "snowfall")
    assert caption(*facts, np.random.default_rng(seed)) == caption(*facts, np.random.default_rng(seed))


def test_the_known_words_are_those_of_captions_and_no_others() -> None:
    rng = np.random.default_rng(0)
    seen: set[str] = set()
    for _ in range(6000):
        subject, scene, motion, weather = draw(rng)
        seen.update(words_of(caption(subject, scene, motion, weather, rng)).split())
        seen.update(words_of(still_caption(subject, scene, weather, rng)).split())
        seen.update(words_of(follow_up(subject, scene, motion, weather, draw(rng)[2:], rng)).split())
    assert seen == set(known_words())


def test_the_known_words_are_sorted_and_hold_those_that_are_offered() -> None:
    assert list(known_words()) == sorted(set(known_words()))
    offered = " ".join(phrase for phrases in vocabulary().values() for phrase in phrases)
    assert set(offered.lower().split()) <= set(known_words())
