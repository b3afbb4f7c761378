"""Arithmetic between seconds, clips, pixel frames and token frames.

The only place that knows ``1 + k * patch_frames``.
"""

from __future__ import annotations

from dataclasses import dataclass

from phenaki.errors import ConfigError, ShapeError, shown


@dataclass(frozen=True)
class ClipShape:
    """How a model cuts time.

    A film is made clip by clip. The first clip shows ``clip_frames`` new frames; each later one
    inherits its first ``prime_frames`` from the clip before and adds ``new_frames``.
    """

    fps: int = 8  # frames per second
    patch_frames: int = 2  # pixel frames in one token frame, except the first, which holds one
    clip_frames: int = 11  # frames that one sampling run covers
    prime_frames: int = 5  # frames that a clip inherits from the clip before (the paper's K)

    def __post_init__(self) -> None:
        for name in ("fps", "patch_frames", "clip_frames", "prime_frames"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigError(f"{name} is {shown(value)}; use a whole number of 1 or more.")
        for name in ("clip_frames", "prime_frames"):
            self.token_frames(getattr(self, name))
        if self.prime_frames >= self.clip_frames:
            raise ConfigError(
                f"prime_frames is {self.prime_frames}; it must be less than clip_frames ({self.clip_frames})."
            )

    @property
    def new_frames(self) -> int:
        """Frames that each clip after the first adds."""
        return self.clip_frames - self.prime_frames

    @property
    def prime_token_frames(self) -> int:
        """Token frames that a clip inherits from the clip before."""
        return self.token_frames(self.prime_frames)

    @property
    def first_seconds(self) -> float:
        """Length of the shortest opening segment: one whole clip, in seconds."""
        return self.clip_frames / self.fps

    @property
    def step_seconds(self) -> float:
        """Length of the shortest later segment, and the step in which all lengths grow, in seconds."""
        return self.new_frames / self.fps

    def token_frames(self, num_frames: int) -> int:
        """Token frames of a video of ``num_frames`` pixel frames, which must be ``1 + k * patch_frames``."""
        if num_frames < 1 or (num_frames - 1) % self.patch_frames:
            low = 1 + max(0, (num_frames - 1) // self.patch_frames) * self.patch_frames
            raise ShapeError(
                f"A video of {num_frames} frames cannot be tokenized: the number must be 1 + k x {self.patch_frames}. "
                f"Use {low} or {low + self.patch_frames} frames."
            )
        return 1 + (num_frames - 1) // self.patch_frames

    def segment_frames(self, num_clips: int, *, first: bool) -> int:
        """Frames of a segment made of ``num_clips`` clips; ``first``: it opens the film."""
        return num_clips * self.new_frames + (self.prime_frames if first else 0)

    def segment_clips(self, seconds: float, *, first: bool) -> int:
        """Number of clips (1 or more) whose length comes nearest to ``seconds``."""
        frames = seconds * self.fps - (self.prime_frames if first else 0)
        return max(1, int(frames / self.new_frames + 0.5))

    def snap_seconds(self, seconds: float, *, first: bool) -> float:
        """The length nearest to ``seconds`` that the model can make."""
        return self.segment_frames(self.segment_clips(seconds, first=first), first=first) / self.fps
