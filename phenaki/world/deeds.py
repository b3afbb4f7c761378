"""The motions of version 2: each kind of subject in its own way, at its own height, alone or beside another."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from phenaki.world.attributes import SIZES
from phenaki.world.motion import CYCLE, FLIGHT, GROUND, SIZE, State
from phenaki.world.motions import TRAVELS
from phenaki.world.spec import StorySpec
from phenaki.world.subjects import SUBJECT_OF
from phenaki.world.ways import DEEP, WAYS, Way

LARGEST, LARGEST_IN_THE_AIR = 50.0, 38.0  # units on a side of a subject
OUTSIDE = 52.0  # units from its place to beyond the picture
PAIR = 0.74  # size of subjects that share the picture
BESIDE = 15.5  # units from the middle of the picture to each of them
ABOVE = 26.0  # altitude of who is above another
CLIMB = 4.0  # units a frame
HIDDEN = 4.0  # units of a subject that may be above the picture
HEADROOM = 50.0  # units that a subject and what is under it take


@dataclass(frozen=True)
class Actor:
    """Who moves: all that its poses depend on besides what it does."""

    way: str
    size: float  # units at level 0
    rest: float  # altitude where it usually is
    x: float = 32.0  # its place in the picture
    lively: float = 1.0  # factor on steps: who chases runs
    turn: float = 0.0


def is_in_stream(spec: StorySpec) -> bool:
    """Whether the story needs water where its scene has none."""
    names = [spec.subject, *([spec.second.subject] if spec.second else [])]
    return spec.scene != "underwater" and any(WAYS[SUBJECT_OF[n].way].water for n in names)


def deed_rows(spec: StorySpec) -> np.ndarray:
    """Poses of the first subject, (f, COLUMNS) float32; see ``motion``."""
    state = _state(spec, flip=bool(spec.second) and spec.second.relation == "left of")
    motions = [s.motion for s in spec.stages]
    return _rows(spec, _actor(spec, spec.subject, first=True), motions, state)


def second_rows(spec: StorySpec) -> np.ndarray:
    """Poses of the second subject, (f, COLUMNS) float32."""
    assert spec.second is not None
    state = State(flip=spec.second.relation == "right of")
    motions = [s.second_motion or "stand" for s in spec.stages]
    return _rows(spec, _actor(spec, spec.second.subject, first=False), motions, state)


def _state(spec: StorySpec, *, flip: bool) -> State:
    level = SIZES[spec.size][0] if spec.size else 0.0
    return State(level=level, flip=flip)


def _actor(spec: StorySpec, name: str, *, first: bool) -> Actor:
    """A subject in its place."""
    subject = SUBJECT_OF[name]
    way = WAYS[subject.way]
    rest = DEEP if way.water and spec.scene == "underwater" else way.rest
    size = SIZE * subject.scale * (1.2 if subject.body and spec.bodies else 1.0)
    if spec.second is None:
        return Actor(subject.way, size, rest)
    relation, ahead = spec.second.relation, spec.stages[0].motion == "right"
    size = min(LARGEST + 4 * max(0.0, now.near), _size(actor, now) * 2 ** (0.7 * now.near))
    ground = GROUND + dy + (5 if now.near > 0 else 9) * now.near
    height = now.altitude * (size / SIZE if now.altitude < 0 else 1.0) + lift  # a small swimmer is not under water
    if not way.water:
        height = max(0.0, height)
    y = max(ground - height, size * stretch - HIDDEN) - size * stretch / 2
    gait = 1 + phase if goes or way.always else 0
    x = actor.x + dx + now.away
    row = (x, y, size, stretch, turn + now.lean, float(heading), now.camera, height, ground, float(gait))
    return row, now


def _size(actor: Actor, state: State) -> float:
    """Units on a side, at its usual distance."""
    largest = LARGEST_IN_THE_AIR if WAYS[actor.way].air else LARGEST
    return min(largest, actor.size * 2 ** (state.level / 2))


def _flight(actor: Actor, state: State) -> float:
    """How high it flies: who is large stays lower, and is seen whole."""
    return max(actor.rest + 5.0, 10.0, min(FLIGHT, HEADROOM - _size(actor, state)))


def _settle(state: State, start: State, actor: Actor, way: Way, motion: str, k: int) -> State:
    """What goes back to where it usually is, whatever happens: altitude, lean and nearness."""
    grounded = state.grounded and motion not in (*TRAVELS, "circle", "jump", "enter left", "enter right", "leave")
    goal = _flight(actor, state) if state.up else min(0.0, actor.rest) if grounded else actor.rest
    altitude = start.altitude + min(CLIMB * k, max(-CLIMB * k, goal - start.altitude))
    toppled = motion == "fall" and not start.up and (start.grounded or start.altitude <= 0)
    lean = state.lean if toppled else start.lean * max(0.0, 1 - k / 2)
    near = start.near if motion == "rush" else start.near * max(0.0, 1 - k / 4)
    return replace(state, altitude=altitude, lean=lean, near=near, grounded=grounded)


def _fall(now: State, start: State, actor: Actor, k: int) -> tuple[State, float]:
    """Down from the air, or over where it stands; and the stretch of its picture."""
    floor = min(0.0, actor.rest)
    if start.altitude > floor + 0.5:
        altitude = floor + (start.altitude - floor) * max(0.0, 1 - (k / CYCLE) ** 2)
        return replace(now, altitude=altitude, up=False, grounded=actor.rest > 0), 0.8 if k == CYCLE + 1 else 1.0
    toward = 1 if now.flip else -1
    lean = toward * math.pi / 2 * min(1.0, max(abs(start.lean) / (math.pi / 2), (k / 3) ** 1.5))
    return replace(now, lean=lean, altitude=start.altitude), 1.0
