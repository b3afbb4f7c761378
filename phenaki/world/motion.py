"""Motion: from the stages of a story to the pose of its subject in every frame.

Lengths are in world units, of which a frame is 64 high and wide. Cyclic motions take six frames, the number that
a clip adds to a film, so every clip begins at the same point of the cycle; the subject is in its neutral pose where
one stage gives way to the next. Walkers stay in the middle of the picture while the camera goes along. All of this
keeps what a small model must remember small.

This file has the motions of version 1, which stay as they are; ``deeds`` has those of version 2. Both give a stage's
poses for the state in which it begins, and few states occur, so stages are computed once and remembered.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np

from phenaki.world.spec import StorySpec
from phenaki.world.subjects import SUBJECT_OF

CYCLE = 6  # frames
NEUTRAL_FRAME = 4  # the first frame of a story in which cyclic motions pass through their neutral pose
GROUND = 56.0  # where feet stand, from the top
SIZE = 32.0  # of a subject at level 0
WALK = 4.0  # units a frame
FLIGHT = 24.0  # height of a flying subject above the ground
STOP_WIDTH = 8.0  # units between two camera stops
COLUMNS = ("x", "y", "size", "stretch", "turn", "flip", "camera", "height", "ground", "gait")


@dataclass
class Poses:
    """Pose of a subject in each frame; every array is (f,) float32 but ``flip``, which is bool."""

    x: np.ndarray  # centre of the sprite
    y: np.ndarray
    size: np.ndarray
    stretch: np.ndarray  # height over width
    turn: np.ndarray  # radians, clockwise on the screen
    flip: np.ndarray  # facing right
    camera: np.ndarray  # units that the scene has moved to the left
    height: np.ndarray  # of the feet above the ground: what the shadow needs
    ground: np.ndarray  # where the ground is beneath, from the top
    gait: np.ndarray  # 0 = at rest, 1 to CYCLE = where legs, wings or fins are

    @classmethod
    def of(cls, rows: np.ndarray) -> Poses:
        """Columns of a table (f, COLUMNS)."""
        columns = dict(zip(COLUMNS, rows.T, strict=True))
        return cls(**(columns | {"flip": columns["flip"] > 0.5}))


@dataclass(frozen=True)
class State:
    """What one stage hands to the next."""

    camera: float = 0.0  # since the stage began
    altitude: float = 0.0  # 0 = on the ground
    level: float = 0.0  # size, -1 small to 1 big
    lean: float = 0.0  # radians; not 0 when it has fallen over
    flip: bool = False
    # version 2 only
    up: bool = False  # it has flown up
    grounded: bool = False  # a flier that has come down
    near: float = 0.0  # -1 far away to 1 before the camera
    away: float = 0.0  # units from its place: not 0 when it has left


def story_poses(spec: StorySpec) -> Poses:
    """The pose of the (first) subject in every frame of a story."""
    return Poses.of(pose_rows(spec))


def pose_rows(spec: StorySpec) -> np.ndarray:
    """The poses as a table, (f, COLUMNS) float32."""
    if spec.version == 2:
        from phenaki.world.deeds import deed_rows  # it needs this file's numbers

        return deed_rows(spec)
    state, frame, camera, parts = State(), 0, spec.camera * STOP_WIDTH, []
    for number, stage in enumerate(spec.stages):
        rows, state = _stage_rows(stage.motion, stage.num_frames, state, frame % CYCLE, number == 0)
        parts.append(rows)
        frame += stage.num_frames
    table = np.concatenate(parts)  # (f, COLUMNS) float64
    start = 0
    for part in parts:
        table[start : start + len(part), 6] += camera
        camera += part[-1, 6]
        start += len(part)
    if not spec.bodies:
        table[:, 9] = 0.0
    table[:, 4] += math.radians(SUBJECT_OF[spec.subject].turn)
    return table.astype(np.float32)


@functools.lru_cache(maxsize=20_000)
def _stage_rows(motion: str, num_frames: int, start: State, clock: int, opening: bool) -> tuple[np.ndarray, State]:
    """Poses of one stage, (f, COLUMNS) float64, the camera counted from its start; and the state that it leaves."""
    if opening:
        start = _enter(start, motion)
    state, rows = start, []
    for k in range(num_frames):
        row, state = _pose(state, start, motion, k if opening else k + 1, clock + k, opening)
        rows.append(row)
    return np.array(rows, dtype=np.float64), replace(state, camera=0.0)


def _enter(state: State, motion: str) -> State:
    """The state in which a story opens: ready for what its first stage does."""
    if motion == "fall":
        return replace(state, altitude=FLIGHT)
    if motion in ("grow", "shrink"):
        return replace(state, level=-1.0 if motion == "grow" else 1.0)
    return state


def _pose(
    state: State, start: State, motion: str, k: int, frame: int, opening: bool
) -> tuple[tuple[float, ...], State]:
    """The pose in frame ``k`` of a stage (``frame`` of the story) and the state there, from that a frame before."""
    phase = (frame - NEUTRAL_FRAME) % CYCLE  # 0 = neutral
    angle = 2 * math.pi * phase / CYCLE
    dx, lift, turn, stretch, gait = 0.0, 0.0, 0.0, 1.0, 0
    camera, altitude, level, lean, flip = state.camera, state.altitude, state.level, state.lean, state.flip
    if motion != "fall" or start.altitude > 0:  # whoever lies on the ground gets up
        lean = start.lean * max(0.0, 1 - k / 2)
    if motion in ("right", "left"):
        step = WALK if motion == "right" else -WALK
        flip = motion == "right"
        camera = start.camera + step * k
        lift, turn = 2.5 * abs(math.sin(angle)), 0.09 * math.sin(angle)
        gait = 1 + phase
    elif motion == "jump":
        arc = 4 * (phase / CYCLE) * (1 - phase / CYCLE)
        lift, stretch = 15 * arc, 0.84 + 0.2 * arc
    elif motion == "hop":
        lift = 6 * math.sin(math.pi * (phase % 3) / 3)
        turn = 0.14 * math.sin(angle)
    elif motion == "spin":
        turn = angle
    elif motion == "circle":
        dx, lift = 7 * math.sin(angle), 6 * (1 - math.cos(angle))
    elif motion in ("grow", "shrink"):
        rate = 1 / 5 if opening else 1 / CYCLE  # a whole number of levels at the end of a clip
        grown = start.level + k * rate * (1 if motion == "grow" else -1)
        level = min(1.0, max(-1.0, grown))
    elif motion == "fly up":
        altitude = min(FLIGHT, start.altitude + k * FLIGHT / CYCLE)
        turn = 0.08 * math.sin(angle)
        lift = 1.5 * math.sin(2 * angle)
    elif motion == "fall" and start.altitude > 0:
        altitude = start.altitude * max(0.0, 1 - (k / CYCLE) ** 2)
        stretch = 0.8 if k == CYCLE + 1 else 1.0
    elif motion == "fall":
        toward = 1 if flip else -1
        lean = toward * math.pi / 2 * min(1.0, max(abs(start.lean) / (math.pi / 2), (k / 3) ** 1.5))
    size = SIZE * 2 ** (level / 2)
    height = max(0.0, altitude + lift)
    y = GROUND - height - size * stretch / 2
    row = (32 + dx, y, size, stretch, turn + lean, float(flip), camera, height, GROUND, float(gait))
    return row, State(camera, altitude, level, lean, flip)
