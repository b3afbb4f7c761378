"""The renderer: poses and scenes to pixels, batched, in plain torch, on any device.

Everything follows from the specs; nothing is random. Letters: ``b`` stories, ``f`` frames, ``s`` pixels on a side of a
sprite, ``P`` pixels after which the ground repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from phenaki.errors import ShapeError
from phenaki.world.batch import prepare
from phenaki.world.compose import compose
from phenaki.world.core import compose_core
from phenaki.world.spec import StorySpec


@dataclass
class Rendered:
    """A batch of rendered stories."""

    video: Tensor  # (b, 3, f, H, W) float in [-1, 1]
    subject_mask: Tensor  # (b, 1, f, H, W) float in [0, 1]: how much of a pixel the subject covers
    second_mask: Tensor | None = None  # the same of second subjects; None if no story has one

    @property
    def subjects_mask(self) -> Tensor:
        """How much of a pixel subjects cover, be it the first or the second, (b, 1, f, H, W)."""
        return self.subject_mask if self.second_mask is None else torch.maximum(self.subject_mask, self.second_mask)


def render(
    specs: Sequence[StorySpec], *, size: int = 64, start: Sequence[int] | None = None, num_frames: int | None = None,
    device: torch.device | str = "cpu",
) -> Rendered:  # fmt: skip
    """Render stories, or a window of each.

    Args:
        specs: the stories; the windows must have equal lengths.
        size: pixels on a side; a multiple of 64 is sharpest.
        start: first frame of each window (default: 0).
        num_frames: length of the windows (default: the whole story).
        device: where to render.

    Raises:
        ShapeError: the windows differ in length or reach past the end of a story.
    """
    start = [0] * len(specs) if start is None else list(start)
    frames = _length(specs, start, num_frames)
    versions = [s.version for s in specs]
    if len(set(versions)) == 1:
        return _render(specs, start, frames, size, torch.device(device))
    groups = [[i for i, v in enumerate(versions) if v == version] for version in sorted(set(versions))]
    parts = [_render([specs[i] for i in g], [start[i] for i in g], frames, size, torch.device(device)) for g in groups]
    back = torch.tensor([i for g in groups for i in g], device=device).argsort()
    seconds = [torch.zeros_like(p.subject_mask) if p.second_mask is None else p.second_mask for p in parts]
    return Rendered(
        torch.cat([p.video for p in parts])[back],
        torch.cat([p.subject_mask for p in parts])[back],
        torch.cat(seconds)[back] if any(p.second_mask is not None for p in parts) else None,
    )


def _length(specs: Sequence[StorySpec], start: list[int], num_frames: int | None) -> int:
    """The length of all windows."""
    lengths = {(num_frames or s.num_frames - a) for s, a in zip(specs, start, strict=True)}
    if len(lengths) != 1:
        raise ShapeError(f"The stories have {sorted(lengths)} frames; give them one length, or set num_frames.")
    (frames,) = lengths
    for spec, first in zip(specs, start, strict=True):
        if first < 0 or first + frames > spec.num_frames:
            raise ShapeError(
                f"Frames {first} to {first + frames} were asked of a story of {spec.num_frames}; stay within it."
            )
    return frames


@torch.no_grad()
def _render(specs: Sequence[StorySpec], start: list[int], frames: int, size: int, device: torch.device) -> Rendered:
    """Stories of one version."""
    batch = prepare(specs, start, frames, size, device)
    if specs[0].version == 1:
        picture, mask = compose_core(batch, size)
        second = None
    else:
        picture, mask, second = compose(batch, size)
    video = picture.permute(0, 2, 1, 3, 4).clamp(0, 1) * 2 - 1  # (b, 3, f, H, W)
    return Rendered(video.contiguous(), _channels_first(mask), None if second is None else _channels_first(second))


def _channels_first(mask: Tensor) -> Tensor:
    """(b, f, 1, H, W) -> (b, 1, f, H, W)."""
    return mask.permute(0, 2, 1, 3, 4).contiguous()
