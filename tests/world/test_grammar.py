"""Captions of version 2 say what is there and nothing else, in words that are not held out."""

from __future__ import annotations

import re

import numpy as np
import pytest

from phenaki.shapes import ClipShape
from phenaki.world.attributes import COLOURS, STYLES
from phenaki.world.grammar import article, caption_2, follow_up_2, nouns_for, phrases_for
from phenaki.world.parts import FULL
from phenaki.world.scenes import SCENES
from phenaki.world.spec import Second, Stage, StorySpec
from phenaki.world.splits import held_out_noun, held_out_phrase
from phenaki.world.subjects import SUBJECTS
from phenaki.world.tales import sample_tale
from phenaki.world.windows import Window, sample_continuation, sample_opening, sample_still

SHAPE = ClipShape()


def words_of(text: str) -> str:
    return f" {re.sub('[,.:]', '', text.lower())} "


def holds(text: str, phrase: str) -> bool:
    """Whether the phrase stands in the text as whole words."""
    return words_of(phrase) in words_of(text)


def without(text: str, phrases: tuple[str, ...]) -> str:
    """The text without these phrases, longest first."""
    rest = words_of(text)
    for phrase in sorted(phrases, key=len, reverse=True):
        rest = rest.replace(words_of(phrase), " , ")
    return rest


def openings(seed: int, count: int, **options: object) -> list[Window]:
    rng = np.random.default_rng(seed)
    return [sample_opening(rng, SHAPE, part=FULL, **options) for _ in range(count)]  # type: ignore[arg-type]


def test_a_caption_names_its_subjects_and_what_they_do() -> None:
    for window in openings(0, 600):
        spec, text = window.spec, window.caption
        assert any(holds(text, noun) for noun in nouns_for(spec.subject)), text
        if spec.second is None:
            assert any(holds(text, phrase) for phrase in phrases_for(window.stage.motion, spec.subject)), text
        else:
            assert any(holds(text, noun) for noun in nouns_for(spec.second.subject)), text


def test_most_captions_name_place_colour_and_style() -> None:
    windows = openings(1, 600)
    places = {s.name: (*s.places, s.word or s.name) for s in SCENES}
    assert sum(any(holds(w.caption, p) for p in places[w.spec.scene]) for w in windows) > 0.9 * len(windows)
    coloured = [w for w in windows if w.spec.colour]
    assert sum(holds(w.caption, w.spec.colour or "") for w in coloured) > 0.85 * len(coloured)
    styled = [w for w in windows if w.spec.style != "toy"]
    phrases = {name: (*s.fronts, *s.ends, name) for name, s in STYLES.items()}
    assert sum(any(holds(w.caption, p) for p in phrases[w.spec.style]) for w in styled) > 0.85 * len(styled)


def test_a_caption_never_names_a_wrong_subject_place_or_colour() -> None:
    for window in openings(2, 500):
        spec, text = window.spec, window.caption
        names = [spec.subject, *([spec.second.subject] if spec.second else [])]
        rest = without(text, tuple(n for name in names for n in nouns_for(name)))
        own = next(s for s in SCENES if s.name == spec.scene)
        rest = without(rest, own.places)  # "at night in the city" is not "in the city"
        for scene in SCENES:
            if scene.name != spec.scene:
                assert not any(holds(rest, place) for place in scene.places), (scene.name, text)
        phrases = [p for s in STYLES.values() for p in (*s.fronts, *s.ends)]
        phrases += phrases_for(window.stage.motion, spec.subject)
        rest = without(rest, (*own.places, own.word or own.name, *phrases))
        for other in SUBJECTS:
            if other.name not in names:
                assert not any(holds(rest, noun) for noun in nouns_for(other.name)), (other.name, text)
        colours = {spec.colour, spec.second.colour if spec.second else None}
        assert not any(holds(rest, colour) for colour in COLOURS if colour not in colours), text


def test_training_never_uses_held_out_words() -> None:
    rng = np.random.default_rng(3)
    for sample in (sample_opening, sample_continuation):
        for _ in range(400):
            window = sample(rng, SHAPE, part=FULL)
            assert not held_out_word_in(window), window.caption
    for _ in range(300):
        assert not held_out_word_in(sample_still(rng, part=FULL))


