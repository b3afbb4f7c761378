"""Clips made from prompts of the world, each with the judge's verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import numpy as np

from phenaki.config import SamplingConfig
from phenaki.errors import ConfigError
from phenaki.evaluation.facts import ClipFacts
from phenaki.evaluation.judge import WorldJudge
from phenaki.evaluation.samples import motion_is_seen
from phenaki.events import FramesReady
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
    place: int = 0  # among the clips of its segment
    shown: bool = True  # whether a render of the story would show the motion here: who has fallen falls no more


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
        (clip,) = _film(model, judge, window.spec, (window.caption,), sampling, seed + number)
        yield clip


def judge_stories(
    model: Phenaki, judge: WorldJudge, stories: Iterable[Story], sampling: SamplingConfig, seed: int
) -> Iterator[list[JudgedClip]]:
    """Make films of several segments, each as long as its stage of the story, and give their clips.

    After a cut the judge sees the last frames before it and the first ones behind it. Arguments: see
    ``judge_prompts``.
    """
    for number, story in enumerate(stories):
        yield _film(model, judge, story.spec, story.prompts, sampling, seed + number)


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
    model: Phenaki, judge: WorldJudge, spec: StorySpec, prompts: tuple[str, ...], sampling: SamplingConfig, seed: int
) -> list[JudgedClip]:
    """A film with a segment for each stage of a story, judged clip by clip."""
    seen = judge.config.clip
    segments = [Segment(p, stage.num_frames / model.clip.fps) for p, stage in zip(prompts, spec.stages, strict=True)]
    film: np.ndarray | None = None
    clips: list[JudgedClip] = []
    begun = perf_counter()
    for event in model.generate(Timeline(tuple(segments), seed % (MAX_SEED + 1)), sampling):
        if not isinstance(event, FramesReady) or event.segment is None:
            continue
        seconds = perf_counter() - begun
        film = event.frames if film is None else np.concatenate([film, event.frames])
        prompt, stage = prompts[event.segment], spec.stages[event.segment]
        inherited = seen.prime_frames if event.start_frame else 0
        start = event.start_frame - inherited
        frames = film[start : start + seen.clip_frames]
        shown = motion_is_seen(Window(spec, start, seen.clip_frames, prompt, inherited, stage))
        verdict = judge.judge(frames_to_video(frames))[0]
        wanted = ClipFacts.told(spec, stage)
        clips.append(JudgedClip(prompt, frames, wanted, verdict, seconds, spec, event.clip, shown))
        begun = perf_counter()
    return clips
