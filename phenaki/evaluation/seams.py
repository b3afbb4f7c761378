"""Whether one sees where a film was joined: how much more changes at a seam than between other neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from phenaki.evaluation.figures import Seams
from phenaki.video import video_to_frames
from phenaki.world.render import render
from phenaki.world.spec import StorySpec


def measure_seams(films: Iterable[tuple[np.ndarray, int]]) -> Seams | None:
    """Mean change between neighbouring frames at seams, and at all other places of the same films.

    Args:
        films: frames (f, H, W, 3) uint8, and the number of the first frame behind the seam.

    Returns:
        Means over all films; None of no film. What happens changes at a seam too, so the figure of a model belongs
        beside that of renders of the same stories, which have no seam.
    """
    at, inside, count = 0.0, 0.0, 0
    for frames, seam in films:
        changes = np.abs(np.diff(frames.astype(np.int16), axis=0)).mean((1, 2, 3))  # (f - 1,)
        at += float(changes[seam - 1])
        inside += float(np.delete(changes, seam - 1).mean())
        count += 1
    return Seams(at / count, inside / count, count) if count else None


def rendered_films(
    specs: Sequence[StorySpec], size: int, seam: int, num_frames: int, batch: int = 8
) -> Iterator[tuple[np.ndarray, int]]:
    """The first ``num_frames`` frames of stories as the world renders them, for ``measure_seams``."""
    for first in range(0, len(specs), batch):
        for video in render(specs[first : first + batch], size=size).video:
            yield video_to_frames(video[None])[:num_frames], seam


def story_film(opening: np.ndarray, after: np.ndarray, prime_frames: int) -> tuple[np.ndarray, int]:
    """The film of an opening and of the clip after it, whose first ``prime_frames`` are the opening's last ones."""
    return np.concatenate([opening, after[prime_frames:]]), len(opening)
