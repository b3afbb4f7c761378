"""The caption grammar of version 2: styles, cameras, colours, two subjects, places and weather in many orders.

Every function draws from ``rng`` alone. ``words`` says which phrases may be used: "train" leaves out those that are
held out, "held-out" has the held-out noun and phrase of the first subject, "all" takes what comes.
"""

from __future__ import annotations

import functools

import numpy as np

from phenaki.world.attributes import CAMERAS, COLOUR_WORDS, RELATIONS, SIZE_WORDS, SIZES, STYLES
from phenaki.world.motions import CHASES, DEEDS, GROUPS, VERBS
from phenaki.world.scenes import SCENE_OF
from phenaki.world.spec import Stage, StorySpec
from phenaki.world.splits import held_out_noun, held_out_phrase
from phenaki.world.subjects import SUBJECT_OF
from phenaki.world.weathers import WEATHER_EVENTS, WEATHER_WORDS, WEATHERS

WORDS = ("train", "held-out", "all")
SPARSE = 0.22  # of the captions leave something out


@functools.cache
def phrases_for(motion: str, subject: str, words: str = "all") -> tuple[str, ...]:
    """Phrases for a motion that suit a subject, each once."""
    table, way = DEEDS[motion], SUBJECT_OF[subject].way
    held = held_out_phrase(motion)
    if words == "held-out":
        return (held,)
    found = table["any"] + tuple(p for group in GROUPS[way] for p in table.get(group, ()))
    spelled = [p.format(verb) for p in found for verb in (VERBS[way] if "{}" in p else ("",))]
    return tuple(dict.fromkeys(p for p in spelled if words == "all" or p != held))


@functools.cache
def nouns_for(subject: str, words: str = "all", *, plain: bool = False) -> tuple[str, ...]:
    """Names of a subject, the usual one first; ``plain``: without those that tell a colour or a size."""
    held = held_out_noun(subject)
    if words == "held-out":
        return (held,)
    found = [n for n in (subject, *SUBJECT_OF[subject].nouns) if words == "all" or n != held]
    if plain:
        found = [n for n in found if n == subject or not set(n.lower().split()) & {*COLOUR_WORDS, *SIZE_WORDS}]
    return tuple(found)


def caption_2(spec: StorySpec, stage: Stage, rng: np.random.Generator, words: str = "train") -> str:
    """A caption of a stage that tells all, or nearly all."""
    left_out = _pick(("colour", "size", "place", "weather", "camera", "style"), rng) if _chance(rng, SPARSE) else ""
    place = "" if left_out == "place" else _pick(SCENE_OF[spec.scene].places, rng)
    weather = "" if left_out == "weather" or stage.weather == "clear" else _pick(WEATHERS[stage.weather], rng)
    camera = "" if left_out == "camera" or stage.camera == "still" else _pick(CAMERAS[stage.camera][0], rng)
    style = "" if left_out == "style" else _style(spec.style, rng)
    if spec.second is None and _chance(rng, 0.08):
        return _keywords(spec, stage, rng, words, place=not left_out == "place")
    who = _who(spec, rng, words, colour=left_out != "colour", size=left_out != "size")
    deed = _deed(spec, stage, rng, words, colour=left_out != "colour")
    order = 1.0 if style.endswith(("of ", "with ")) else rng.random()  # "a sketch of" wants its subject next
    if order < 0.18 and place:
        text = f"{place}, {who} {deed}{_space(weather)}"
    elif order < 0.28 and weather:
        text = f"{weather}, {who} {deed}{_space(place)}"
    else:
        text = f"{who} {deed}{_space(place)}{_space(weather)}"
    return _finish(text, camera, style, rng)


