"""What can be told of a clip: the attributes of a part of the world, their values, and those that a clip shows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phenaki.world.parts import WorldPart
from phenaki.world.spec import Stage, StorySpec
from phenaki.world.windows import Window

Attributes = Mapping[str, tuple[str, ...]]

OWN, USUAL, ALONE, NOBODY = "own", "usual", "alone", "nobody"  # no colour, size, relation or second subject is told


@dataclass(frozen=True)
class ClipFacts:
    """What a clip shows: the truth of a render or a prompt, or the judge's verdict."""

    subject: str
    scene: str
    motion: str  # of the clip's new frames
    weather: str  # of the clip's new frames
    style: str = "toy"
    camera: str = "still"  # of the clip's new frames
    colour: str = OWN
    size: str = USUAL  # as the story begins; "grow" and "shrink" change what is seen of it
    relation: str = ALONE
    second: str = NOBODY

    @classmethod
    def of(cls, window: Window) -> ClipFacts:
        """What a window of a story shows."""
        return cls.told(window.spec, window.stage)

    @classmethod
    def told(cls, spec: StorySpec, stage: Stage) -> ClipFacts:
        """What a stage of a story shows."""
        return cls(
            spec.subject, spec.scene, stage.motion, stage.weather, spec.style, stage.camera, spec.colour or OWN,
            spec.size or USUAL, spec.second.relation if spec.second else ALONE,
            spec.second.subject if spec.second else NOBODY,
        )  # fmt: skip

    def indices(self, attributes: Attributes) -> tuple[int, ...]:
        """The place of each value among its attribute's values, in the order of ``attributes``."""
        return tuple(values.index(getattr(self, name)) for name, values in attributes.items())


def attributes_of(part: WorldPart) -> dict[str, tuple[str, ...]]:
    """The attributes of a part and their values. What has one value only is left out: there is nothing to tell.

    Subjects that a part has in pictures only are among them: a judge must know them in videos too, to say whether
    pictures have taught a model to film them.
    """
    subjects = part.subjects + part.still_subjects
    found = {
        "subject": subjects,
        "scene": part.scenes,
        "motion": part.motions,
        "weather": part.weathers,
        "style": part.styles,
        "camera": part.cameras,
        "colour": (OWN, *part.colours),
        "size": (USUAL, *part.sizes),
        "relation": (ALONE, *part.relations) if part.second_share else (ALONE,),
        "second": (NOBODY, *subjects) if part.relations and part.second_share else (NOBODY,),
    }
    always = ("subject", "scene", "motion", "weather")
    return {name: values for name, values in found.items() if name in always or len(values) > 1}


def judged_part(part: WorldPart) -> WorldPart:
    """What a judge of ``part`` learns from: all of its subjects move."""
    return dataclasses.replace(part, subjects=part.subjects + part.still_subjects, still_subjects=())


def count_right(
    verdicts: Sequence[ClipFacts], truths: Sequence[ClipFacts], attributes: Sequence[str]
) -> dict[str, int]:
    """How many clips are judged right in each attribute, and under "all right" in all of them."""
    pairs = list(zip(verdicts, truths, strict=True))
    right = {name: sum(getattr(a, name) == getattr(b, name) for a, b in pairs) for name in attributes}
    return right | {"all right": sum(all(getattr(a, n) == getattr(b, n) for n in attributes) for a, b in pairs)}
