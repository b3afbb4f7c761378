"""Parts of the world: how much of it a model is trained on."""

from __future__ import annotations

from dataclasses import dataclass, fields

from phenaki.errors import ConfigError
from phenaki.world.motions import NUM_CORE_MOTIONS
from phenaki.world.names import (
    ALL_MOTION_NAMES,
    ALL_SCENE_NAMES,
    ALL_SUBJECT_NAMES,
    ALL_WEATHER_NAMES,
    CAMERA_NAMES,
    COLOUR_NAMES,
    RELATION_NAMES,
    SIZE_NAMES,
    STYLE_NAMES,
)
from phenaki.world.scenes import NUM_CORE_SCENES
from phenaki.world.subjects import NUM_CORE_SUBJECTS, STILL_SUBJECTS
from phenaki.world.weathers import NUM_CORE_WEATHERS

_CHOICES = {
    "subjects": ALL_SUBJECT_NAMES,
    "still_subjects": ALL_SUBJECT_NAMES,
    "scenes": ALL_SCENE_NAMES,
    "motions": ALL_MOTION_NAMES,
    "weathers": ALL_WEATHER_NAMES,
    "styles": STYLE_NAMES,
    "cameras": CAMERA_NAMES,
    "colours": COLOUR_NAMES,
    "sizes": SIZE_NAMES,
    "relations": RELATION_NAMES,
}


@dataclass(frozen=True)
class WorldPart:
    """What a model is trained on, and how it is drawn; ``dataclasses.replace`` makes more of them.

    Version 1 has eleven motions, rain and snow, and nothing but one subject before a still camera; version 2 has all.
    """

    name: str
    version: int  # how it is drawn: 1 or 2
    subjects: tuple[str, ...]  # in videos and pictures
    scenes: tuple[str, ...]
    motions: tuple[str, ...]
    weathers: tuple[str, ...]
    still_subjects: tuple[str, ...] = ()  # in pictures only
    styles: tuple[str, ...] = ("toy",)
    cameras: tuple[str, ...] = ("still",)
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()  # of a first subject to a second
    second_share: float = 0.0  # of the clips have a second subject
    bodies: bool = False  # heads get a body with legs
    layouts: int = 4  # arrangements of each scene
    held_out_share: float = 0.06  # of the pairs: never trained on, see ``splits``
    held_out_words: bool = False  # one noun of each subject and one phrase of each motion are kept from training

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            values = getattr(self, name)
            unknown = [v for v in values if v not in choices]
            if unknown:
                raise ConfigError(f"{name} of the part {self.name!r} has {unknown[0]!r}; use of {', '.join(choices)}.")
            if not values and name in ("subjects", "scenes", "motions", "weathers", "styles", "cameras"):
                raise ConfigError(f"The part {self.name!r} has no {name}; give it one or more.")
        if self.version not in (1, 2):
            raise ConfigError(f"version of the part {self.name!r} is {self.version}; use 1 or 2.")
        if self.version == 1 and self._beyond_version_1():
            raise ConfigError(f"{self._beyond_version_1()} of the part {self.name!r} need version=2.")
        if not 1 <= self.layouts <= (4 if self.version == 1 else 8):
            raise ConfigError(f"layouts is {self.layouts}; use 1 to 4, or up to 8 in version 2.")

    def _beyond_version_1(self) -> str | None:
        """What only version 2 can draw."""
        plain = {"styles": ("toy",), "cameras": ("still",), "colours": (), "sizes": (), "relations": ()}
        plain |= {"scenes": ALL_SCENE_NAMES[:NUM_CORE_SCENES], "motions": ALL_MOTION_NAMES[:NUM_CORE_MOTIONS]}
        plain |= {"weathers": ALL_WEATHER_NAMES[:NUM_CORE_WEATHERS]}
        return next((name for name, known in plain.items() if set(getattr(self, name)) - set(known)), None)

    @property
    def label(self) -> str:
        """Its name, and what differs from the part that goes by this name here: "full, without bodies"."""
        known = PARTS.get(self.name)
        if known is None or known == self:
            return self.name
        changes = []
        for field in fields(self):
            now, usual = getattr(self, field.name), getattr(known, field.name)
            if now != usual:
                changes.append(f"{len(now)} {field.name}" if isinstance(now, tuple) else f"{field.name} {now}")
        return f"{self.name} with {', '.join(changes)}"

    @property
    def facts(self) -> dict[str, str | int]:
        """What stands in a checkpoint that was trained on it."""
        return {"world_version": self.version, "world_part": self.label}


CORE = WorldPart(
    "core", 1, ALL_SUBJECT_NAMES[:NUM_CORE_SUBJECTS], ALL_SCENE_NAMES[:NUM_CORE_SCENES],
    ALL_MOTION_NAMES[:NUM_CORE_MOTIONS], ALL_WEATHER_NAMES[:NUM_CORE_WEATHERS],
)  # fmt: skip
FULL = WorldPart(
    "full", 2, tuple(n for n in ALL_SUBJECT_NAMES if n not in STILL_SUBJECTS), ALL_SCENE_NAMES, ALL_MOTION_NAMES,
    ALL_WEATHER_NAMES, STILL_SUBJECTS, STYLE_NAMES, CAMERA_NAMES, COLOUR_NAMES, SIZE_NAMES, RELATION_NAMES,
    second_share=0.3, bodies=True, layouts=8, held_out_share=0.08, held_out_words=True,
)  # fmt: skip
# The core's words in the looks of version 2: bodies, three layers, swimmers in water. For a small model.
LIVELY = WorldPart("lively", 2, CORE.subjects, CORE.scenes, CORE.motions, CORE.weathers, bodies=True)
PARTS = {part.name: part for part in (CORE, LIVELY, FULL)}


def find_part(name: str) -> WorldPart:
    """A part by its name.

    Raises:
        ConfigError: there is none.
    """
    if name not in PARTS:
        raise ConfigError(f"The world has no part {name!r}; use one of {', '.join(PARTS)}.")
    return PARTS[name]
