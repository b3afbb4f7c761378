"""Contact sheets show frames in order with their words beneath."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phenaki.errors import ConfigError, MediaError
from phenaki.world.contact_sheet import GAP, Panel, contact_sheet, save_sheet, world_sheet, write_world_sheet


def film(count: int, size: int = 16) -> np.ndarray:
    """Frames of plain grey, lighter from one to the next."""
    levels = np.linspace(40, 220, count).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (count, size, size, 3)).copy()


def test_frames_run_from_the_first_to_the_last() -> None:
    frames = film(11)
    sheet = np.asarray(contact_sheet([[Panel(frames, "a fox")]], frames_per_panel=3, side=32))
    for place, number in enumerate((0, 5, 10)):
        shown = sheet[GAP + 16, GAP + place * 32 + 16]
        assert (shown == frames[number, 0, 0]).all()


def test_a_short_film_shows_each_frame_once() -> None:
    sheet = np.asarray(contact_sheet([[Panel(film(2), "a fox")]], frames_per_panel=4, side=32))
    assert tuple(sheet[GAP + 16, GAP + 32 + 16]) == (220, 220, 220)
    assert tuple(sheet[GAP + 16, GAP + 64 + 16]) == (250, 250, 248)  # paper


def test_words_stand_beneath_and_long_ones_take_more_lines() -> None:
    def drawn(text: str) -> np.ndarray:
        return np.asarray(contact_sheet([[Panel(film(4), text)]], side=32))

    none, short, long = drawn(""), drawn("a fox"), drawn("a fox walks to the right in the falling snow at night")
    assert (short[GAP + 32 :] < 100).any() and not (none[GAP + 32 :] < 100).any()
    assert len(long) > len(short)


def test_rows_may_differ_in_length() -> None:
    panel = Panel(film(3), "a fox")
    sheet = contact_sheet([[panel], [panel, panel]], frames_per_panel=3, side=32)
    assert sheet.width == 2 * (96 + GAP) + GAP


def test_the_world_sheet_follows_from_its_seed(tmp_path: Path) -> None:
    first, second = world_sheet(seed=4, count=2), world_sheet(seed=4, count=2)
    assert first.tobytes() == second.tobytes() != world_sheet(seed=5, count=2).tobytes()
    write_world_sheet(tmp_path / "sheet.png", seed=4, count=2)
    assert Image.open(tmp_path / "sheet.png").tobytes() == first.tobytes()


def test_larger_renders_are_not_shrunk() -> None:
    assert world_sheet(count=1, size=192).width > world_sheet(count=1, size=64).width


def test_what_cannot_be_drawn_is_refused_with_a_sentence(tmp_path: Path) -> None:
    panel = Panel(film(2), "a fox")
    with pytest.raises(ConfigError, match="one row or more"):
        contact_sheet([])
    with pytest.raises(ConfigError, match="frames_per_panel is 0"):
        contact_sheet([[panel]], frames_per_panel=0)
    with pytest.raises(ConfigError, match="sheet of 0 stories"):
        world_sheet(count=0)
    with pytest.raises(ConfigError, match="4 pixels"):
        world_sheet(size=4)
    for name in ("none/sheet.png", "sheet.nonsense"):
        with pytest.raises(MediaError, match="cannot be written"):
            save_sheet(contact_sheet([[panel]]), tmp_path / name)
