"""Cuts in a film where a segment did not grow out of what now stands to its left, and how much they show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from demo.session import Session
from phenaki import PlannedClip


def seam_sentence(session: Session, plan: Sequence[PlannedClip], clip: PlannedClip) -> str | None:
    """How far the picture jumps in front of ``clip``, as a multiple of a usual step from frame to frame."""
    left = next((c for c in plan if c.shown and c.start_frame + c.num_frames == clip.start_frame), None)
    if left is None:
        return None
    pair = left.key, clip.key
    if pair not in session.seams:
        before, after = session.store.find(left.key), session.store.find(clip.key)
        if before is None or after is None:
            return "A seam: this segment keeps the pictures that it had before the one to its left was made anew."
        session.seams[pair] = seam_error(before.read(), after.read())
    error = session.seams[pair]
    if error < 1.5:
        return "A seam that hardly shows: the picture changes no more than between any two frames."
    return f"A seam: the picture changes {error:.1f} times as much as between two other frames."


def seam_error(before: np.ndarray, after: np.ndarray) -> float:
    """Mean difference across the cut over the mean difference between neighbouring frames.

    Args:
        before: frames up to the cut, (f, H, W, 3) uint8, two or more.
        after: frames from the cut on, likewise.
    """
    usual = np.concatenate([_steps(before), _steps(after)]).mean()
    jump = np.abs(after[0].astype(np.float32) - before[-1]).mean()
    return float(jump / max(usual, 0.5))  # half a level of 255: a still picture has no usual step


def _steps(frames: np.ndarray) -> np.ndarray:
    """Mean difference between each two neighbouring frames, (f - 1,)."""
    return np.abs(np.diff(frames.astype(np.float32), axis=0)).mean(axis=(1, 2, 3))
