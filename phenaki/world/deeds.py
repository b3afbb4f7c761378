"""The motions of version 2: each kind of subject in its own way, at its own height, alone or beside another."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from phenaki.world.attributes import SIZES
from phenaki.world.motion import CYCLE, FLIGHT, GROUND, NEUTRAL_FRAME, SIZE, STOP_WIDTH, WALK, State
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
    size = min(PAIR * size, 27.0)
    if relation == "above":
        return Actor(subject.way, size, ABOVE if first else min(rest, 0.0))
    on_the_left = {"left of": first, "right of": not first, "chases": first == ahead}[relation]
    lively = 1.6 if relation == "chases" else 1.0
    return Actor(subject.way, size, min(rest, 14.0), 32 - BESIDE if on_the_left else 32 + BESIDE, lively)


def _rows(spec: StorySpec, actor: Actor, motions: list[str], state: State) -> np.ndarray:
    frame, camera, parts = 0, spec.camera * STOP_WIDTH, []
    for number, (stage, motion) in enumerate(zip(spec.stages, motions, strict=True)):
        rows, state = _stage_rows(actor, motion, stage.num_frames, state, frame % CYCLE, number == 0)
        rows = rows.copy()
        rows[:, 6] += camera
        camera = rows[-1, 6]
        parts.append(rows)
        frame += stage.num_frames
    return np.concatenate(parts).astype(np.float32)


@functools.lru_cache(maxsize=50_000)
def _stage_rows(
    actor: Actor, motion: str, num_frames: int, start: State, clock: int, opening: bool
) -> tuple[np.ndarray, State]:
    """As ``motion._stage_rows``."""
    if opening:
        start = _enter(start, actor, motion)
    state, rows = start, []
    for k in range(num_frames):
        row, state = _pose(actor, state, start, motion, k if opening else k + 1, clock + k, opening)
        rows.append(row)
    return np.array(rows, dtype=np.float64), replace(state, camera=0.0)


def _enter(state: State, actor: Actor, motion: str) -> State:
    """The state in which a story opens: ready for what its first stage does."""
    state = replace(state, altitude=actor.rest)
    if motion == "fall":
        return replace(state, altitude=_flight(actor, state), up=True)
    if motion in ("grow", "shrink"):
        return replace(state, level=-1.0 if motion == "grow" else 1.0)
    if motion == "rush":
        return replace(state, near=-1.0)
    if motion in ("enter left", "enter right"):
        return replace(state, away=-OUTSIDE if motion == "enter left" else OUTSIDE)
    return state


def _pose(
    actor: Actor, state: State, start: State, motion: str, k: int, frame: int, opening: bool
) -> tuple[tuple[float, ...], State]:
    """The pose in frame ``k`` of a stage and the state there; see ``motion``."""
    way = WAYS[actor.way]
    phase = (frame - NEUTRAL_FRAME) % CYCLE  # 0 = neutral
    angle = 2 * math.pi * phase / CYCLE
    sin, cos = math.sin(angle), math.cos(angle)
    dx, dy, lift, turn, stretch = 0.0, 0.0, way.bob * sin, way.rock * sin, 1.0
    now = _settle(state, start, actor, way, motion, k)
    goes = motion in TRAVELS or motion == "rush"
    heading = now.flip
    if motion in ("right", "left"):
        now = replace(now, flip=motion == "right", camera=start.camera + (WALK if motion == "right" else -WALK) * k)
        heading = now.flip
    elif motion == "zigzag":
        now = replace(now, camera=start.camera + (WALK if now.flip else -WALK) * k)
        swing = 1 - abs((phase + 1.5) % CYCLE - 3) / 1.5  # -1 to 1
        if way.air or way.water:
            lift += (9 if actor.rest > 0 else 4) * swing
        else:
            dy = -8 * swing
    elif motion in ("enter left", "enter right"):
        come_from = -OUTSIDE if motion == "enter left" else OUTSIDE
        missing = come_from * max(0.0, 1 - k / CYCLE) if start.away else 0.0
        goes = missing != 0
        now = replace(now, away=missing, flip=motion == "enter left" if start.away else now.flip)
        heading = now.flip
    elif motion == "leave":
        gone = max(0, k - 3) if opening else k  # who has just been introduced is seen for a moment
        toward = OUTSIDE if now.flip else -OUTSIDE
        now = replace(now, away=start.away or toward * min(1.0, gone / CYCLE))
        goes = 0 < gone <= CYCLE
    elif motion == "rush":
        near = min(1.0, start.near + k * (1 / 4 if opening else 1 / 5))
        goes, now = near < 1, replace(now, near=near)
    elif motion == "jump":
        arc = 4 * (phase / CYCLE) * (1 - phase / CYCLE)
        high = 22 if way.water and actor.rest < 0 else 9 if way.air or now.up else 15
        lift, stretch = high * arc, 0.84 + 0.2 * arc
    elif motion == "hop":
        lift, turn = 6 * math.sin(math.pi * (phase % 3) / 3), 0.14 * sin
    elif motion == "spin":
        turn = angle
    elif motion == "sway":
        turn = 0.26 * sin
        dx = 0.5 * actor.size * math.sin(turn)  # the feet stay
    elif motion == "shake":
        dx, turn = (0.0, 1.7, -1.7)[phase % 3], (0.0, 0.06, -0.06)[phase % 3]
    elif motion == "circle":
        dx, heading = 10 * sin, cos > 0
        dy, lift = (0.0, 4 * (1 - cos)) if way.air or way.water else (-4 * (1 - cos), lift)
        goes = True
    elif motion in ("grow", "shrink"):
        rate = 1 / 5 if opening else 1 / CYCLE
        grown = start.level + k * rate * (1 if motion == "grow" else -1)
        now = replace(now, level=min(1.0, max(-1.0, grown)))
    elif motion == "fly up":
        top = max(now.altitude, _flight(actor, now))
        now = replace(now, altitude=min(top, start.altitude + k * CLIMB), up=True, grounded=False)
        turn += 0.06 * sin
    elif motion == "fall":
        now, stretch = _fall(now, start, actor, k)
    if goes:
        lift += way.lift * actor.lively * abs(math.sin(way.steps * angle / 2))
        turn += way.turn * actor.lively * sin + way.tilt * (1 if heading else -1)
        if way.rolls:
            turn += angle if heading else -angle
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
