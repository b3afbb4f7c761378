"""What is to be seen: a story of stages in one scene. Together with nothing else it decides every pixel."""

from __future__ import annotations

from dataclasses import dataclass

from phenaki.errors import ConfigError
from phenaki.world.vocabulary import MOTION_NAMES, SCENE_NAMES, SUBJECT_NAMES, WEATHER_NAMES

LAYOUTS = 4  # different arrangements of each scene
CAMERA_STOPS = 16  # places of the camera along a scene, one token apart


@dataclass(frozen=True)
class Stage:
    """A stretch of a story in which one thing happens."""

    motion: str
    num_frames: int
    weather: str = "clear"

    def __post_init__(self) -> None:
        _check("motion", self.motion, MOTION_NAMES)
        _check("weather", self.weather, WEATHER_NAMES)
        if self.num_frames < 1:
            raise ConfigError(f"A stage has {self.num_frames} frames; use 1 or more.")


@dataclass(frozen=True)
class StorySpec:
    """One subject in one scene, and what happens to it."""

    subject: str
    scene: str
    stages: tuple[Stage, ...]
    layout: int = 0  # arrangement of the scene, 0 to LAYOUTS - 1
    camera: int = 0  # where along the scene the story begins, 0 to CAMERA_STOPS - 1

    def __post_init__(self) -> None:
        _check("subject", self.subject, SUBJECT_NAMES)
        _check("scene", self.scene, SCENE_NAMES)
        if not self.stages:
            raise ConfigError("A story has no stage; give it one or more.")
        if not 0 <= self.layout < LAYOUTS:
            raise ConfigError(f"layout is {self.layout}; use 0 to {LAYOUTS - 1}.")
        if not 0 <= self.camera < CAMERA_STOPS:
            raise ConfigError(f"camera is {self.camera}; use 0 to {CAMERA_STOPS - 1}.")

    @property
    def num_frames(self) -> int:
        """Length of the whole story in frames."""
        return sum(stage.num_frames for stage in self.stages)


def _check(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}; the world has {', '.join(choices)}.")
