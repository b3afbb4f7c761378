"""From a timeline to clips: which there are, what decides the pixels of each, and which have still to be made.

A film is a function of its timeline. Each clip has a key, a hash of everything that decides its pixels, the key of the
clip that it grows out of among it. Whoever keeps finished clips under their keys makes nothing twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from phenaki.config import SamplingConfig
from phenaki.errors import TimelineError
from phenaki.segment import Segment
from phenaki.shapes import ClipShape
from phenaki.timeline import Timeline

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
RECIPE = 2  # to be raised when the same timeline gives other pixels than before, for reasons that no key names


@dataclass(frozen=True)
class PlannedClip:
    """One clip, or the footage, with all that is needed to make it but what it inherits."""

    key: str  # 64 hex digits
    segment: int | None  # place on the timeline of the segment that needs it; None: the footage, before all segments
    clip: int  # of its segment, from 0
    shown: bool  # False: it stands behind a segment; a later clip grows out of it, and that is all
    prompt: str
    seed: int  # of its segment
    number: int  # of the clip, for its noise: another one than ``clip`` in a segment that was split off
    sampling: SamplingConfig
    parent: int | None  # place in the plan of the clip that it goes on from; None: it begins a shot
    start_frame: int  # index in the film of its first frame; of what is not shown, as if it were
    num_frames: int  # that it adds
    picture: bytes | None = field(default=None, repr=False)  # an image file: its first frame
    footage: bytes | None = field(default=None, repr=False)  # packed frames: there is nothing to sample

    @property
    def noise_seed(self) -> int:
        """Of all noise in this clip: a segment's seed has 32 bits, and each of its clips gets noise of its own."""
        return self.seed + (self.number << 32)


def plan_clips(timeline: Timeline, sampling: SamplingConfig, shape: ClipShape, fingerprint: str) -> list[PlannedClip]:
    """All clips of a film, each behind the one that it grows out of.

    Args:
        timeline: its lengths must be ones that the model can make (``timeline.fit(shape)``).
        sampling: the settings of the film; a segment may have its own.
        shape: how the model cuts time.
        fingerprint: of the model; it enters every key.

    Raises:
        TimelineError: a length cannot be made, or the footage is too short to go on from.
    """
    return _Planner(timeline, sampling, shape, fingerprint).run()


def clips_to_make(plan: Sequence[PlannedClip], is_made: Callable[[str], bool]) -> list[int]:
    """The clips that have to be made for the film to be complete, parents first.

    A clip that is not shown is among them only if one that has to be made goes on from it.

    Args:
        plan: from ``plan_clips``.
        is_made: whether the clip with this key is in the store; asked at most once for each clip.

    Returns:
        Places in ``plan``; of clips with the same key, the first.
    """
    first = {}
    for index, clip in enumerate(plan):
        first.setdefault(clip.key, index)
    needed = {first[clip.key] for clip in plan if clip.shown}
    missing = []
    for index in reversed(range(len(plan))):  # whatever needs a clip stands behind it
        if index in needed and not is_made(plan[index].key):
            missing.append(index)
            parent = plan[index].parent
            if parent is not None:
                needed.add(first[plan[parent].key])
    return missing[::-1]


class _Planner:
    """A plan in the making."""

    def __init__(self, timeline: Timeline, sampling: SamplingConfig, shape: ClipShape, fingerprint: str) -> None:
        self.timeline = timeline
        self.settings = sampling
        self.shape = shape
        self.fingerprint = fingerprint
        self.plan: list[PlannedClip] = []
        self.first: dict[str, int] = {}  # key -> place in the plan of the first clip with it
        self.ends: list[int | None] = []  # what the segment at each place goes on from, by itself

    def run(self) -> list[PlannedClip]:
        """Lay footage and segments one behind the other."""
        self.ends.append(self._lay_footage())
        for planned, segment in zip(self.timeline.plan(self.shape), self.timeline.segments, strict=True):
            self.ends.append(self._lay(segment, planned.index, planned.index, planned.start_frame, shown=True))
        return self.plan

    def _lay_footage(self) -> int | None:
        footage, num_frames = self.timeline.footage, self.timeline.footage_frames
        if footage is None:
            return None
        if num_frames < self.shape.prime_frames:
            raise TimelineError(
                f"The footage is too short to go on from: frames: {num_frames}, needed: {self.shape.prime_frames}. "
                "Use a longer video."
            )
        return self._add(
            PlannedClip(
                key=self._key(footage=_digest(footage)), segment=None, clip=0, shown=True, prompt="", seed=0, number=0,
                sampling=self.settings, parent=None, start_frame=0, num_frames=num_frames,
                footage=footage,
            )
        )  # fmt: skip

    def _lay(self, segment: Segment, place: int, owner: int, start_frame: int, *, shown: bool) -> int:
        """Lay the clips of a segment that ``owner`` is or needs; return the place in the plan of the last."""
        parent = self._parent(segment, place, owner, start_frame)
        seed, sampling = self.timeline.seed_of(segment, place), segment.sampling(self.settings)
        recipe = {
            "prompt": segment.prompt,
            "seed": seed,
            "num_inference_steps": sampling.num_inference_steps,
            # a float each: 3 and 3.0 are the same setting
            "guidance_scale": float(sampling.guidance_scale),
            "temperature": float(sampling.temperature),
            "choice_temperature": float(sampling.choice_temperature),
        }
        for clip in range(self.shape.segment_clips(segment.seconds, first=parent is None)):
            number = segment.first_clip + clip
            opens = parent is None
            picture = segment.start_image if opens else None
            key = self._key(
                **recipe,
                number=number,
                parent=None if parent is None else self.plan[parent].key,
                picture=None if picture is None else _digest(picture),
            )
            if shown or key not in self.first:
                num_frames = self.shape.clip_frames if opens else self.shape.new_frames
                parent = self._add(
                    PlannedClip(
                        key, owner, clip, shown, segment.prompt, seed, number, sampling, parent, start_frame,
                        num_frames, picture,
                    )
                )  # fmt: skip
            else:
                parent = self.first[key]
            start_frame += self.plan[parent].num_frames
        return parent

    def _parent(self, segment: Segment, place: int, owner: int, start_frame: int) -> int | None:
        """The clip that a segment grows out of; what stands behind the segment is laid first."""
        if segment.start_image is not None:
            return None
        if segment.behind is None:
            return self.ends[max(0, place)]
        behind, place = segment.behind, place - 1
        num_clips = self.timeline.num_clips(behind, place, self.shape, f"What stands behind segment {owner + 1}")
        num_frames = self.shape.segment_frames(num_clips, first=self.timeline.opens(behind, place))
        return self._lay(behind, place, owner, start_frame - num_frames, shown=False)

    def _add(self, clip: PlannedClip) -> int:
        self.first.setdefault(clip.key, len(self.plan))
        self.plan.append(clip)
        return len(self.plan) - 1

    def _key(self, **recipe: object) -> str:
        recipe |= {"model": self.fingerprint, "version": RECIPE}
        return _digest(_CANONICAL.encode(recipe).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
