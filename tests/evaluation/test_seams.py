"""A seam shows in a figure where more changes at it than elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from phenaki.evaluation.figures import Seams
from phenaki.evaluation.samples import evaluation_rng, sample_story
from phenaki.evaluation.seams import measure_seams, rendered_films, story_film
from phenaki.shapes import ClipShape
from phenaki.world.parts import CORE, LIVELY, WorldPart


def ramp(steps: list[int]) -> np.ndarray:
    """Grey frames that change by these levels."""
    levels = np.cumsum([10, *steps]).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (len(levels), 4, 4, 3)).copy()


def test_the_change_at_the_seam_is_held_against_all_other_changes() -> None:
    seams = measure_seams([(ramp([2, 2, 8, 2]), 3), (ramp([4, 4, 4, 4]), 2)])
    assert seams == Seams(at_seams=6.0, inside=3.0, films=2) and seams.ratio == 2.0


def test_darker_counts_as_much_as_brighter() -> None:
    frames = ramp([2, 2, 8, 2])
    assert measure_seams([(frames, 3)]) == measure_seams([(frames[::-1], 2)])


def test_without_films_there_is_no_figure_and_without_motion_no_ratio() -> None:
    assert measure_seams([]) is None
    still = measure_seams([(ramp([0, 0]), 1)])
    assert still is not None and math.isnan(still.ratio)


def test_a_film_holds_inherited_frames_once() -> None:
    opening, after = ramp([1] * 10), np.concatenate([ramp([1] * 10)[6:], ramp([3] * 5)])
    film, seam = story_film(opening, after, 5)
    assert len(film) == 17 and seam == 11
    assert (film[:11] == opening).all() and (film[11:] == after[5:]).all()


@pytest.mark.parametrize("part", [CORE, LIVELY])
def test_renders_have_no_seam(part: WorldPart) -> None:
    rng = evaluation_rng(0, "a test")
    specs = [sample_story(rng, ClipShape(), part).spec for _ in range(40)]
    seams = measure_seams(rendered_films(specs, 64, 11, 17))
    assert seams is not None and seams.films == 40
    assert 0.6 < seams.ratio < 1.4
    cut = measure_seams((np.concatenate([a[:11], a[11:] // 2]), s) for a, s in rendered_films(specs[:8], 64, 11, 15))
    assert cut is not None and cut.ratio > 4  # a change of light is seen at once
