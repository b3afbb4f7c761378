"""The words of a part of the world, and the core's names, by which the models of version 1 know it."""

from __future__ import annotations

from phenaki.world.attributes import CAMERAS, SIZES, STYLES
from phenaki.world.motions import DEEDS, MOTIONS, VERBS
from phenaki.world.parts import CORE, WorldPart
from phenaki.world.scenes import CLOUD, LEAF, NUM_CORE_SCENES, SCENE_OF, Scene, props_of
from phenaki.world.scenes import SCENES as ALL_SCENES
from phenaki.world.subjects import NUM_CORE_SUBJECTS, Subject
from phenaki.world.subjects import SUBJECTS as ALL_SUBJECTS
from phenaki.world.weathers import WEATHER_EVENTS as ALL_WEATHER_EVENTS
from phenaki.world.weathers import WEATHERS as ALL_WEATHERS

__all__ = ["MOTIONS", "Scene", "Subject"]

WORLD_VERSION = CORE.version  # of the core's pixels; other parts say their own

SUBJECTS: tuple[Subject, ...] = ALL_SUBJECTS[:NUM_CORE_SUBJECTS]
SCENES: tuple[Scene, ...] = ALL_SCENES[:NUM_CORE_SCENES]
MOTION_NAMES = CORE.motions
SUBJECT_NAMES = CORE.subjects
SCENE_NAMES = CORE.scenes
WEATHER_NAMES = CORE.weathers
WEATHERS = {name: ALL_WEATHERS[name] for name in WEATHER_NAMES}
WEATHER_EVENTS = {name: ALL_WEATHER_EVENTS[name] for name in WEATHER_NAMES}


def vocabulary(part: WorldPart = CORE) -> dict[str, tuple[str, ...]]:
    """Words to show to people who write prompts, by kind; a part without styles, say, has no such kind."""
    weathers = tuple(name for name in part.weathers if name != "clear")
    words = {
        "subjects": part.subjects + part.still_subjects,
        "places": tuple(SCENE_OF[name].places[0] for name in part.scenes),
        "actions": tuple(_action(name, part.version) for name in part.motions),
        "weather": tuple(p for name in weathers for p in ALL_WEATHERS[name][:1] + ALL_WEATHER_EVENTS[name][:1]),
    }
    if part.version > 1:
        words |= {
            "colours": part.colours,
            "sizes": tuple(SIZES[name][1][0] for name in part.sizes),
            "second subjects": part.relations,
            "cameras": tuple(CAMERAS[name][1][0] for name in part.cameras if name != "still"),
            "styles": tuple(STYLES[name].ends[0] for name in part.styles if len(part.styles) > 1),
        }
    return {kind: found for kind, found in words.items() if found}


def _action(motion: str, version: int) -> str:
    """The usual phrase for a motion."""
    if version == 1:
        return MOTIONS[motion]["any"][0]
    return DEEDS[motion]["any"][0].format(VERBS["walk"][0])


def sprites() -> tuple[str, ...]:
    """Every picture that the core needs, each once, in the order in which its sheet holds them."""
    names = [s.sprite for s in SUBJECTS]
    for scene in SCENES:
        names += [*scene.props, *([scene.light] if scene.light else [])]
    return tuple(dict.fromkeys(names))


def all_sprites() -> tuple[str, ...]:
    """Every picture that the world needs, each once."""
    names = [s.sprite for s in ALL_SUBJECTS]
    for scene in ALL_SCENES:
        names += [*scene.props, *props_of(scene), *scene.far_props, *(n for n in (scene.light, scene.planet) if n)]
    names += [CLOUD, LEAF]
    return tuple(dict.fromkeys(name.partition(":")[0] for name in names))
