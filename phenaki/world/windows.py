"""Training samples: windows of random stories with the caption of their new frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from phenaki.shapes import ClipShape
from phenaki.world.captions import caption, follow_up, still_caption
from phenaki.world.grammar import caption_2, follow_up_2, still_caption_2
from phenaki.world.parts import CORE, WorldPart
from phenaki.world.render import Rendered, render
from phenaki.world.spec import CAMERA_STOPS, Stage, StorySpec
from phenaki.world.splits import held_out
from phenaki.world.tales import sample_tale

DRY_SCENES = ("moon", "underwater")  # no rain or snow there
CHANGES = 0.6  # of the later clips begin a segment


@dataclass(frozen=True)
class Window:
    """A stretch of a story with a caption."""

    spec: StorySpec
    start: int  # first frame
    num_frames: int
    caption: str
    prime_frames: int  # frames that belong to what came before, 0 in the opening window
    stage: Stage  # the stage that the new frames show

    def earlier(self, count: int) -> Window:
        """The same, begun ``count`` frames earlier."""
        return replace(
            self, start=self.start - count, num_frames=self.num_frames + count, prime_frames=self.prime_frames + count
        )


def render_windows(windows: list[Window], size: int, device: torch.device | str = "cpu") -> Rendered:
    """Pixels of windows of one length."""
    frames = windows[0].num_frames
    starts = [w.start for w in windows]
    return render([w.spec for w in windows], size=size, start=starts, num_frames=frames, device=device)


def sample_spec(
    rng: np.random.Generator, num_frames: tuple[int, ...], *, combos: str = "train", part: WorldPart = CORE
) -> StorySpec:
    """A random story with stages of these lengths.

    Args:
        rng: source of chance.
        num_frames: length of each stage.
        combos: "train" leaves held-out pairs out, "held-out" has one in its first stage, "all" takes what comes.
        part: what there is.
    """
    if part.version == 2:
        return sample_tale(rng, num_frames, combos=combos, part=part)
    while True:
        subject, scene = _pick(part.subjects, rng), _pick(part.scenes, rng)
        motions = _motions(rng, len(num_frames), part.motions)
        share = part.held_out_share
        wanted = held_out(subject, scene, share) or held_out(subject, motions[0], share)
        unwanted = held_out(subject, scene, share) or any(held_out(subject, m, share) for m in motions)
        if (combos == "train" and unwanted) or (combos == "held-out" and not wanted):
            continue
        weathers = _weathers(rng, scene, len(num_frames), part.weathers)
        stages = tuple(Stage(m, n, w) for m, n, w in zip(motions, num_frames, weathers, strict=True))
        layout, camera = int(rng.integers(part.layouts)), int(rng.integers(CAMERA_STOPS))
        return StorySpec(subject, scene, stages, layout, camera, bodies=part.bodies)


def sample_opening(
    rng: np.random.Generator, shape: ClipShape, *, combos: str = "train", part: WorldPart = CORE, words: str = "train"
) -> Window:
    """The first clip of a story. ``words``: see ``grammar``; version 1 holds none out."""
    spec = sample_spec(rng, (shape.clip_frames,), combos=combos, part=part)
    stage = spec.stages[0]
    return Window(spec, 0, shape.clip_frames, tell(spec, 0, rng, words, part), 0, stage)


def sample_continuation(
    rng: np.random.Generator, shape: ClipShape, *, combos: str = "train", part: WorldPart = CORE, words: str = "train"
) -> Window:
    """A later clip: its first frames end one stage, its new frames show the next one or go on with the same."""
    before = shape.clip_frames + int(rng.integers(2)) * shape.new_frames  # frames of the stage before
    spec = sample_spec(rng, (before, shape.new_frames * 2), combos=combos, part=part)
    first, second = spec.stages
    where = rng.random()
    if where < 0.2 and before > shape.clip_frames:  # inside the first stage
        text = tell(spec, 0, rng, words, part)
        return Window(spec, shape.new_frames, shape.clip_frames, text, shape.prime_frames, first)
    start = before - shape.prime_frames + (shape.new_frames if where > 0.85 else 0)  # at the change, or one clip after
    text = tell(spec, 1, rng, words, part, short=True)
    return Window(spec, start, shape.clip_frames, text, shape.prime_frames, second)


def sample_later(rng: np.random.Generator, shape: ClipShape, *, part: WorldPart = CORE) -> Window:
    """Any clip but the first of a story of two to four segments, as films have them.

    Most begin a segment; the others go on with one that is more than a clip long.
    """
    clips = [int(rng.integers(1, 4)) for _ in range(int(rng.integers(2, 5)))]
    lengths = [shape.segment_frames(count, first=i == 0) for i, count in enumerate(clips)]
    spec = sample_spec(rng, tuple(lengths), part=part)
    inside = [(i, clip) for i, count in enumerate(clips) for clip in range(1, count)]
    changes = [(i, 0) for i in range(1, len(clips))]
    options = inside if inside and rng.random() > CHANGES else changes
    number, clip = options[int(rng.integers(len(options)))]
    begin = sum(lengths[:number]) + clip * shape.new_frames + (shape.prime_frames if number == 0 else 0)
    text = tell(spec, number, rng, "train", part, short=number > 0)
    return Window(spec, begin - shape.prime_frames, shape.clip_frames, text, shape.prime_frames, spec.stages[number])


def sample_still(
    rng: np.random.Generator, *, part: WorldPart = CORE, words: str = "train", combos: str = "train"
) -> Window:
    """A single picture with a caption in which nothing moves; it may show the part's ``still_subjects``."""
    if part.version == 2:
        spec = sample_tale(rng, (11,), combos=combos, part=part, still=True)
        return Window(
            spec, int(rng.integers(11)), 1, still_caption_2(spec, rng, _words(words, part)), 0, spec.stages[0]
        )
    spec = sample_spec(rng, (11,), combos=combos, part=part)
    stage = spec.stages[0]
    text = still_caption(spec.subject, spec.scene, stage.weather, rng)
    return Window(spec, int(rng.integers(11)), 1, text, 0, stage)


