"""The view: what the camera does besides going along, and the weather and light of every frame."""

from __future__ import annotations

import functools

import numpy as np

from phenaki.world.motion import CYCLE, NEUTRAL_FRAME
from phenaki.world.spec import StorySpec
from phenaki.world.weathers import LIGHTS, RAMP, Light

VIEW = ("pan", "zoom", "shake_x", "shake_y")  # units to the right, factor, units
FALLING = ("rain", "snowfall", "leaves", "fog", "lightning", "fireworks", "stars")  # each has a level of its own
LEVELS = (*FALLING, "night", "warm")

PAN = 2.0  # units a frame
WIDEST_PAN = 8.0  # to each side
ZOOM = 0.05  # a frame
CLOSEST = 1.4
SHAKES = ((0.0, 0.0), (1.4, -1.2), (-1.6, 1.0), (1.2, 0.6), (-1.0, -1.4), (1.6, 1.2))  # from the neutral frame on


def view_rows(spec: StorySpec) -> np.ndarray:
    """The camera in every frame, (f, VIEW) float32."""
    pan, zoom, frame, parts = 0.0, 1.0, 0, []
    for number, stage in enumerate(spec.stages):
        rows = _view_stage(stage.camera, stage.num_frames, pan, zoom, frame % CYCLE, number == 0)
        pan, zoom = float(rows[-1, 0]), float(rows[-1, 1])
        parts.append(rows)
        frame += stage.num_frames
    return np.concatenate(parts)


@functools.lru_cache(maxsize=5_000)
def _view_stage(camera: str, num_frames: int, pan: float, zoom: float, clock: int, opening: bool) -> np.ndarray:
    if opening:
        pan = {"pan right": -WIDEST_PAN, "pan left": WIDEST_PAN}.get(camera, 0.0)
        zoom = CLOSEST if camera == "zoom out" else 1.0
    k = np.arange(num_frames) + (0 if opening else 1)
    rows = np.zeros((num_frames, len(VIEW)), dtype=np.float32)
    rows[:, 0] = np.clip(pan + {"pan right": PAN, "pan left": -PAN}.get(camera, 0.0) * k, -WIDEST_PAN, WIDEST_PAN)
    rows[:, 1] = np.clip(zoom + {"zoom in": ZOOM, "zoom out": -ZOOM}.get(camera, 0.0) * k, 1.0, CLOSEST)
    if camera == "shake":
        phases = (clock + np.arange(num_frames) - NEUTRAL_FRAME) % CYCLE
        rows[:, 2:] = np.array(SHAKES, dtype=np.float32)[phases]
    return rows


def level_rows(spec: StorySpec) -> np.ndarray:
    """How strong each weather and light is in every frame, 0 to 1, (f, LEVELS) float32."""
    state, parts = (0.0,) * len(LEVELS), []
    for number, stage in enumerate(spec.stages):
        rows = _level_stage(stage.weather, stage.num_frames, state, number == 0, spec.version)
        state = tuple(map(float, rows[-1]))
        parts.append(rows)
    return np.concatenate(parts)


@functools.lru_cache(maxsize=5_000)
def _level_stage(weather: str, num_frames: int, state: tuple[float, ...], opening: bool, version: int) -> np.ndarray:
    goal = [float(name == weather) for name in FALLING]
    if version == 1:
        return np.tile(np.array([*goal, 0.0, 0.0], dtype=np.float32), (num_frames, 1))
    light = LIGHTS.get(weather, Light())
    levels = list(state)
    if opening:
        levels = [*goal, light.night if light.opening_night is None else light.opening_night, 0.0]
    rows = []
    for k in range(num_frames):
        if k or not opening:
            levels[:-2] = [_toward(a, b, 1 / RAMP) for a, b in zip(levels[:-2], goal, strict=True)]
            levels[-2] = _toward(levels[-2], light.night, light.rate)
        warmth = _warmth(levels[-2], light) if light.rate < 1 / RAMP else 0.0
        levels[-1] = _toward(levels[-1], warmth, 1 / RAMP) if k or not opening else warmth
        rows.append(tuple(levels))
    return np.array(rows, dtype=np.float32)


def _warmth(night: float, light: Light) -> float:
    """The sun is red when it is low, and a morning stays warm."""
    return max(2.8 * night * (1 - night), light.warm * (1 - night))


def _toward(value: float, goal: float, step: float) -> float:
    return value + min(step, max(-step, goal - value))
