"""What is evaluated on: windows and stories of the world, drawn with seeds that training never uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from phenaki.errors import ShapeError
from phenaki.evaluation.facts import judged_part
from phenaki.evaluation.paraphrases import can_paraphrase, paraphrase
from phenaki.shapes import ClipShape
from phenaki.world.attributes import CAMERAS, SIZES, STYLES
from phenaki.world.captions import caption, nouns, verb_phrases
from phenaki.world.grammar import nouns_for, phrases_for
from phenaki.world.motion import story_poses
from phenaki.world.parts import CORE, WorldPart
from phenaki.world.scenes import SCENE_OF
from phenaki.world.spec import Stage, StorySpec
from phenaki.world.weathers import WEATHER_EVENTS, WEATHER_WORDS, WEATHERS
from phenaki.world.windows import (
    Script,
    Window,
    sample_continuation,
    sample_opening,
    sample_script,
    sample_spec,
    sample_split,
    tell,
)

EVALUATION = 0x7E57_C11B  # leads every evaluation seed; training's seeds begin with the number of the run
STILL = 1e-4  # a pose that changes by less than this from one frame to the next does not change
SPLITS = ("iid", "held-out pairs", "paraphrases", "pictures only")  # each is a kind of film of one clip
HIDES = ("leave", "enter left", "enter right")  # motions after or before which the subject is out of sight


@dataclass(frozen=True)
class TwoSegmentStory:
    """A story as a user writes it: a whole caption, then what happens next to the same subject."""

    spec: StorySpec  # the second stage has another motion than the first, in the same weather
    prompts: tuple[str, str]


def evaluation_rng(seed: int, purpose: str) -> np.random.Generator:
    """Random numbers for one part of the evaluation."""
    return np.random.default_rng([EVALUATION, seed, *purpose.encode()])


def split_exists(split: str, part: WorldPart) -> bool:
    """Whether a part of the world has prompts of this one of ``SPLITS``."""
    if split == "paraphrases":
        return part.held_out_words or can_paraphrase(part)
    return split != "pictures only" or bool(part.still_subjects)


def sample_prompt(split: str, rng: np.random.Generator, shape: ClipShape, part: WorldPart = CORE) -> Window:
    """An opening whose caption tells all that is asked of it.

    Args:
        split: one of ``SPLITS``. "iid" is what training shows, drawn anew; "held-out pairs" has a subject that training
            never shows in this scene, or doing this (or a style with this motion); "paraphrases" has words that
            training never reads; "pictures only" has a subject that training shows in single pictures only.
        rng: source of chance.
        shape: how the model cuts time.
        part: what there is; the split must exist in it, see ``split_exists``.
    """
    while True:
        if split == "pictures only":
            few = replace(part, subjects=part.still_subjects, still_subjects=(), second_share=0.0)
            window = sample_opening(rng, shape, combos="all", part=few)
        elif split == "held-out pairs":
            window = sample_opening(rng, shape, combos="held-out", part=part)
        elif split == "iid" or not part.held_out_words:
            window = sample_opening(rng, shape, combos="train", part=part)
            if split == "paraphrases":
                text = paraphrase(
                    window.spec.subject, window.spec.scene, window.stage.motion, window.stage.weather, rng
                )
                return replace(window, caption=text)
        else:
            window = sample_split("words", rng, shape, part=part, opening=True)
        if tells_all(window.caption, window.spec, window.stage):
            return window


def tells_all(text: str, spec: StorySpec, stage: Stage) -> bool:
    """Whether a caption of the grammar names everything that is not as usual: some captions leave a thing out."""
    words = f" {' '.join(re.findall(r'[a-z0-9-]+', text.lower()))} "

    def names(phrases: Iterable[str]) -> bool:
        return any(f" {' '.join(re.findall(r'[a-z0-9-]+', p.lower()))} " in words for p in phrases if p)

    scene, style = SCENE_OF[spec.scene], STYLES[spec.style]
    return (
        names((*scene.places, scene.word or scene.name))
        and (spec.colour is None or names((spec.colour,)))
        and (spec.size is None or names(SIZES[spec.size][1]))
        and (spec.style == "toy" or names((*style.fronts, *style.ends, spec.style)))
        and (stage.camera == "still" or names(p.removeprefix("the ") for kind in CAMERAS[stage.camera] for p in kind))
        and (
            stage.weather == "clear"
            or names((*WEATHERS[stage.weather], *WEATHER_EVENTS[stage.weather], WEATHER_WORDS[stage.weather]))
        )
    )


def sample_seen(rng: np.random.Generator, shape: ClipShape, *, combos: str = "all", part: WorldPart = CORE) -> Window:
    """A window, as often an opening as a continuation, whose motion can be seen (see ``motion_is_seen``)."""
    sample = sample_opening if rng.random() < 0.5 else sample_continuation
    part = judged_part(part)
    while True:
        window = sample(rng, shape, combos=combos, part=part)
        if motion_is_seen(window):
            return window


def motion_is_seen(window: Window) -> bool:
    """Whether the new frames show the motion that their stage is named after.

    They do not where a motion has come to its end before them: who has grown to the greatest size or lies on the
    ground moves no more than who stands still. The step from the last inherited frame counts as new.
    """
    spec = window.spec
    if window.stage.motion == "stand":
        return True
    second = None if spec.second is None else "stand"
    idle = replace(spec, stages=(Stage("stand", spec.num_frames, second_motion=second),))
    first = window.start + max(0, window.prime_frames - 1)
    steps = [_steps(story)[:, first : window.start + window.num_frames - 1] for story in (spec, idle)]
    return bool((np.abs(steps[0] - steps[1]) > STILL).any())


def _steps(spec: StorySpec) -> np.ndarray:
    """How the pose changes from each frame to the next, (columns, f - 1)."""
    poses = story_poses(spec)
    rows = [poses.x, poses.y, poses.size, poses.stretch, poses.turn, poses.camera]
    return np.diff(np.stack(rows), axis=1)


def stage_at(spec: StorySpec, frame: int) -> Stage:
    """The stage that a frame of a story belongs to."""
    end = 0
    for stage in spec.stages:
        end += stage.num_frames
        if frame < end:
            return stage
    raise ShapeError(f"Frame {frame} was asked of a story of {spec.num_frames}; stay within it.")


def sample_story(rng: np.random.Generator, shape: ClipShape, part: WorldPart = CORE) -> TwoSegmentStory:
    """A story of one subject whose second prompt is short: "the fox jumps", "it jumps" or "then it jumps"."""
    while True:
        spec = sample_spec(rng, (shape.clip_frames, shape.new_frames), combos="all", part=part)
        first, second = spec.stages
        if first.motion == second.motion or spec.second or {first.motion, second.motion} & set(HIDES):
            continue
        spec = replace(spec, stages=(first, Stage(second.motion, second.num_frames, first.weather)))
        opening, verbs, names = _story_words(spec, rng, part)
        if tells_all(opening, spec, first):
            break
    who = "it" if rng.random() < 0.4 else f"the {names[int(rng.integers(len(names)))]}"
    then = "then " if rng.random() < 0.2 else ""
    return TwoSegmentStory(spec, (opening, f"{then}{who} {verbs[int(rng.integers(len(verbs)))]}"))


def sample_long_story(rng: np.random.Generator, shape: ClipShape, part: WorldPart = CORE) -> Script:
    """Three to five segments of two clips each: one subject, always in sight, whose opening is told in full."""
    while True:
        script = sample_script(rng, shape, part=part, clips=2)
        spec = script.spec
        hides = {stage.motion for stage in spec.stages} & set(HIDES)
        if spec.second is None and not hides and tells_all(script.prompts[0], spec, spec.stages[0]):
            return script


def _story_words(
    spec: StorySpec, rng: np.random.Generator, part: WorldPart
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The opening's caption, and the phrases and nouns for what follows."""
    first, second = spec.stages
    if spec.version == 1:
        opening = caption(spec.subject, spec.scene, first.motion, first.weather, rng)
        return opening, verb_phrases(second.motion, spec.subject), nouns(spec.subject)
    words = "train" if part.held_out_words else "all"
    plain = bool(spec.colour or spec.size)
    verbs, names = phrases_for(second.motion, spec.subject, words), nouns_for(spec.subject, words, plain=plain)
    return tell(spec, 0, rng, "train", part), verbs, names
