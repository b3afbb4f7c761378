"""The single words of the captions of a part of the world."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phenaki.world import captions
from phenaki.world.attributes import CAMERAS, RELATIONS, SIZES, STYLES
from phenaki.world.grammar import nouns_for, phrases_for
from phenaki.world.motions import CHASES
from phenaki.world.parts import CORE, WorldPart
from phenaki.world.scenes import SCENE_OF
from phenaki.world.weathers import WEATHER_EVENTS, WEATHER_WORDS, WEATHERS

JOINTS = ("a", "an", "the", "it", "then", "and", "a picture of", "a photo of")  # words of the grammar itself
BETWEEN = ("that", "on the left", "on the right", "behind", "to the left", "to the right")  # two subjects


def known_words(part: WorldPart = CORE) -> tuple[str, ...]:
    """Every single word that the training captions of a part use, in small letters, sorted; a word may hold hyphens.

    Words that are held out from training are none of them.
    """
    if part.version == 1:
        return captions.known_words()
    phrases = set(_phrases(part))
    return tuple(sorted({word for phrase in phrases for word in re.findall(r"[\w-]+", phrase.lower())}))


def _phrases(part: WorldPart) -> Iterator[str]:
    """All that the captions of version 2 are put together from."""
    words = "train" if part.held_out_words else "all"
    yield from JOINTS
    for subject in (*part.subjects, *part.still_subjects):
        yield from nouns_for(subject, words)
    for subject in part.subjects:
        for motion in part.motions:
            yield from phrases_for(motion, subject, words)
    for name in part.scenes:
        scene = SCENE_OF[name]
        yield from (*scene.places, scene.word or scene.name)
    for weather in part.weathers:
        yield from (*WEATHERS[weather], *WEATHER_EVENTS[weather], WEATHER_WORDS[weather])
    for camera in part.cameras:
        if len(part.cameras) > 1:
            yield from (phrase for kind in CAMERAS[camera] for phrase in kind)
    for style in part.styles:
        yield from (*STYLES[style].fronts, *STYLES[style].ends, style if style != "toy" else "")
    yield from part.colours
    for size in part.sizes:
        yield from SIZES[size][1]
    if part.relations:
        yield from BETWEEN
    for relation in part.relations:
        yield from RELATIONS[relation] if relation != "chases" else CHASES
