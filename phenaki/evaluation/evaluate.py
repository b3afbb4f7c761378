"""The evaluation of a model: does it show what it was told, does a story hold together, what does it cost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from phenaki.config import SamplingConfig
from phenaki.errors import ConfigError
from phenaki.evaluation.adherence import JudgedClip, check_judge_fits, judge_prompts, judge_stories
from phenaki.evaluation.judge import ClipFacts, WorldJudge, count_right
from phenaki.evaluation.machine import describe_machine, peak_memory_mib
from phenaki.evaluation.report import Cost, Report, Share
from phenaki.evaluation.samples import evaluation_rng, sample_seen, sample_story
from phenaki.evaluation.tokenizer import measure_tokenizer
from phenaki.pipeline import Phenaki
from phenaki.segment import check_seed
from phenaki.world.windows import sample_opening

T = TypeVar("T")
Facts = tuple[ClipFacts, ClipFacts]  # verdict, and what was wanted


@dataclass(frozen=True)
class EvaluationSize:
    """How much is evaluated; a part of size 0 is left out."""

    prompts: int = 256  # films of one clip, of all combinations
    held_out: int = 64  # more of them, only of pairs that training never shows
    stories: int = 64  # films of two segments
    renders: int = 256  # clips for the judge's own accuracy and for the tokenizer

    def __post_init__(self) -> None:
        for name in ("prompts", "held_out", "stories", "renders"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100_000:
                raise ConfigError(f"{name} is {value!r}; use a whole number from 0 to 100000.")


class Watcher:
    """Follows an evaluation; this one does nothing."""

    def progress(self, line: str) -> None:
        """A line about how far the work is, after each clip."""

    def clip(self, clip: JudgedClip) -> None:
        """A film of one clip is made and judged."""

    def story(self, first: JudgedClip, second: JudgedClip) -> None:
        """A film of two segments is made and judged."""


def evaluate(
    model: Phenaki,
    judge: WorldJudge,
    size: EvaluationSize,
    *,
    sampling: SamplingConfig | None = None,
    seed: int = 0,
    watcher: Watcher | None = None,
) -> Report:
    """Evaluate a model. The same seed and size mean the same prompts, whatever the model and the sampling.

    For a quick look at sampling settings: ``EvaluationSize(48, held_out=0, stories=0, renders=0)``.

    Args:
        model: on any device; its clips must suit the judge.
        judge: on the CPU.
        size: how much of what.
        sampling: None: the model's default.
        seed: of prompts and films.
        watcher: is told of progress and given the films.

    Raises:
        ConfigError: the judge cannot read the model's clips.
        TimelineError: the seed is out of range.
    """
    check_seed(seed)
    check_judge_fits(model, judge)
    sampling, watcher, shape = sampling or model.config.sampling, watcher or Watcher(), model.clip
    adherence: list[Facts] = []
    held_out: list[Facts] = []
    stories: list[tuple[Facts, Facts]] = []
    first_seconds, next_seconds = [], []

    rng = evaluation_rng(seed, "prompts")
    windows = [sample_opening(rng, shape, combos="all") for _ in range(size.prompts)]
    for clip in _told(judge_prompts(model, judge, windows, sampling, seed), "prompt", size.prompts, watcher.progress):
        adherence.append((clip.verdict, clip.wanted))
        first_seconds.append(clip.seconds)
        watcher.clip(clip)

    rng = evaluation_rng(seed, "held-out prompts")
    windows = [sample_opening(rng, shape, combos="held-out") for _ in range(size.held_out)]
    clips = judge_prompts(model, judge, windows, sampling, seed)
    for clip in _told(clips, "prompt of a held-out pair", size.held_out, watcher.progress):
        held_out.append((clip.verdict, clip.wanted))

    rng = evaluation_rng(seed, "stories")
    drawn = [sample_story(rng, shape) for _ in range(size.stories)]
    films = judge_stories(model, judge, drawn, sampling, seed)
    for first, second in _told(films, "story", size.stories, watcher.progress):
        stories.append(((first.verdict, first.wanted), (second.verdict, second.wanted)))
        next_seconds.append(second.seconds)
        watcher.story(first, second)
    peak = peak_memory_mib()  # of generating; what follows takes batches

    rng = evaluation_rng(seed, "renders")
    windows = [sample_seen(rng, shape) for _ in range(size.renders)]
    measured = measure_tokenizer(
        model._parts.cvivit, judge, windows, lambda done: watcher.progress(f"render {done} of {size.renders}")
    )
    return Report(
        model=model.config.name,
        machine=f"{describe_machine(model.device)}, {model.precision}",
        sampling=sampling,
        seed=seed,
        adherence=attribute_shares(adherence),
        adherence_held_out=attribute_shares(held_out),
        chance=attribute_shares([(verdict, adherence[i - 1][1]) for i, (verdict, _) in enumerate(adherence)]),
        stories=story_shares(stories),
        judge=attribute_shares(measured.on_renders),
        reconstructions=attribute_shares(measured.on_reconstructions),
        tokenizer=measured.quality,
        cost=Cost(_median(first_seconds), _median(next_seconds), peak) if first_seconds or next_seconds else None,
    )


def attribute_shares(facts: Sequence[Facts]) -> dict[str, Share]:
    """For each attribute, and for all together, the share that is right."""
    right = count_right([verdict for verdict, _ in facts], [wanted for _, wanted in facts])
    return {name: Share(count, len(facts)) for name, count in right.items()}


def story_shares(stories: Sequence[tuple[Facts, Facts]]) -> dict[str, Share]:
    """What still holds, and what is obeyed, in the clip after the cut; each story is (opening, clip after the cut)."""
    openings = attribute_shares([opening for opening, _ in stories])
    after = attribute_shares([second for _, second in stories])
    both = sum(v.subject == w.subject and v.motion == w.motion for _, (v, w) in stories)
    return {
        "subject, before the cut": openings["subject"],
        "subject": after["subject"],
        "scene": after["scene"],
        "new motion": after["motion"],
        "subject and new motion": Share(both, len(stories)),
    }


def _told(clips: Iterable[T], what: str, count: int, tell: Callable[[str], None]) -> Iterator[T]:
    """Pass clips on; after each, say how many are done and how long the rest will take."""
    begun = time.monotonic()
    for done, clip in enumerate(clips, start=1):
        left = (time.monotonic() - begun) / done * (count - done)
        tell(f"{what} {done} of {count}, {left / 60:.1f} min left")
        yield clip


def _median(seconds: list[float]) -> float:
    return median(seconds) if seconds else math.nan
