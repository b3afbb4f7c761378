from __future__ import annotations

import numpy as np
import pytest

from demo.seams import seam_error


def steps(start: int, count: int = 6) -> np.ndarray:
    """Frames that grow brighter by two levels each."""
    levels = start + 2 * np.arange(count, dtype=np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (count, 8, 8, 3))


def test_frames_that_go_on_have_no_seam() -> None:
    assert seam_error(steps(20), steps(32)) == pytest.approx(1.0)


def test_a_jump_is_told_as_a_multiple_of_a_usual_step() -> None:
    assert seam_error(steps(20), steps(50)) == pytest.approx(10.0)


def test_a_still_picture_does_not_divide_by_zero() -> None:
    still = np.full((6, 8, 8, 3), 9, np.uint8)
    assert seam_error(still, still) == 0.0 and np.isfinite(seam_error(still, still + 5))
