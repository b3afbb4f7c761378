"""The world draws itself from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from phenaki.world.__main__ import main
from phenaki.world.contact_sheet import world_sheet
from phenaki.world.parts import FULL


def test_a_sheet_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "world.png"
    assert main([str(file), "--count", "1", "--stages", "2", "--style", "pencil", "--seed", "3", "--size", "32"]) == 0
    sheet = world_sheet(seed=3, size=32, count=1, part=FULL, style="pencil", stages=2)
    assert Image.open(file).tobytes() == sheet.tobytes()
    assert "world.png" in capsys.readouterr().out


def test_what_cannot_be_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "world.png"), "--part", "core", "--style", "neon"]) == 2
    assert "no style 'neon'" in capsys.readouterr().err
    assert main([str(tmp_path / "world.png"), "--stages", "0"]) == 2
