"""What a running generation tells its caller, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np


@dataclass(frozen=True)
class SegmentStarted:
    """Sampling of a segment begins."""

    segment: int  # index on the timeline
    prompt: str
    seed: int
    num_clips: int
    start_frame: int  # index in the film of the segment's first frame
    num_frames: int


@dataclass(frozen=True)
class TokensRefined:
    """One refinement step of one clip is done."""

    segment: int  # the one that needs the clip
    clip: int  # of num_clips in this segment, from 0
    step: int  # steps done, from 1
    num_steps: int
    masked: np.ndarray  # (t, h, w) bool: tokens still to be decided
    preview: Callable[[], np.ndarray] = field(repr=False, compare=False)  # decodes what the frames look like so far
    shown: bool = True  # False: the clip stands behind the segment; its frames are not part of the film


@dataclass(frozen=True)
class FramesReady:
    """The new frames of one clip, or the footage."""

    segment: int | None  # None: the footage, which comes before all segments
    clip: int
    start_frame: int  # index in the film of frames[0]
    frames: np.ndarray  # (f, H, W, 3) uint8
    fps: int
    end_token_ids: np.ndarray  # (t, h, w) int32: those of its end, which the next clip inherits


@dataclass(frozen=True)
class SegmentFinished:
    """All clips of a segment are made."""

    segment: int
    num_frames: int
    seconds: float  # wall time spent on it


GenerationEvent: TypeAlias = SegmentStarted | TokensRefined | FramesReady | SegmentFinished
