"""What is evaluated on: windows and two-segment stories of the world, drawn with seeds that training never uses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from phenaki.errors import ShapeError
from phenaki.shapes import ClipShape
from phenaki.world.captions import caption, nouns, verb_phrases
from phenaki.world.motion import story_poses
from phenaki.world.spec import Stage, StorySpec
from phenaki.world.windows import Window, sample_continuation, sample_opening, sample_spec

EVALUATION = 0x7E57_C11B  # leads every evaluation seed; training's seeds begin with the number of the run
STILL = 1e-4  # a pose that changes less than this does not change


@dataclass(frozen=True)
class TwoSegmentStory:
    """A story as a user writes it: a whole caption, then what happens next to the same subject."""

    spec: StorySpec  # the second stage has another motion than the first, in the same weather
    prompts: tuple[str, str]


def evaluation_rng(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers for one part of the evaluation."""
    return np.random.default_rng([EVALUATION, seed, *purpose.encode()])


def sample_seen(rng: np.random.Generator, shape: ClipShape, *, combos: str = "all") -> Window:
    """A window, as often an opening as a continuation, whose motion can be seen (see ``motion_is_seen``)."""
    sample = sample_opening if rng.random() < 0.5 else sample_continuation
    while True:
        window = sample(rng, shape, combos=combos)
        if motion_is_seen(window):
            return window


def motion_is_seen(window: Window) -> bool:
    """Whether the new frames show the motion that their stage is named after.

    They do not where a motion has come to its end before them: who has grown to the greatest size or lies on the
    ground holds still, and no one can tell it from "stand". The step from the last inherited frame counts as new.
    """
    if window.stage.motion == "stand":
        return True
    poses = story_poses(window.spec)
    first = window.start + max(0, window.prime_frames - 1)
    rows = [poses.x, poses.y, poses.size, poses.stretch, poses.turn, poses.camera]
    new = np.stack(rows)[:, first : window.start + window.num_frames]
    return bool((np.ptp(new, axis=1) > STILL).any())


def stage_at(spec: StorySpec, frame: int) -> Stage:
    """The stage that a frame of a story belongs to."""
    end = 0
    for stage in spec.stages:
        end += stage.num_frames
        if frame < end:
            return stage
    raise ShapeError(f"Frame {frame} was asked of a story of {spec.num_frames}; stay within it.")


def sample_story(rng: np.random.Generator, shape: ClipShape) -> TwoSegmentStory:
    """A story whose second prompt is short: "the fox jumps", "it jumps" or "then it jumps"."""
    while True:
        spec = sample_spec(rng, (shape.clip_frames, shape.new_frames), combos="all")
        if spec.stages[0].motion != spec.stages[1].motion:
            break
    first, second = spec.stages
    spec = replace(spec, stages=(first, Stage(second.motion, second.num_frames, first.weather)))
    opening = caption(spec.subject, spec.scene, first.motion, first.weather, rng)
    verbs, names = verb_phrases(second.motion, spec.subject), nouns(spec.subject)
    who = "it" if rng.random() < 0.4 else f"the {names[int(rng.integers(len(names)))]}"
    then = "then " if rng.random() < 0.2 else ""
    return TwoSegmentStory(spec, (opening, f"{then}{who} {verbs[int(rng.integers(len(verbs)))]}"))
