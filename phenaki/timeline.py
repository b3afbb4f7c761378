"""A story: prompts laid along time. Checked when built, free of torch, readable from and writable to JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from phenaki.errors import ConfigError, MediaError, TimelineError, shown
from phenaki.packed import packed_shape
from phenaki.segment import MAX_SECONDS, MAX_SEED, Segment, check_seed, from_base64, to_base64
from phenaki.shapes import ClipShape

MAX_SEGMENTS = 500


def opens_shot(place: int, *, picture: bool, behind: bool, footage: bool) -> bool:
    """Whether a segment at this place begins a shot; see ``Timeline.opens``.

    Args:
        place: on the timeline, from 0; below 0 for what stood before its begin.
        picture: it has a start image.
        behind: it goes on from a segment behind it.
        footage: the film begins with a video.
    """
    return picture or (place <= 0 and not behind and not footage)


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
        TimelineError: there is no segment, one is of another type, there are too many, the film is longer than
            ``MAX_SECONDS``, something stands behind the first segment, or the footage is not packed frames.
    """

    segments: tuple[Segment, ...]
    seed: int = 0
    footage: bytes | None = field(default=None, repr=False)  # from ``pack_frames``: a video that the film begins with

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
        if self.segments[0].behind is not None:
            raise TimelineError("A segment stands behind the first one, which goes on from nothing. Remove it.")
        check_seed(self.seed)
        if self.footage is not None:
            try:
                packed_shape(self.footage)
            except MediaError as error:
                raise TimelineError(f"The footage cannot be used. {error}") from None

    @property
    def seconds(self) -> float:
        """Length of all segments in seconds; footage comes on top."""
        return sum(segment.seconds for segment in self.segments)

    @property
    def footage_frames(self) -> int:
        """Frames of the film that come before the first segment."""
        return packed_shape(self.footage).num_frames if self.footage is not None else 0

    def seed_of(self, segment: Segment, place: int) -> int:
        """The seed that ``segment`` samples with at this place, counted from 0."""
        return segment.seed if segment.seed is not None else (self.seed + 7919 * place) % (MAX_SEED + 1)

    def segment_seed(self, index: int) -> int:
        """The seed that segment ``index`` samples with."""
        return self.seed_of(self.segments[index], index)

    def opens(self, segment: Segment, place: int) -> bool:
        """Whether ``segment`` begins a shot at this place: nothing is before it, or it has a start image.

        A segment behind another stands one place to the left of that one. Such places end where the film begins: there,
        it is made as the first segment would be.
        """
        return opens_shot(
            place, picture=segment.start_image is not None, behind=segment.behind is not None,
            footage=self.footage is not None,
        )  # fmt: skip

    def num_clips(self, segment: Segment, place: int, shape: ClipShape, name: str) -> int:
        """Clips of ``segment`` at this place; ``name`` is what an error calls it.

        Raises:
            TimelineError: its length is not one that the model can make; ``fit`` moves it there.
        """
        first = self.opens(segment, place)
        nearest = shape.snap_seconds(segment.seconds, first=first)
        if abs(nearest - segment.seconds) > 1e-3:
            base = shape.first_seconds if first else shape.step_seconds
            raise TimelineError(
                f"{name} lasts {segment.seconds:g} s; this model makes {base:g} s + k x "
                f"{shape.step_seconds:g} s. The nearest is {nearest:g} s (Timeline.fit moves it there)."
            )
        return shape.segment_clips(segment.seconds, first=first)

    def fit(self, shape: ClipShape) -> Timeline:
        """The same story with each length moved to the nearest one that a model of this ``shape`` can make.

        Where rounding up makes the film longer than ``MAX_SECONDS``, the last segments are rounded down.
        """
        segments = [self._fit(segment, place, shape) for place, segment in enumerate(self.segments)]
        excess = sum(segment.seconds for segment in segments) - MAX_SECONDS
        for place in reversed(range(len(segments))):
            shorter = segments[place].seconds - shape.step_seconds
            if excess > 1e-6 and shorter > 0 and segments[place].seconds > self.segments[place].seconds:
                segments[place] = self._fit(replace(segments[place], seconds=shorter), place, shape)
                excess -= shape.step_seconds
        return replace(self, segments=tuple(segments))

    def _fit(self, segment: Segment, place: int, shape: ClipShape) -> Segment:
        behind = self._fit(segment.behind, place - 1, shape) if segment.behind else None
        first = self.opens(segment, place)
        seconds = shape.snap_seconds(segment.seconds, first=first)
        if seconds > MAX_SECONDS:
            seconds = shape.snap_seconds(seconds - shape.step_seconds, first=first)
        return replace(segment, seconds=seconds, behind=behind)

    def plan(self, shape: ClipShape) -> list[PlannedSegment]:
        """Clips and frames of each segment.

        Raises:
            TimelineError: a length is not one that the model can make; ``fit`` moves it there.
        """
        planned, start = [], self.footage_frames
        for i, segment in enumerate(self.segments):
            clips = self.num_clips(segment, i, shape, f"Segment {i + 1}")
            frames = shape.segment_frames(clips, first=self.opens(segment, i))
            planned.append(PlannedSegment(i, segment.prompt, self.segment_seed(i), clips, start, frames))
            start += frames
        return planned

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        data: dict[str, Any] = {"seed": self.seed, "segments": [segment.to_dict() for segment in self.segments]}
        return data if self.footage is None else data | {"footage": to_base64(self.footage)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Timeline:
        """Read what ``to_dict`` writes; keys it does not know are left alone.

        Raises:
            TimelineError, ConfigError: something is missing, of the wrong type or out of range.
        """
        rows = data.get("segments") if isinstance(data, Mapping) else None
        if not isinstance(rows, Sequence) or isinstance(rows, str):
            raise TimelineError("A timeline needs 'segments': a list of {'prompt': text, 'seconds': number}.")
        segments = []
        for i, row in enumerate(rows):
            try:
                segments.append(Segment.from_dict(row))
            except (TimelineError, ConfigError) as error:
                raise type(error)(f"Segment {i + 1}: {error}") from None
        return cls(tuple(segments), data.get("seed", 0), from_base64(data.get("footage"), "footage"))
