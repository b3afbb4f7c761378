"""What is to be seen: a story of stages in one scene. Together with nothing else it decides every pixel."""

from __future__ import annotations

from dataclasses import dataclass

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
from phenaki.world.weathers import NUM_CORE_WEATHERS

LAYOUTS = 4  # different arrangements of each scene in version 1
LAYOUTS_2 = 8  # and in version 2
CAMERA_STOPS = 16  # places of the camera along a scene, one token apart


@dataclass(frozen=True)
class Stage:
    """A stretch of a story in which one thing happens."""

    motion: str
    num_frames: int
    weather: str = "clear"
    camera: str = "still"
    second_motion: str | None = None  # of the second subject, where there is one

    def __post_init__(self) -> None:
        _check("motion", self.motion, ALL_MOTION_NAMES)
        _check("weather", self.weather, ALL_WEATHER_NAMES)
        _check("camera", self.camera, CAMERA_NAMES)
        if self.second_motion is not None:
            _check("second_motion", self.second_motion, ALL_MOTION_NAMES)
        if self.num_frames < 1:
            raise ConfigError(f"A stage has {self.num_frames} frames; use 1 or more.")


@dataclass(frozen=True)
class Second:
    """Another subject, and where the first one is to it: "left of" has the first one on the left."""

    subject: str
    relation: str
    colour: str | None = None

    def __post_init__(self) -> None:
        _check("subject", self.subject, ALL_SUBJECT_NAMES)
        _check("relation", self.relation, RELATION_NAMES)
        if self.colour is not None:
            _check("colour", self.colour, COLOUR_NAMES)


@dataclass(frozen=True)
class StorySpec:
    """One or two subjects in one scene, and what happens to them."""

    subject: str
    scene: str
    stages: tuple[Stage, ...]
    layout: int = 0  # arrangement of the scene, 0 to LAYOUTS - 1
    camera: int = 0  # where along the scene the story begins, 0 to CAMERA_STOPS - 1
    style: str = "toy"
    colour: str | None = None  # None: its own
    size: str | None = None  # None: its own
    second: Second | None = None
    version: int = 1  # how it is drawn, see ``parts``
    bodies: bool = False  # heads get a body with legs

    def __post_init__(self) -> None:
        _check("subject", self.subject, ALL_SUBJECT_NAMES)
        _check("scene", self.scene, ALL_SCENE_NAMES)
        _check("style", self.style, STYLE_NAMES)
        if self.colour is not None:
            _check("colour", self.colour, COLOUR_NAMES)
        if self.size is not None:
            _check("size", self.size, SIZE_NAMES)
        if self.version not in (1, 2):
            raise ConfigError(f"version is {self.version}; use 1 or 2.")
        if not self.stages:
            raise ConfigError("A story has no stage; give it one or more.")
        layouts = LAYOUTS if self.version == 1 else LAYOUTS_2
        if not 0 <= self.layout < layouts:
            raise ConfigError(f"layout is {self.layout}; use 0 to {layouts - 1}.")
        if not 0 <= self.camera < CAMERA_STOPS:
            raise ConfigError(f"camera is {self.camera}; use 0 to {CAMERA_STOPS - 1}.")
        if any((s.second_motion is None) != (self.second is None) for s in self.stages):
            raise ConfigError("A second subject and its second_motion in every stage go together; give both or none.")
        if self.version == 1:
            self._check_version_1()

    def _check_version_1(self) -> None:
        """Version 1 draws what it always drew."""
        _check("scene", self.scene, ALL_SCENE_NAMES[:NUM_CORE_SCENES], " of version 1")
        if (self.style, self.colour, self.size, self.second) != ("toy", None, None, None):
            raise ConfigError("Styles, colours, sizes and second subjects are drawn in version 2; use version=2.")
        for stage in self.stages:
            _check("motion", stage.motion, ALL_MOTION_NAMES[:NUM_CORE_MOTIONS], " of version 1")
            _check("weather", stage.weather, ALL_WEATHER_NAMES[:NUM_CORE_WEATHERS], " of version 1")
            _check("camera", stage.camera, ("still",), " of version 1")

    @property
    def num_frames(self) -> int:
        """Length of the whole story in frames."""
        return sum(stage.num_frames for stage in self.stages)


def _check(name: str, value: str, choices: tuple[str, ...], of: str = "") -> None:
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}; the world{of} has {', '.join(choices)}.")
