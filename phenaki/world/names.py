"""The names of everything that the world can show."""

from __future__ import annotations

from phenaki.world.attributes import CAMERAS, COLOURS, RELATIONS, SIZES, STYLES
from phenaki.world.motions import DEEDS
from phenaki.world.scenes import SCENES
from phenaki.world.subjects import SUBJECTS
from phenaki.world.weathers import WEATHERS

ALL_SUBJECT_NAMES = tuple(s.name for s in SUBJECTS)
ALL_SCENE_NAMES = tuple(s.name for s in SCENES)
ALL_MOTION_NAMES = tuple(DEEDS)
ALL_WEATHER_NAMES = tuple(WEATHERS)
STYLE_NAMES = tuple(STYLES)
CAMERA_NAMES = tuple(CAMERAS)
COLOUR_NAMES = tuple(COLOURS)
SIZE_NAMES = tuple(SIZES)
RELATION_NAMES = tuple(RELATIONS)
