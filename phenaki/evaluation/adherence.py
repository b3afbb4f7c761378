"""Clips made from prompts of the world, each with the judge's verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from phenaki.config import SamplingConfig
from phenaki.errors import ConfigError
from phenaki.evaluation.facts import ClipFacts
from phenaki.evaluation.judge import WorldJudge
from phenaki.events import FramesReady, SegmentFinished
from phenaki.pipeline import Phenaki
from phenaki.segment import MAX_SEED, Segment
from phenaki.timeline import Timeline
from phenaki.video import frames_to_video
from phenaki.world.spec import StorySpec
from phenaki.world.windows import Window


@dataclass(frozen=True)
class JudgedClip:
    """A generated clip, what its prompt asked for and what the judge sees in it."""

    prompt: str
    frames: np.ndarray  # (f, H, W, 3) uint8, as many as the judge looks at
    wanted: ClipFacts
    verdict: ClipFacts
    seconds: float  # wall time that generating its new frames took
    spec: StorySpec  # the story that its film is of


class Story(Protocol):
    """What a film of several segments is made of: ``samples.TwoSegmentStory`` or ``windows.Script``."""

    @property
    def spec(self) -> StorySpec: ...

    @property
    def prompts(self) -> tuple[str, ...]: ...


def judge_prompts(
    model: Phenaki, judge: WorldJudge, windows: Iterable[Window], sampling: SamplingConfig, seed: int
) -> Iterator[JudgedClip]:
    """Make the opening clip of each window's caption, one film each, as a user would.

    Args:
        model: with clips as long as the judge's.
        judge: in eval mode.
        windows: openings; their captions are the prompts.
        sampling: steps, guidance and temperatures.
        seed: film number i gets the seed ``seed + i``.
    """
    for number, window in enumerate(windows):
        wanted = ClipFacts.of(window)
        (clip,) = _film(model, judge, window.spec, [(window.caption, wanted)], sampling, seed + number)
        yield clip


def judge_stories(
    model: Phenaki, judge: WorldJudge, stories: Iterable[Story], sampling: SamplingConfig, seed: int
) -> Iterator[list[JudgedClip]]:
    """Make films of several segments, and give their clips, one for each segment.

    After a cut the judge sees the last frames before it and the first ones behind it. Arguments: see
    ``judge_prompts``.
    """
    for number, story in enumerate(stories):
        wanted = [ClipFacts.told(story.spec, stage) for stage in story.spec.stages]
        segments = list(zip(story.prompts, wanted, strict=True))
        yield _film(model, judge, story.spec, segments, sampling, seed + number)


def check_judge_fits(model: Phenaki, judge: WorldJudge) -> None:
    """Raise ``ConfigError`` unless the judge can read the clips of the model and asks for what the model knows."""
    theirs, ours, picture = model.clip.clip_frames, judge.config.num_frames, model.config.cvivit
    if theirs != ours or model.clip.new_frames < judge.config.new_frames or picture.height != picture.width:
        raise ConfigError(
            f"The model {model.config.name!r} makes clips of {theirs} frames of {picture.height}x{picture.width} "
            f"pixels, {model.clip.new_frames} of them new where a film goes on; the judge reads clips of {ours} square "
            f"frames, {judge.config.new_frames} of them new. Evaluate a model with such clips, like 'toy-64'."
        )
    known = model.config.vocabulary.get("subjects", ())
    unknown = [name for name in (*judge.part.subjects, *judge.part.still_subjects) if known and name not in known]
    if unknown:
        raise ConfigError(
            f"The model {model.config.name!r} has not seen {len(unknown)} subjects of the part {judge.part.label!r}, "
            f"such as {unknown[0]!r}, that the judge asks for. Use the judge of the part that it was trained on."
        )


def _film(
    model: Phenaki, judge: WorldJudge, spec: StorySpec, segments: list[tuple[str, ClipFacts]],
    sampling: SamplingConfig, seed: int,
) -> list[JudgedClip]:  # fmt: skip
    """A film with one clip for each segment, judged clip by clip."""
    shape, seen = model.clip, judge.config.clip
    seconds = [shape.step_seconds if i else shape.first_seconds for i in range(len(segments))]
    timeline = Timeline(
        tuple(Segment(prompt, s) for (prompt, _), s in zip(segments, seconds, strict=True)), seed % (MAX_SEED + 1)
    )
    film: np.ndarray | None = None
    clips, spent = [], []
    for event in model.generate(timeline, sampling):
        if isinstance(event, FramesReady):
            film = event.frames if film is None else np.concatenate([film, event.frames])
            end = event.start_frame + (seen.new_frames if event.start_frame else seen.clip_frames)
            clips.append(film[end - seen.clip_frames : end])
        elif isinstance(event, SegmentFinished):
            spent.append(event.seconds)
    return [
        JudgedClip(prompt, frames, wanted, judge.judge(frames_to_video(frames))[0], time, spec)
        for (prompt, wanted), frames, time in zip(segments, clips, spent, strict=True)
    ]
