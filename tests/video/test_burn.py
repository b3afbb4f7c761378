"""Prompts drawn into the picture can be read, fit into its lower part and hide nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from phenaki.video.burn import LOWER_PART, CaptionBurner, _masks
from phenaki.video.captions import Caption

LONG = "a fox walks right in the snow while it rains and a knight stands on the moon " * 5
SIZES = [(32, 32), (64, 64), (128, 128), (256, 256), (512, 512), (1024, 576), (576, 1024), (2048, 2048)]


def burn(text: str, height: int, width: int, level: int = 128) -> np.ndarray:
    picture = np.full((height, width, 3), level, np.uint8)
    return CaptionBurner([Caption(0, 1, text)]).draw(picture, 0.5)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("text", ["a fox", "a fox walks right in the snow", LONG[:400], "x" * 400, "ein Füchslein"])
def test_captions_have_both_colours_and_stay_in_the_lower_part(height: int, width: int, text: str) -> None:
    for level in (0, 128, 255):
        burnt = burn(text, height, width, level)
        assert burnt.shape == (height, width, 3)
        assert burnt.min() < 40 and burnt.max() > 150  # seen on snow and at night
        changed = (burnt != level).any(2)
        assert changed.any() and not changed[: height - int(height * LOWER_PART)].any()


def test_letters_grow_with_the_picture() -> None:
    heights = []
    for size in (64, 256, 512, 1024):
        rows = (burn("Hl", size, size) != 128).any((1, 2)).nonzero()[0]
        heights.append(rows[-1] - rows[0] + 1)
    assert heights[0] >= 6
    assert heights[3] > 1.8 * heights[2] > 3 * heights[1] > 3 * heights[0]


def test_a_line_has_room_on_both_sides() -> None:
    for text in (LONG[:400], "x" * 400, "a fox walks right in the snow"):
        for size in (64, 256, 512):
            columns = (burn(text, size, size) != 128).any((0, 2)).nonzero()[0]
            assert columns[0] >= 1 and columns[-1] <= size - 2
            assert abs(columns[0] - (size - 1 - columns[-1])) <= max(4, size // 40)


def test_a_long_text_is_whole_where_there_is_room_and_cut_where_there_is_none() -> None:
    first = LONG[:380] + " first end"
    other = LONG[:380] + " other end"
    assert not np.array_equal(burn(first, 512, 512), burn(other, 512, 512))
    assert np.array_equal(burn(first, 64, 64), burn(other, 64, 64))


def test_line_breaks_of_a_prompt_are_kept() -> None:
    def rows(text: str) -> int:
        return int((burn(text, 256, 256) != 128).any((1, 2)).sum())

    assert rows("a fox\nit jumps") > 1.5 * rows("a fox it jumps")


def test_what_no_font_draws_is_left_out() -> None:
    assert np.array_equal(burn("a fox \U000e0041 \uffff", 256, 256), burn("a fox", 256, 256))
    assert (burn("\uffff", 256, 256) == 128).all()


def test_accents_are_drawn_or_left_out_but_never_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phenaki.video.burn._FONTS", ())
    _masks.cache_clear()
    try:
        assert np.array_equal(burn("Füchslein läuft", 256, 256), burn("Fuchslein lauft", 256, 256))
    finally:
        _masks.cache_clear()


def test_no_caption_leaves_the_picture_itself() -> None:
    picture = np.full((64, 64, 3), 9, np.uint8)
    burner = CaptionBurner([Caption(1, 2, "a fox"), Caption(3, 4, "  ")])
    assert all(burner.draw(picture, seconds) is picture for seconds in (0, 0.99, 2, 3.5))
    assert burner.draw(picture, 1) is not picture and (picture == 9).all()
