"""The diary of a training: lines, curves, and TensorBoard where it is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

from phenaki.training.journal import Journal, read_curves


def fill(folder: Path) -> Journal:
    journal = Journal(folder, "cvivit")
    for step in (1, 2, 3):
        journal.write({"part": "cvivit", "step": step, "minutes": 0.1, "loss": 1.0 / step}, left=1.0)
    Journal(folder, "maskgit").write({"part": "maskgit", "step": 9, "accuracy": 0.5, "loss": 2.0}, left=0.0)
    return journal


def test_curves_are_those_of_each_part_over_its_steps(tmp_path: Path) -> None:
    fill(tmp_path)
    assert read_curves(tmp_path) == {
        ("cvivit", "loss"): [(1, 1.0), (2, 0.5), (3, 1 / 3)],
        ("maskgit", "accuracy"): [(9, 0.5)],
        ("maskgit", "loss"): [(9, 2.0)],
    }


def test_curves_become_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    journal = fill(tmp_path)
    path = journal.draw_curves()
    assert path is not None
    with Image.open(path) as picture:
        assert picture.width > 1000 and len(picture.convert("L").getcolors() or []) > 10
    assert [file.name for file in tmp_path.glob("*.png")] == ["curves.png"]


def test_without_matplotlib_or_figures_there_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Journal(tmp_path, "net").draw_curves() is None
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find(name))
    assert fill(tmp_path).draw_curves() is None and not list(tmp_path.glob("*.png"))


def test_tensorboard_reads_the_same_figures(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fill(tmp_path)
    events = EventAccumulator(str(tmp_path / "tensorboard" / "cvivit"))
    events.Reload()
    assert [(e.step, round(e.value, 4)) for e in events.Scalars("cvivit/loss")] == [(1, 1.0), (2, 0.5), (3, 0.3333)]
