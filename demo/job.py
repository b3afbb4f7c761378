"""One film being made: what has been asked for, how far it is, and the files of its finished clips.

The worker thread writes to a job, any number of watchers read. Everything a watcher shows comes from ``snapshot``,
which is whole at every moment, so one that comes late or comes back sees the same as one that was there from the start.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from phenaki import ClipShape, Project

JobState = Literal["waiting", "running", "finished", "stopped", "failed"]
SegmentState = Literal["waiting", "running", "done"]
ENDED: tuple[JobState, ...] = ("finished", "stopped", "failed")


@dataclass(frozen=True)
class ClipFiles:
    """A finished clip on disk."""

    segment: int  # index on the timeline
    start_frame: int  # in the film
    num_frames: int
    movie: Path  # fragmented MP4 for the page
    frames: Path  # .npy, (f, H, W, 3) uint8, as the model made them
    thumbnail: Path


@dataclass(frozen=True)
class SegmentProgress:
    """How far one segment is."""

    id: str
    prompt: str
    seed: int
    seed_locked: bool
    num_clips: int
    start_frame: int
    num_frames: int
    state: SegmentState = "waiting"
    clips_done: int = 0
    clip_part: float = 0.0  # of the clip being sampled, 0 to 1

    @property
    def progress(self) -> float:
        """Part of the segment that is made, 0 to 1."""
        return 1.0 if self.state == "done" else min(1.0, (self.clips_done + self.clip_part) / self.num_clips)


@dataclass(frozen=True)
class JobSnapshot:
    """A job at one moment."""

    revision: int
    state: JobState
    message: str  # what went wrong, for a screen; empty otherwise
    segments: tuple[SegmentProgress, ...]
    clips: tuple[ClipFiles, ...]
    elapsed: float  # seconds of sampling so far

    @property
    def ended(self) -> bool:
        """Nothing more will be made."""
        return self.state in ENDED

    @property
    def num_clips(self) -> int:
        """Clips that the whole film has."""
        return sum(segment.num_clips for segment in self.segments)

    @property
    def progress(self) -> float:
        """Part of the film that is made, 0 to 1."""
        done = sum(segment.progress * segment.num_clips for segment in self.segments)
        return done / max(1, self.num_clips)

    @property
    def remaining(self) -> float | None:
        """Expected seconds of sampling still to come; None before there is anything to judge by."""
        if self.state != "running" or self.progress < 0.02:
            return None
        return self.elapsed * (1 - self.progress) / self.progress


@dataclass
class _Mutable:
    """What changes while a job runs; only touched while its lock is held."""

    state: JobState = "waiting"
    message: str = ""
    segments: list[SegmentProgress] = field(default_factory=list)
    clips: list[ClipFiles] = field(default_factory=list)
    started: float | None = None
    ended: float | None = None


class Job:
    """A film that is waiting, being made, or made.

    Args:
        project: what to make; its lengths already fit ``shape``.
        segment_ids: the editor's id of each segment, in the order of the timeline.
        shape: the model's clip shape.
        parent: folder in which the job makes its own, under a name that cannot be guessed.
    """

    def __init__(self, project: Project, segment_ids: list[str], shape: ClipShape, parent: Path) -> None:
        self.id = secrets.token_urlsafe(16)
        self.project = project
        self.fps = shape.fps
        self.folder = parent / self.id
        self.stop_requested = threading.Event()
        self._changed = threading.Condition()
        self._revision = 0
        self._last_seen = time.monotonic()
        self._now = _Mutable()
        for planned, segment_id, segment in zip(
            project.timeline.plan(shape), segment_ids, project.timeline.segments, strict=True
        ):
            self._now.segments.append(
                SegmentProgress(
                    id=segment_id,
                    prompt=planned.prompt,
                    seed=planned.seed,
                    seed_locked=segment.seed is not None,
                    num_clips=planned.num_clips,
                    start_frame=planned.start_frame,
                    num_frames=planned.num_frames,
                )
            )
        self.folder.mkdir(parents=True)

    def snapshot(self) -> JobSnapshot:
        """The job as it is now."""
        with self._changed:
            now = self._now
            self._last_seen = time.monotonic()
            until = time.monotonic() if now.ended is None else now.ended
            elapsed = 0.0 if now.started is None else until - now.started
            return JobSnapshot(self._revision, now.state, now.message, tuple(now.segments), tuple(now.clips), elapsed)

    def wait(self, revision: int, timeout: float) -> bool:
        """Wait until the job is past ``revision``; False when nothing changed in ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._revision != revision, timeout)

    @property
    def ended(self) -> bool:
        """Nothing more will be made."""
        return self._now.state in ENDED

    def idle_seconds(self) -> float:
        """Seconds since anyone looked at the job."""
        return time.monotonic() - self._last_seen

    def frames(self) -> Iterator[np.ndarray]:
        """The frames of each finished clip, (f, H, W, 3) uint8, read from disk one clip at a time."""
        for clip in self.snapshot().clips:
            yield np.load(clip.frames, allow_pickle=False)

    def begin(self) -> None:
        """Sampling starts now."""
        with self._changed:
            self._now.state = "running"
            self._now.started = time.monotonic()
            self._bump()

    def update_segment(self, index: int, state: SegmentState, *, clip_part: float = 0.0) -> None:
        """Tell how far a segment is."""
        with self._changed:
            segments = self._now.segments
            segments[index] = replace(segments[index], state=state, clip_part=clip_part)
            self._bump()

    def add_clip(self, clip: ClipFiles) -> None:
        """A clip's files are in place."""
        with self._changed:
            self._now.clips.append(clip)
            segment = self._now.segments[clip.segment]
            self._now.segments[clip.segment] = replace(segment, clips_done=segment.clips_done + 1, clip_part=0.0)
            self._bump()

    def end(self, state: JobState, message: str = "") -> None:
        """Nothing more will be made. A segment that was cut off goes back to waiting."""
        with self._changed:
            self._now.state, self._now.message, self._now.ended = state, message, time.monotonic()
            for index, segment in enumerate(self._now.segments):
                if segment.state == "running":
                    self._now.segments[index] = replace(segment, state="waiting", clip_part=0.0)
            self._bump()

    def _bump(self) -> None:
        self._revision += 1
        self._changed.notify_all()
