"""The evaluation of a model: does it show what it was told, does a story hold together, what does it cost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import TypeVar

from phenaki.config import SamplingConfig
from phenaki.errors import ConfigError
from phenaki.evaluation.adherence import JudgedClip, check_judge_fits, judge_prompts, judge_stories
from phenaki.evaluation.alignment import Aligner
from phenaki.evaluation.comparison import Comparison, compare_with_renders
from phenaki.evaluation.facts import ClipFacts, count_right
from phenaki.evaluation.figures import Cost, Seams, Share
from phenaki.evaluation.judge import WorldJudge
from phenaki.evaluation.machine import describe_machine, peak_memory_mib
from phenaki.evaluation.report import Report
from phenaki.evaluation.samples import (
    SPLITS,
    TwoSegmentStory,
    evaluation_rng,
    sample_long_story,
    sample_prompt,
    sample_seen,
    sample_story,
    split_exists,
)
from phenaki.evaluation.seams import measure_seams, rendered_films, story_film
from phenaki.evaluation.tokenizer import measure_tokenizer
from phenaki.pipeline import Phenaki
from phenaki.segment import check_seed
from phenaki.shapes import ClipShape

T = TypeVar("T")
Facts = tuple[ClipFacts, ClipFacts]  # verdict, and what was wanted


@dataclass(frozen=True)
class EvaluationSize:
    """How much is evaluated; a part of size 0 is left out. The first four are films of one clip, see ``SPLITS``."""

    prompts: int = 256  # of what training shows: "iid"
    held_out: int = 64  # of pairs that training never shows
    paraphrases: int = 64  # in words that training never reads
    pictures_only: int = 32  # of subjects that training shows in pictures only, if there are any
    stories: int = 64  # films of two segments
    long_stories: int = 16  # films of three to five segments of two clips each
    renders: int = 256  # clips for the judge's own accuracy and for the tokenizer
    compared: int = 256  # films of "iid", at most, that are compared with renders: FID, KID, FVD
    aligned: int = 128  # of them, those whose alignment is measured; 32 prompts are read for each

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100_000:
                raise ConfigError(f"{field.name} is {value!r}; use a whole number from 0 to 100000.")

    def of(self, split: str) -> int:
        """Films of a split."""
        sizes = (self.prompts, self.held_out, self.paraphrases, self.pictures_only)
        return dict(zip(SPLITS, sizes, strict=True))[split]


class Watcher:
    """Follows an evaluation; this one does nothing."""

    def progress(self, line: str) -> None:
        """A line about how far the work is, after each clip."""

    def clip(self, split: str, clip: JudgedClip) -> None:
        """A film of one clip is made and judged."""

    def story(self, first: JudgedClip, second: JudgedClip) -> None:
        """A film of two segments is made and judged."""


def evaluate(
    model: Phenaki,
    judge: WorldJudge,
    size: EvaluationSize,
    *,
    aligner: Aligner | None = None,
    sampling: SamplingConfig | None = None,
    seed: int = 0,
    watcher: Watcher | None = None,
) -> Report:
    """Evaluate a model. The same seed and size mean the same prompts, whatever the model and the sampling.

    For a quick look at sampling settings: ``EvaluationSize(48, 0, 0, 0, 0, 0, 0, 0, 0)``.

    Args:
        model: on any device; its clips must suit the judge.
        judge: of the part of the world that the model was trained on; prompts and renders are of that part.
        size: how much of what.
        aligner: towers that watch with this judge; None leaves the alignment out.
        sampling: None: the model's default.
        seed: of prompts and films.
        watcher: is told of progress and given the films.

    Raises:
        ConfigError: the judge cannot read the model's clips, or judges subjects that the model does not know.
        TimelineError: the seed is out of range.
    """
    check_seed(seed)
    check_judge_fits(model, judge)
    sampling, watcher, shape, part = sampling or model.config.sampling, watcher or Watcher(), model.clip, judge.part
    names = list(judge.attributes)
    splits: dict[str, list[Facts]] = {}
    iid: list[JudgedClip] = []
    for split in SPLITS:
        if not split_exists(split, part) or not size.of(split):
            continue
        rng = evaluation_rng(seed, split)
        windows = [sample_prompt(split, rng, shape, part) for _ in range(size.of(split))]
        splits[split] = []
        films = judge_prompts(model, judge, windows, sampling, seed)
        for clip in _told(films, f"{split}: prompt", len(windows), watcher.progress):
            splits[split].append((clip.verdict, clip.wanted))
            watcher.clip(split, clip)
            if split == "iid":
                iid.append(clip)

    rng = evaluation_rng(seed, "stories")
    drawn = [sample_story(rng, shape, part) for _ in range(size.stories)]
    told = []
    for first, second in _told(
        judge_stories(model, judge, drawn, sampling, seed), "story", size.stories, watcher.progress
    ):
        told.append((first, second))
        watcher.story(first, second)
    stories = [((first.verdict, first.wanted), (second.verdict, second.wanted)) for first, second in told]
    rng = evaluation_rng(seed, "long stories")
    scripts = [sample_long_story(rng, shape, part) for _ in range(size.long_stories)]
    films = judge_stories(model, judge, scripts, sampling, seed)
    long = list(_told(films, "long story", size.long_stories, watcher.progress))
    seconds = [clip.seconds for clip in iid], [second.seconds for _, second in told]
    peak = peak_memory_mib()  # of generating; what follows takes batches

    rng = evaluation_rng(seed, "renders")
    windows = [sample_seen(rng, judge.config.clip, part=part) for _ in range(size.renders)]
    cvivit = model._parts.cvivit
    measured = measure_tokenizer(
        cvivit, judge, windows, lambda done: watcher.progress(f"render {done} of {size.renders}")
    )
    compared = Comparison()
    if iid and (size.compared or size.aligned):
        compared = compare_with_renders(
            iid, judge, cvivit, aligner, model._parts.text, shape, count=size.compared, aligned=size.aligned, seed=seed,
            tell=watcher.progress,
        )  # fmt: skip
    shares = {name: attribute_shares(facts, names) for name, facts in splits.items()}
    if stories:
        shares["stories"] = attribute_shares([after for _, after in stories], names)
    everything = splits.get("iid", [])
    return Report(
        model=model.config.name,
        machine=f"{describe_machine(model.device)}, {model.precision}",
        sampling=sampling,
        seed=seed,
        world=f"{part.label}, version {part.version}",
        splits=shares,
        chance=attribute_shares([(v, everything[i - 1][1]) for i, (v, _) in enumerate(everything)], names),
        stories=story_shares(stories),
        long_stories=long_story_shares(long, names),
        seams=_seams(told, drawn, model.config.cvivit.height, judge.config.clip),
        judge=attribute_shares(measured.on_renders, names),
        reconstructions=attribute_shares(measured.on_reconstructions, names),
        alignment=compared.alignment,
        candidates=compared.candidates,
        distances=compared.distances,
        tokenizer=measured.quality,
        cost=Cost(_median(seconds[0]), _median(seconds[1]), peak) if seconds[0] or seconds[1] else None,
        notes=compared.notes,
    )


def attribute_shares(facts: Sequence[Facts], names: Sequence[str]) -> dict[str, Share]:
    """For each attribute, and for all together, the share that is right."""
    right = count_right([verdict for verdict, _ in facts], [wanted for _, wanted in facts], names)
    return {name: Share(count, len(facts)) for name, count in right.items()}


def story_shares(stories: Sequence[tuple[Facts, Facts]]) -> dict[str, Share]:
    """What still holds and what is obeyed behind the cut; each story is (opening, the one clip after the cut).

    Kept is what is, behind the cut, as the story wants it; who was wrong before it and stays so is not kept.
    """
    count = len(stories)

    def share(right: Callable[[Facts, Facts], bool]) -> Share:
        return Share(sum(right(opening, after) for opening, after in stories), count)

    return {
        "subject right before the change of prompt": share(lambda a, b: a[0].subject == a[1].subject),
        "subject kept across a change of prompt": share(lambda a, b: b[0].subject == b[1].subject),
        "scene kept across a change of prompt": share(lambda a, b: b[0].scene == b[1].scene),
        "change obeyed within one clip": share(lambda a, b: b[0].motion == b[1].motion),
        "subject kept and change obeyed": share(
            lambda a, b: b[0].subject == b[1].subject and b[0].motion == b[1].motion
        ),
    }


def long_story_shares(films: Sequence[Sequence[JudgedClip]], names: Sequence[str]) -> dict[str, Share]:
    """What holds to the end of stories of several segments, and whether motions go on; empty of no story.

    Motions are asked of clips in which a render of the same story would show them.
    """
    if not films:
        return {}

    def right(clips: Iterable[JudgedClip]) -> dict[str, Share]:
        return attribute_shares([(clip.verdict, clip.wanted) for clip in clips], names)

    first, last = (right(film[i] for film in films) for i in (0, -1))
    shown = [clip for film in films for clip in film[1:] if clip.shown]
    return {
        "subject right in the first clip": first["subject"],
        "subject right in the last clip": last["subject"],
        "scene right in the last clip": last["scene"],
        "motion right after a change of prompt": right(clip for clip in shown if clip.place == 0)["motion"],
        "motion right where it goes on": right(clip for clip in shown if clip.place > 0)["motion"],
    }


def _seams(
    told: Sequence[tuple[JudgedClip, JudgedClip]], drawn: Sequence[TwoSegmentStory], height: int, seen: ClipShape
) -> dict[str, Seams]:
    """Of the films as far as they were ``seen``, and of as much of renders of the same stories."""
    films = measure_seams(story_film(first.frames, second.frames, seen.prime_frames) for first, second in told)
    if films is None:
        return {}
    seam = len(told[0][0].frames)
    renders = measure_seams(rendered_films([s.spec for s in drawn], height, seam, seam + seen.new_frames))
    assert renders is not None
    return {"films": films, "renders": renders}


def _told(clips: Iterable[T], what: str, count: int, tell: Callable[[str], None]) -> Iterator[T]:
    """Pass clips on; after each, say how many are done and how long the rest will take."""
    begun = time.monotonic()
    for done, clip in enumerate(clips, start=1):
        left = (time.monotonic() - begun) / done * (count - done)
        tell(f"{what} {done} of {count}, {left / 60:.1f} min left")
        yield clip


def _median(seconds: list[float]) -> float:
    return median(seconds) if seconds else math.nan
