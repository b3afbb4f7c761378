"""A story: prompts laid along time. Checked when built, free of torch, readable from and writable to JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from phenaki.errors import TimelineError, shown
from phenaki.shapes import ClipShape

MAX_PROMPT_CHARS = 400
MAX_SEGMENTS = 500
MAX_SECONDS = 600.0  # of film
MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class Segment:
    """A stretch of the timeline with one prompt.

    Raises:
        TimelineError: the prompt is empty, too long or no text, the length is not a positive number, or the seed is out
            of range.
    """

    prompt: str
    seconds: float
    seed: int | None = None  # None: follows from the timeline's seed and the segment's place

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not _is_text(self.prompt):
            raise TimelineError(f"A prompt is {shown(self.prompt)}, which is no text. Write what should be seen.")
        if not self.prompt.strip():
            raise TimelineError(
                "A segment has an empty prompt. Write what should be seen, such as 'a fox walks right'."
            )
        if len(self.prompt) > MAX_PROMPT_CHARS:
            raise TimelineError(
                f"A prompt has {len(self.prompt)} characters; {MAX_PROMPT_CHARS} are accepted. "
                "Shorten it, or spread it over several segments."
            )
        if not _is_number(self.seconds) or not 0 < self.seconds <= MAX_SECONDS:
            raise TimelineError(
                f"A segment lasts {shown(self.seconds)} seconds; use a number above 0, up to {MAX_SECONDS:g}."
            )
        if self.seed is not None:
            check_seed(self.seed)


@dataclass(frozen=True)
class PlannedSegment:
    """A segment with its place in the film."""

    index: int
    prompt: str
    seed: int
    num_clips: int
    start_frame: int
    num_frames: int


@dataclass(frozen=True)
class Timeline:
    """Segments in the order in which they play, and the seed from which segments without one get theirs.

    Raises:
        TimelineError: there is no segment, one is of another type, there are too many, or the film is longer than
            ``MAX_SECONDS``.
    """

    segments: tuple[Segment, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        segments = tuple(self.segments) if isinstance(self.segments, Iterable) else (self.segments,)
        object.__setattr__(self, "segments", segments)
        for segment in segments:
            if not isinstance(segment, Segment):
                raise TimelineError(f"A segment is {shown(segment)}; use Segment(prompt, seconds).")
        if not self.segments:
            raise TimelineError("The timeline has no segment. Add one with a prompt and a length in seconds.")
        if len(self.segments) > MAX_SEGMENTS:
            raise TimelineError(
                f"The timeline has {len(self.segments)} segments; {MAX_SEGMENTS} are accepted. Join some."
            )
        if self.seconds > MAX_SECONDS + 1e-6:
            raise TimelineError(
                f"The film would last {self.seconds:.1f} seconds; {MAX_SECONDS:g} are accepted. "
                "Shorten or delete segments."
            )
        check_seed(self.seed)

    @property
    def seconds(self) -> float:
        """Length of the film in seconds."""
        return sum(segment.seconds for segment in self.segments)

    def segment_seed(self, index: int) -> int:
        """The seed that segment ``index`` samples with."""
        own = self.segments[index].seed
        return own if own is not None else (self.seed + 7919 * index) % (MAX_SEED + 1)

    def fit(self, shape: ClipShape) -> Timeline:
        """The same story with each length moved to the nearest one that a model of this ``shape`` can make."""
        return replace(
            self,
            segments=tuple(
                replace(segment, seconds=shape.snap_seconds(segment.seconds, first=i == 0))
                for i, segment in enumerate(self.segments)
            ),
        )

    def plan(self, shape: ClipShape) -> list[PlannedSegment]:
        """Clips and frames of each segment.

        Raises:
            TimelineError: a length is not one that the model can make; ``fit`` moves it there.
        """
        planned, start = [], 0
        for i, segment in enumerate(self.segments):
            clips = shape.segment_clips(segment.seconds, first=i == 0)
            frames = shape.segment_frames(clips, first=i == 0)
            if abs(frames / shape.fps - segment.seconds) > 1e-3:
                base = shape.first_seconds if i == 0 else shape.step_seconds
                raise TimelineError(
                    f"Segment {i + 1} lasts {segment.seconds:g} s; this model makes {base:g} s + k x "
                    f"{shape.step_seconds:g} s. The nearest is {frames / shape.fps:g} s (Timeline.fit moves it there)."
                )
            planned.append(PlannedSegment(i, segment.prompt, self.segment_seed(i), clips, start, frames))
            start += frames
        return planned

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        segments = [
            {"prompt": s.prompt, "seconds": s.seconds} | ({} if s.seed is None else {"seed": s.seed})
            for s in self.segments
        ]
        return {"seed": self.seed, "segments": segments}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Timeline:
        """Read what ``to_dict`` writes; keys it does not know are left alone.

        Raises:
            TimelineError: something is missing or of the wrong type.
        """
        rows = data.get("segments") if isinstance(data, Mapping) else None
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise TimelineError("A timeline needs 'segments': a list of {'prompt': text, 'seconds': number}.")
        segments = []
        for i, row in enumerate(rows):
            if not isinstance(row, Mapping) or "prompt" not in row or "seconds" not in row:
                raise TimelineError(f"Segment {i + 1} is {shown(row, 60)}; it needs 'prompt' and 'seconds'.")
            try:
                segments.append(Segment(row["prompt"], row["seconds"], row.get("seed")))
            except TimelineError as error:
                raise TimelineError(f"Segment {i + 1}: {error}") from None
        return cls(tuple(segments), data.get("seed", 0))


def check_seed(seed: object) -> None:
    """Raise ``TimelineError`` unless ``seed`` is a whole number from 0 to ``MAX_SEED``."""
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
        raise TimelineError(f"The seed is {shown(seed)}; use a whole number from 0 to {MAX_SEED}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(prompt: str) -> bool:
    """False for half of a character, which no file and no tokenizer takes."""
    try:
        prompt.encode()
    except UnicodeEncodeError:
        return False
    return True