@dataclass(frozen=True)
class Script:
    """A story as a user writes it: a prompt for each stage."""

    spec: StorySpec
    prompts: tuple[str, ...]


def sample_script(
    rng: np.random.Generator, shape: ClipShape, *, part: WorldPart = CORE, stages: tuple[int, int] = (3, 5),
    clips: int = 1, combos: str = "all",
) -> Script:  # fmt: skip
    """A story of some stages, ``clips`` clips each; the prompts after the first mostly tell only what is new."""
    count = int(rng.integers(stages[0], stages[1] + 1))
    lengths = tuple(shape.segment_frames(clips, first=i == 0) for i in range(count))
    spec = sample_spec(rng, lengths, combos=combos, part=part)
    return Script(spec, tuple(tell(spec, i, rng, "train", part, short=i > 0) for i in range(count)))


def sample_split(
    split: str, rng: np.random.Generator, shape: ClipShape, *, part: WorldPart = CORE, opening: bool | None = None
) -> Window:
    """A clip of one of ``splits.SPLITS`` but "stories", for which see ``sample_script``.

    Args:
        split: "train" (with seeds that training never uses: iid), "combos" or "words".
        rng: source of chance.
        shape: how the model cuts time.
        part: what there is.
        opening: an opening or a continuation; None: as often the one as the other. "combos" are openings.
    """
    if opening is None:
        opening = bool(rng.random() < 0.5)
    if split == "combos":
        return sample_opening(rng, shape, combos="held-out", part=part)
    sample = sample_opening if opening else sample_continuation
    return sample(rng, shape, part=part, words="held-out" if split == "words" else "train")


def tell(
    spec: StorySpec, number: int, rng: np.random.Generator, words: str = "train", part: WorldPart = CORE, *,
    short: bool = False,
) -> str:  # fmt: skip
    """A caption of stage ``number``; ``short``: it may lean on the stage before and leave out what has not changed."""
    stage = spec.stages[number]
    if spec.version == 2:
        words = _words(words, part)
        return follow_up_2(spec, number, rng, words) if short else caption_2(spec, stage, rng, words)
    facts = (spec.subject, spec.scene, stage.motion, stage.weather)
    if not short:
        return caption(*facts, rng)
    before = spec.stages[number - 1]
    return follow_up(*facts, (before.motion, before.weather), rng)


def _words(words: str, part: WorldPart) -> str:
    """Where nothing is held out, training uses all words."""
    return "all" if words == "train" and not part.held_out_words else words


def _motions(rng: np.random.Generator, count: int, options: tuple[str, ...]) -> list[str]:
    """A motion for each stage, such that each can be seen."""
    motions: list[str] = []
    altitude, level = 0, 0
    while len(motions) < count:
        motion = _pick(options, rng)
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


def _weathers(rng: np.random.Generator, scene: str, count: int, options: tuple[str, ...]) -> list[str]:
    """A weather for each stage; it changes now and then."""
    if scene in DRY_SCENES:
        return ["clear"] * count
    weathers: list[str] = []
    others = len(options) - 1
    chances = [0.6] + [0.4 / others] * others if others else [1.0]
    for _ in range(count):
        keep = weathers and rng.random() < 0.75
        weathers.append(weathers[-1] if keep else str(rng.choice(options, p=chances)))
    return weathers


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