def follow_up_2(spec: StorySpec, number: int, rng: np.random.Generator, words: str = "train") -> str:
    """A caption of stage ``number`` (1 or more) that may lean on the stage before: "then it jumps", "it gets dark"."""
    stage, before = spec.stages[number], spec.stages[number - 1]
    if _chance(rng, 0.4):
        return caption_2(spec, stage, rng, words)
    same_deed = (stage.motion, stage.second_motion) == (before.motion, before.second_motion)
    news = []
    if stage.weather != before.weather and _chance(rng, 0.75):
        news.append(_pick(WEATHER_EVENTS[stage.weather], rng))
    if stage.camera != before.camera and _chance(rng, 0.75):
        news.append(_pick(CAMERAS[stage.camera][1], rng))
    then = "then " if _chance(rng, 0.25) else ""
    if news and same_deed and _chance(rng, 0.6):
        return _case(then + " and ".join(news), rng)
    known = "it" if _chance(rng, 0.35) and spec.second is None and words != "held-out" else _the(spec, rng, words)
    text = f"{then}{known} {_deed(spec, stage, rng, words, known=True)}"
    if stage.weather == before.weather != "clear" and _chance(rng, 0.4):
        text += _space(_pick(WEATHERS[stage.weather], rng))
    if news:
        text = (
            f"{' and '.join(news)} and {text.removeprefix('then ')}" if _chance(rng, 0.5) else f"{text} and {news[0]}"
        )
    return _case(text, rng)


def still_caption_2(spec: StorySpec, rng: np.random.Generator, words: str = "train") -> str:
    """A caption of a single picture: nothing moves."""
    stage = spec.stages[0]
    left_out = _pick(("colour", "size", "place", "weather", "style"), rng) if _chance(rng, SPARSE) else ""
    who = _who(spec, rng, words, colour=left_out != "colour", size=left_out != "size")
    if spec.second is not None:
        who = f"{who} {_beside(spec, rng, words, colour=left_out != 'colour')}"
    place = "" if left_out == "place" else _pick(SCENE_OF[spec.scene].places, rng)
    weather = "" if left_out == "weather" or stage.weather == "clear" else _pick(WEATHERS[stage.weather], rng)
    style = "" if left_out == "style" else _style(spec.style, rng)
    start = "" if style else _pick(("", "", "a picture of ", "a photo of "), rng)
    return _finish(f"{start}{who}{_space(place)}{_space(weather)}", "", style, rng)


def _who(spec: StorySpec, rng: np.random.Generator, words: str, *, colour: bool, size: bool) -> str:
    """The first subject with its article and adjectives."""
    adjectives = []
    if spec.size and size:
        adjectives.append(_pick(SIZES[spec.size][1], rng))
    if spec.colour and colour:
        adjectives.append(spec.colour)
    return _noun_phrase(spec.subject, adjectives, bool(spec.colour or spec.size), rng, words)


def _noun_phrase(subject: str, adjectives: list[str], plain: bool, rng: np.random.Generator, words: str) -> str:
    noun = _noun(subject, rng, words, plain=plain)
    phrase = " ".join([*adjectives, noun])
    if _chance(rng, 0.10):
        return f"the {phrase}"
    return f"{article(phrase)} {phrase}"


def article(phrase: str) -> str:
    """ "a" or "an", by sound."""
    word = phrase.lower()
    vowel = word[0] in "aeio" or (word[0] == "u" and not word.startswith(("uni", "ufo")))
    return "an" if vowel and not word.startswith(("ewe", "one", "eu")) else "a"


def _noun(subject: str, rng: np.random.Generator, words: str, *, plain: bool) -> str:
    """The usual noun half of the time, as a word that is not held out."""
    options = nouns_for(subject, words, plain=plain)
    return options[0] if _chance(rng, 0.5) else _pick(options, rng)


def _the(spec: StorySpec, rng: np.random.Generator, words: str) -> str:
    return f"the {_noun(spec.subject, rng, words, plain=bool(spec.colour or spec.size))}"


