"""Training samples: windows of random stories with the caption of their new frames."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from phenaki.shapes import ClipShape
from phenaki.world.captions import caption, follow_up, still_caption
from phenaki.world.spec import CAMERA_STOPS, LAYOUTS, Stage, StorySpec
from phenaki.world.vocabulary import MOTION_NAMES, SCENE_NAMES, SUBJECT_NAMES

DRY_SCENES = ("moon", "underwater")  # no rain or snow there
HELD_OUT_SHARE = 0.06  # of the (subject, motion) and (subject, scene) pairs: never trained on


@dataclass(frozen=True)
class Window:
    """A stretch of a story with a caption."""

    spec: StorySpec
    start: int  # first frame
    num_frames: int
    caption: str
    prime_frames: int  # frames that belong to what came before, 0 in the opening window
    stage: Stage  # the stage that the new frames show


def held_out(subject: str, other: str) -> bool:
    """Whether this pair of a subject with a motion or a scene is kept away from training."""
    digest = hashlib.sha256(f"{subject}|{other}".encode()).digest()
    return int.from_bytes(digest[:4]) < HELD_OUT_SHARE * 2**32


def sample_spec(rng: np.random.Generator, num_frames: tuple[int, ...], *, combos: str = "train") -> StorySpec:
    """A random story with stages of these lengths.

    Args:
        rng: source of chance.
        num_frames: length of each stage.
        combos: "train" leaves held-out pairs out, "held-out" has one in its first stage, "all" takes what comes.
    """
    while True:
        subject, scene = _pick(SUBJECT_NAMES, rng), _pick(SCENE_NAMES, rng)
        motions = _motions(rng, len(num_frames))
        wanted = held_out(subject, scene) or held_out(subject, motions[0])
        unwanted = held_out(subject, scene) or any(held_out(subject, m) for m in motions)
        if (combos == "train" and unwanted) or (combos == "held-out" and not wanted):
            continue
        weathers = _weathers(rng, scene, len(num_frames))
        stages = tuple(Stage(m, n, w) for m, n, w in zip(motions, num_frames, weathers, strict=True))
        return StorySpec(subject, scene, stages, int(rng.integers(LAYOUTS)), int(rng.integers(CAMERA_STOPS)))


def sample_opening(rng: np.random.Generator, shape: ClipShape, *, combos: str = "train") -> Window:
    """The first clip of a story."""
    spec = sample_spec(rng, (shape.clip_frames,), combos=combos)
    stage = spec.stages[0]
    text = caption(spec.subject, spec.scene, stage.motion, stage.weather, rng)
    return Window(spec, 0, shape.clip_frames, text, 0, stage)


def sample_continuation(rng: np.random.Generator, shape: ClipShape, *, combos: str = "train") -> Window:
    """A later clip: its first frames end one stage, its new frames show the next one or go on with the same."""
    before = shape.clip_frames + int(rng.integers(2)) * shape.new_frames  # frames of the stage before
    spec = sample_spec(rng, (before, shape.new_frames * 2), combos=combos)
    first, second = spec.stages
    where = rng.random()
    if where < 0.2 and before > shape.clip_frames:  # inside the first stage
        text = caption(spec.subject, spec.scene, first.motion, first.weather, rng)
        return Window(spec, shape.new_frames, shape.clip_frames, text, shape.prime_frames, first)
    start = before - shape.prime_frames + (shape.new_frames if where > 0.85 else 0)  # at the change, or one clip after
    text = follow_up(spec.subject, spec.scene, second.motion, second.weather, (first.motion, first.weather), rng)
    return Window(spec, start, shape.clip_frames, text, shape.prime_frames, second)


def sample_still(rng: np.random.Generator) -> Window:
    """A single picture with a caption in which nothing moves."""
    spec = sample_spec(rng, (11,), combos="train")
    stage = spec.stages[0]
    text = still_caption(spec.subject, spec.scene, stage.weather, rng)
    return Window(spec, int(rng.integers(11)), 1, text, 0, stage)


def _motions(rng: np.random.Generator, count: int) -> list[str]:
    """A motion for each stage, such that each can be seen."""
    motions: list[str] = []
    altitude, level = 0, 0
    while len(motions) < count:
        motion = _pick(MOTION_NAMES, rng)
        opening = not motions
        if not opening:
            full = (motion == "grow" and level > 0) or (motion == "shrink" and level < 0)
            if full or (motion == "fly up" and altitude) or (motion == "fall" and motions[-1] == "fall"):
                continue
        altitude = {"fly up": 1, "fall": 0}.get(motion, altitude)
        change = {"grow": 1, "shrink": -1}.get(motion, 0)
        level = change if opening else level + change
        motions.append(motion)
    return motions


def _weathers(rng: np.random.Generator, scene: str, count: int) -> list[str]:
    """A weather for each stage; it changes now and then."""
    if scene in DRY_SCENES:
        return ["clear"] * count
    weathers: list[str] = []
    for _ in range(count):
        keep = weathers and rng.random() < 0.75
        weathers.append(weathers[-1] if keep else str(rng.choice(["clear", "rain", "snowfall"], p=[0.6, 0.2, 0.2])))
    return weathers


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
