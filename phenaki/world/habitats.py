"""What goes together in version 2: who lives where, what happens in which scene, who can share a picture."""

from __future__ import annotations

import functools

from phenaki.world.motions import DEEDS
from phenaki.world.scenes import SCENE_OF
from phenaki.world.subjects import SUBJECT_OF
from phenaki.world.ways import WAYS

IN_PLACE = ("jump", "hop", "spin", "grow", "shrink", "stand", "sway", "shake")  # what two can do side by side
HOVERING = ("stand", "spin", "sway", "shake", "hop")  # and one above the other
DARK = ("nightfall", "stars", "fireworks")  # weathers after which it is night


@functools.cache
def lives_in(subject: str, scene: str) -> bool:
    """Whether a subject can be in a scene: who swims needs water, and who flies needs air."""
    way = WAYS[SUBJECT_OF[subject].way]
    if scene == "underwater":
        return not way.air and SUBJECT_OF[subject].way not in ("sail", "paddle")
    return not way.water or SCENE_OF[scene].water is not None


@functools.cache
def weathers_in(scene: str, weathers: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the weathers that a scene has."""
    return tuple(w for w in weathers if w == "clear" or w in SCENE_OF[scene].weathers)


@functools.cache
def can_be_with(subject: str, other: str, relation: str) -> bool:
    """Whether two subjects can share a picture."""
    way, other_way = (WAYS[SUBJECT_OF[name].way] for name in (subject, other))
    if subject == other:
        return False
    if relation == "above":
        return way.air and not other_way.air
    return way.water == other_way.water


@functools.cache
def motions_beside(relation: str, motions: tuple[str, ...]) -> tuple[str, ...]:
    """What those who share a picture can do."""
    kinds = {"above": HOVERING, "chases": ("right", "left")}.get(relation, IN_PLACE)
    return tuple(m for m in motions if m in kinds)


assert set(IN_PLACE) | set(HOVERING) <= set(DEEDS)
