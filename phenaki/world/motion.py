"""Motion: from the stages of a story to the pose of its subject in every frame.

Lengths are in world units, of which a frame is 64 high and wide. Cyclic motions take six frames, the number that
a clip adds to a film, so every clip begins at the same point of the cycle; the subject is in its neutral pose where
one stage gives way to the next. Walkers stay in the middle of the picture while the camera goes along. All of this
keeps what a small model must remember small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from phenaki.world.spec import Stage, StorySpec
from phenaki.world.vocabulary import SUBJECTS

CYCLE = 6  # frames
NEUTRAL_FRAME = 4  # the first frame of a story in which cyclic motions pass through their neutral pose
GROUND = 56.0  # where feet stand, from the top
SIZE = 32.0  # of a subject at level 0
WALK = 4.0  # units a frame
FLIGHT = 24.0  # height of a flying subject above the ground
STOP_WIDTH = 8.0  # units between two camera stops

_TURN = {s.name: math.radians(s.turn) for s in SUBJECTS}


@dataclass
class Poses:
    """Pose of the subject in each frame; every array is (f,) float32 but ``flip``, which is bool."""

    x: np.ndarray  # centre of the sprite
    y: np.ndarray
    size: np.ndarray
    stretch: np.ndarray  # height over width
    turn: np.ndarray  # radians, clockwise on the screen
    flip: np.ndarray  # facing right
    camera: np.ndarray  # units that the scene has moved to the left
    height: np.ndarray  # of the feet above the ground: what the shadow needs


@dataclass
class _State:
    """What one stage hands to the next."""

    camera: float
    altitude: float = 0.0  # 0 = on the ground
    level: float = 0.0  # size, -1 small to 1 big
    lean: float = 0.0  # radians; not 0 when it has fallen over
    flip: bool = False


def story_poses(spec: StorySpec) -> Poses:
    """The pose in every frame of a story."""
    state = _State(camera=spec.camera * STOP_WIDTH)
    rows, frame = [], 0
    for number, stage in enumerate(spec.stages):
        if number == 0:
            _enter(state, stage)
        start = _State(**vars(state))
        for k in range(stage.num_frames):
            rows.append(_pose(state, start, stage.motion, k if number == 0 else k + 1, frame, opening=number == 0))
            frame += 1
    columns = np.array(rows, dtype=np.float64).T
    x, y, size, stretch, turn, flip, camera, height = columns
    turn = turn + _TURN[spec.subject]
    floats = [a.astype(np.float32) for a in (x, y, size, stretch, turn, camera, height)]
    return Poses(*floats[:5], flip=flip > 0.5, camera=floats[5], height=floats[6])


def _enter(state: _State, stage: Stage) -> None:
    """The state in which a story opens: ready for what its first stage does."""
    if stage.motion == "fall":
        state.altitude = FLIGHT
    if stage.motion in ("grow", "shrink"):
        state.level = -1.0 if stage.motion == "grow" else 1.0


def _pose(state: _State, start: _State, motion: str, k: int, frame: int, *, opening: bool) -> tuple[float, ...]:
    """Advance ``state`` to frame ``k`` of its stage (``frame`` of the story) and return one row of ``Poses``."""
    phase = (frame - NEUTRAL_FRAME) % CYCLE  # 0 = neutral
    angle = 2 * math.pi * phase / CYCLE
    dx, lift, turn, stretch = 0.0, 0.0, 0.0, 1.0
    if motion != "fall" or start.altitude > 0:  # whoever lies on the ground gets up
        state.lean = start.lean * max(0.0, 1 - k / 2)
    if motion in ("right", "left"):
        step = WALK if motion == "right" else -WALK
        state.flip = motion == "right"
        state.camera = start.camera + step * k
        lift, turn = 2.5 * abs(math.sin(angle)), 0.09 * math.sin(angle)
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
        level = start.level + k * rate * (1 if motion == "grow" else -1)
        state.level = min(1.0, max(-1.0, level))
    elif motion == "fly up":
        state.altitude = min(FLIGHT, start.altitude + k * FLIGHT / CYCLE)
        turn = 0.08 * math.sin(angle)
        lift = 1.5 * math.sin(2 * angle)
    elif motion == "fall" and start.altitude > 0:
        state.altitude = start.altitude * max(0.0, 1 - (k / CYCLE) ** 2)
        stretch = 0.8 if k == CYCLE + 1 else 1.0
    elif motion == "fall":
        toward = 1 if state.flip else -1
        state.lean = toward * math.pi / 2 * min(1.0, max(abs(start.lean) / (math.pi / 2), (k / 3) ** 1.5))
    size = SIZE * 2 ** (state.level / 2)
    height = max(0.0, state.altitude + lift)
    y = GROUND - height - size * stretch / 2
    return (32 + dx, y, size, stretch, turn + state.lean, float(state.flip), state.camera, height)