def held_out_word_in(window: Window) -> bool:
    """Whether a caption has the held-out noun or phrase, not as a part of a longer one."""
    spec = window.spec
    kept = nouns_for(spec.subject, "train") + phrases_for(window.stage.motion, spec.subject, "train")
    rest = without(window.caption, kept)
    return holds(rest, held_out_noun(spec.subject)) or (
        spec.second is None and holds(rest, held_out_phrase(window.stage.motion))
    )


def test_the_paraphrase_split_uses_them() -> None:
    for window in openings(4, 200, words="held-out"):
        assert holds(window.caption, held_out_noun(window.spec.subject)), window.caption
        if window.spec.second is None:
            assert holds(window.caption, held_out_phrase(window.stage.motion)), window.caption


def test_a_coloured_subject_has_no_other_colour_in_its_name() -> None:
    stage = Stage("jump", 11)
    rng = np.random.default_rng(5)
    for _ in range(100):
        text = caption_2(StorySpec("car", "city", (stage,), colour="blue", version=2), stage, rng, "all")
        assert "red" not in text.lower().split(), text


def test_left_and_right_are_told_apart() -> None:
    rng = np.random.default_rng(6)
    stage = Stage("jump", 11, second_motion="spin")
    for relation, side, other in (("left of", "left", "right"), ("right of", "right", "left")):
        spec = StorySpec("fox", "city", (stage,), second=Second("car", relation), version=2)
        for _ in range(100):
            text = caption_2(spec, stage, rng, "all")
            assert holds(text, side)
            if holds(text, other):  # one on the left and the other on the right
                assert text.index(f"on the {side}") < text.index(f"on the {other}")


@pytest.mark.parametrize(
    ("phrase", "wanted"),
    [("fox", "a"), ("owl", "an"), ("unicorn", "a"), ("ufo", "a"), ("orange fox", "an"), ("ewe", "a"), ("emmet", "an"),
     ("one-humped camel", "a"), ("ice bear", "an"), ("android", "an"), ("huge owl", "a")],
)  # fmt: skip
def test_the_article_suits_the_sound(phrase: str, wanted: str) -> None:
    assert article(phrase) == wanted


def test_a_sketch_of_is_followed_by_its_subject() -> None:
    for window in openings(7, 800):
        found = re.search(r"\b(?:of|with) (in|on|at|under|among|by|near|between|below|while|as)\b", window.caption)
        assert not found, window.caption


def test_a_follow_up_may_leave_out_what_stays() -> None:
    rng = np.random.default_rng(8)
    spec = StorySpec("fox", "city", (Stage("right", 11), Stage("jump", 6, "rain", "zoom in")), version=2)
    texts = [follow_up_2(spec, 1, rng, "all") for _ in range(300)]
    assert all(any(holds(t, p) for p in phrases_for("jump", "fox")) for t in texts)
    assert sum(holds(t, "it") for t in texts) > 30 and sum("rain" in t.lower() for t in texts) > 150
    spec = StorySpec("fox", "city", (Stage("jump", 11), Stage("jump", 6, "nightfall")), version=2)
    texts = [follow_up_2(spec, 1, rng, "all").lower() for _ in range(300)]
    assert any(t in ("night falls", "it gets dark", "then night falls") for t in texts)


def test_a_still_caption_has_no_deed() -> None:
    rng = np.random.default_rng(9)
    for _ in range(200):
        window = sample_still(rng, part=FULL)
        spec = window.spec
        others = tuple(p for style in STYLES.values() for p in (*style.fronts, *style.ends))
        rest = without(window.caption, (*nouns_for(spec.subject), *others))
        assert not any(holds(rest, p) for p in phrases_for(spec.stages[0].motion, spec.subject)), window.caption


def test_the_same_chance_gives_the_same_caption() -> None:
    spec = sample_tale(np.random.default_rng(0), (11,), combos="all", part=FULL)
    first, second = (caption_2(spec, spec.stages[0], np.random.default_rng(1)) for _ in range(2))
    assert first == second