def _deed(
    spec: StorySpec, stage: Stage, rng: np.random.Generator, words: str, *, colour: bool = True, known: bool = False
) -> str:
    """What the subject does, and what the second one does."""
    second = spec.second
    if second is None:
        return _pick(phrases_for(stage.motion, spec.subject, words), rng)
    if second.relation == "chases":
        verb = _pick(CHASES, rng)
        toward = f" to the {stage.motion}" if _chance(rng, 0.5) else ""
        return f"{verb} {_other(spec, rng, words, colour, known)}{toward}"
    mine = _pick(phrases_for(stage.motion, spec.subject, words), rng)
    other = _other(spec, rng, words, colour, known)
    theirs = _pick(
        phrases_for(stage.second_motion or "stand", second.subject, "train" if words != "all" else words), rng
    )
    where = _pick(RELATIONS[second.relation], rng)
    if known and _chance(rng, 0.5):
        return f"{mine} and {other} {theirs}"
    if second.relation in ("left of", "right of") and _chance(rng, 0.4):
        mine_side, their_side = ("left", "right") if second.relation == "left of" else ("right", "left")
        return f"{mine} on the {mine_side} and {other} {theirs} on the {their_side}"
    return f"{mine} {where} {other} that {theirs}"


def _beside(spec: StorySpec, rng: np.random.Generator, words: str, *, colour: bool) -> str:
    """Where the second subject is, in a still picture."""
    assert spec.second is not None
    other = _other(spec, rng, words, colour, False)
    if spec.second.relation == "chases":
        return f"behind {other}"
    return f"{_pick(RELATIONS[spec.second.relation], rng)} {other}"


def _other(spec: StorySpec, rng: np.random.Generator, words: str, colour: bool, known: bool) -> str:
    """The second subject; its words are never those held out."""
    assert spec.second is not None
    own = "all" if words == "all" else "train"
    adjectives = [spec.second.colour] if spec.second.colour and colour else []
    if known:
        return f"the {_noun(spec.second.subject, rng, own, plain=bool(spec.second.colour))}"
    return _noun_phrase(spec.second.subject, adjectives, bool(spec.second.colour), rng, own)


def _keywords(spec: StorySpec, stage: Stage, rng: np.random.Generator, words: str, *, place: bool) -> str:
    scene = SCENE_OF[spec.scene]
    noun = " ".join([*([spec.colour] if spec.colour else []), _noun(spec.subject, rng, words, plain=bool(spec.colour))])
    deed = _pick(phrases_for(stage.motion, spec.subject, words), rng)
    parts = [noun, (scene.word or scene.name) if place else "", deed, WEATHER_WORDS[stage.weather]]
    camera = CAMERAS[stage.camera][1][0].removeprefix("the ") if stage.camera != "still" else ""
    style = spec.style if spec.style != "toy" else ""
    return _case(", ".join(p for p in (*parts, camera, style) if p), rng)


def _style(style: str, rng: np.random.Generator) -> str:
    """A phrase for the style; the usual one mostly goes without saying. Those that come first end in a space."""
    if style == "toy" and not _chance(rng, 0.12):
        return ""
    kind = STYLES[style]
    return f"{_pick(kind.fronts, rng)} " if _chance(rng, 0.5) else _pick(kind.ends, rng)


def _finish(text: str, camera: str, style: str, rng: np.random.Generator) -> str:
    """Put the camera and the style around a sentence."""
    if camera:
        text = f"{text}{' ' if camera.startswith(('as ', 'with ', 'while ')) else ', '}{camera}"
    if style.endswith(" "):
        text = style + text
    elif style:
        text = f"{text} {style}" if _chance(rng, 0.5) else f"{text}, {style}"
    return _case(text, rng)


def _space(text: str) -> str:
    return f" {text}" if text else ""


def _chance(rng: np.random.Generator, share: float) -> bool:
    return bool(rng.random() < share)


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _case(text: str, rng: np.random.Generator) -> str:
    """Sometimes as a sentence, mostly as it is."""
    return text[0].upper() + text[1:] + "." if _chance(rng, 0.2) else text
