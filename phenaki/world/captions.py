"""The caption grammar: many ways to say what a stage shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from phenaki.world.vocabulary import MOTIONS, SCENES, SUBJECTS, WEATHER_EVENTS, WEATHERS

_SUBJECT = {s.name: s for s in SUBJECTS}
_SCENE = {s.name: s for s in SCENES}
_STILLS = ("", "", "a picture of ", "a photo of ")
_FRAMES = (  # what people put around a sentence
    "a video of {} that {}", "{} that {}", "in this film {} {}", "look how {} {}", "here {} {}", "a movie where {} {}",
)  # fmt: skip
_JOINTS = ("a", "an", "the", "it", "then", "and")  # words of the grammar itself


def verb_phrases(motion: str, subject: str) -> tuple[str, ...]:
    """Every phrase for ``motion`` that suits ``subject``."""
    table = MOTIONS[motion]
    return table["any"] + table.get(_SUBJECT[subject].kind, ())


def nouns(subject: str) -> tuple[str, ...]:
    """Every name of ``subject``, the usual one first."""
    return (subject, *_SUBJECT[subject].nouns)


def caption(subject: str, scene: str, motion: str, weather: str, rng: np.random.Generator) -> str:
    """A caption that tells all: who, what, where and the weather.

    Source: one of five word orders, drawn with the phrases from ``rng``.
    """
    who, verb, place = _noun(subject, rng), _pick(verb_phrases(motion, subject), rng), _pick(_SCENE[scene].places, rng)
    sky = _pick(WEATHERS[weather], rng) if WEATHERS[weather] else ""
    style = rng.random()
    if style < 0.08:  # keywords
        return _case(
            ", ".join(w for w in (_pick(nouns(subject), rng), _keyword(scene), verb, _weather_word(weather)) if w), rng
        )
    if style < 0.24:  # the place first
        return _case(f"{place}, {who} {verb}{' ' + sky if sky else ''}", rng)
    if style < 0.34 and sky:  # the weather first
        return _case(f"{sky}, {who} {verb} {place}", rng)
    plain = f"{who} {verb}" if style < 0.9 else _pick(_FRAMES, rng).format(who, verb)
    return _case(f"{plain} {place}{' ' + sky if sky else ''}", rng)


def follow_up(
    subject: str, scene: str, motion: str, weather: str, before: tuple[str, str], rng: np.random.Generator
) -> str:
    """A caption of a later stage, which may lean on the one before, whose ``(motion, weather)`` are given.

    It may say "it" or "the fox", and leave out what has not changed.
    """
    if rng.random() < 0.45:
        return caption(subject, scene, motion, weather, rng)
    verb = _pick(verb_phrases(motion, subject), rng)
    if weather != before[1] and rng.random() < 0.6:
        event = _pick(WEATHER_EVENTS[weather], rng)
        if motion == before[0] and rng.random() < 0.5:
            return _case(f"then {event}" if rng.random() < 0.5 else event, rng)
        return _case(f"{event} and the {_pick(nouns(subject), rng)} {verb}", rng)
    who = "it" if rng.random() < 0.35 else f"the {_pick(nouns(subject), rng)}"
    start = "then " if rng.random() < 0.25 else ""
    sky = f" {_pick(WEATHERS[weather], rng)}" if WEATHERS[weather] and rng.random() < 0.6 else ""
    return _case(f"{start}{who} {verb}{sky}", rng)


def still_caption(subject: str, scene: str, weather: str, rng: np.random.Generator) -> str:
    """A caption of a single picture: nothing moves."""
    place = _pick(_SCENE[scene].places, rng)
    sky = f" {_pick(WEATHERS[weather], rng)}" if WEATHERS[weather] else ""
    return _case(f"{_pick(_STILLS, rng)}{_noun(subject, rng)} {place}{sky}", rng)


def known_words() -> tuple[str, ...]:
    """Every single word that captions use, in small letters, sorted; a word may hold hyphens."""
    return tuple(sorted({word for phrase in _phrases() for word in re.findall(r"[\w-]+", phrase.lower())}))


def _phrases() -> Iterator[str]:
    """All that captions are put together from."""
    yield from _JOINTS
    yield from (frame.format("", "") for frame in _FRAMES)
    yield from _STILLS
    for subject in SUBJECTS:
        yield from nouns(subject.name)
    for scene in SCENES:
        yield from scene.places
        yield _keyword(scene.name)
    for motion in MOTIONS.values():
        for phrases in motion.values():
            yield from phrases
    for weather in WEATHERS:
        yield _weather_word(weather)
        yield from WEATHERS[weather]
        yield from WEATHER_EVENTS[weather]


def _noun(subject: str, rng: np.random.Generator) -> str:
    """A noun with its article; the usual noun half of the time."""
    word = subject if rng.random() < 0.5 else _pick(nouns(subject), rng)
    if rng.random() < 0.12:
        return f"the {word}"
    return f"{'an' if word[0].lower() in 'aeiou' and not word.startswith('u') else 'a'} {word}"


def _keyword(scene: str) -> str:
    return {"moon": "outer space", "snow": "snowy hill", "meadow": "sunset meadow"}.get(scene, scene)


def _weather_word(weather: str) -> str:
    return {"clear": "", "rain": "rain", "snowfall": "snow falling"}[weather]


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _case(text: str, rng: np.random.Generator) -> str:
    """Sometimes as a sentence, mostly as it is."""
    return text[0].upper() + text[1:] + "." if rng.random() < 0.25 else text
