"""Captions that are wrong in one attribute only: what an alignment of text and video must tell apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from phenaki.evaluation.facts import OWN, USUAL, attributes_of
from phenaki.evaluation.samples import tells_all
from phenaki.world.habitats import lives_in, weathers_in
from phenaki.world.parts import WorldPart
from phenaki.world.spec import StorySpec
from phenaki.world.windows import DRY_SCENES, tell

TRIES = 60  # to draw a caption that leaves nothing out


def full_caption(spec: StorySpec, rng: np.random.Generator, part: WorldPart) -> str:
    """A caption of a story's first stage that tells all."""
    for _ in range(TRIES):
        text = tell(spec, 0, rng, "train", part)
        if tells_all(text, spec, spec.stages[0]):
            break
    return text


def other_stories(spec: StorySpec, rng: np.random.Generator, part: WorldPart, count: int) -> list[StorySpec]:
    """Up to ``count`` stories of one stage, each unlike ``spec`` in one attribute, the attributes taking turns.

    Only what the world could show and what the caption of ``spec`` tells is changed. There are fewer where an
    attribute has no more values.
    """
    turns = [_others(spec, name, values, rng, part) for name, values in attributes_of(part).items()]
    found: list[StorySpec] = []
    while len(found) < count and any(turns):
        for turn in turns:
            if turn and len(found) < count:
                found.append(turn.pop())
    return found


def _others(
    spec: StorySpec, name: str, values: tuple[str, ...], rng: np.random.Generator, part: WorldPart
) -> list[StorySpec]:
    """``spec`` with every other value of one attribute that makes sense, in random order."""
    (stage,) = spec.stages
    second = spec.second
    if name == "subject":
        values = tuple(v for v in values if lives_in(v, spec.scene) or part.version == 1)
        changed = [replace(spec, subject=v) for v in values if v != spec.subject and not (second or spec.colour)]
    elif name == "scene":
        values = tuple(v for v in values if _suits(spec, v, stage.weather, part))
        changed = [replace(spec, scene=v) for v in values if v != spec.scene]
    elif name == "weather":
        values = tuple(v for v in values if _suits(spec, spec.scene, v, part))
        changed = [replace(spec, stages=(replace(stage, weather=v),)) for v in values if v != stage.weather]
    elif name == "motion":
        changed = [
            replace(spec, stages=(replace(stage, motion=v),)) for v in values if v != stage.motion and not second
        ]
    elif name == "style":
        changed = [replace(spec, style=v) for v in values if v != spec.style]
    elif name == "camera":
        changed = [replace(spec, stages=(replace(stage, camera=v),)) for v in values if v != stage.camera]
    elif name == "colour":
        changed = [replace(spec, colour=v) for v in values if spec.colour and v not in (spec.colour, OWN)]
    elif name == "size":
        changed = [replace(spec, size=v) for v in values if spec.size and v not in (spec.size, USUAL)]
    else:
        changed = []
    return [changed[i] for i in rng.permutation(len(changed))]


def _suits(spec: StorySpec, scene: str, weather: str, part: WorldPart) -> bool:
    """Whether there is such weather in such a scene, and the subject too."""
    if part.version == 1:
        return weather == "clear" or scene not in DRY_SCENES
    names = [spec.subject, *([spec.second.subject] if spec.second else [])]
    return weather in weathers_in(scene, part.weathers) and all(lives_in(n, scene) for n in names)
