"""A model as a few files of limited size."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from phenaki.errors import ConfigError
from phenaki.training import parcel
from phenaki.training.parcel import FIGURES, MOST_FILES, WEIGHTS, pack


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(parcel, "LARGEST", 20_000)
    folder = tmp_path / "model"
    (folder / "judge").mkdir(parents=True)
    for i, name in enumerate(WEIGHTS[:5]):
        (folder / name).write_bytes(bytes([i]) * 1000)
    for name in FIGURES:
        (folder / name).write_bytes(name.encode() * 10)
    return folder


def test_what_fits_stays_as_it_is_and_the_most_important_figures_come_along(model: Path, tmp_path: Path) -> None:
    files = pack(model, tmp_path / "out")
    assert [file.name for file in files] == [*WEIGHTS[:5], *FIGURES[:3]] and len(files) == MOST_FILES
    assert all(file.read_bytes() == (model / file.name).read_bytes() for file in files)


@pytest.mark.parametrize("reason", ["a large file", "a judge"])
def test_else_the_weights_are_cut_and_can_be_put_together_again(model: Path, tmp_path: Path, reason: str) -> None:
    pack(model, tmp_path / "out")  # what an earlier call left goes
    if reason == "a judge":
        for name in WEIGHTS[5:]:
            (model / name).write_bytes(b"judge" * 100)
    else:
        (model / WEIGHTS[2]).write_bytes(b"token" * 9000)
    files = pack(model, tmp_path / "out")
    assert len(files) <= MOST_FILES and all(file.stat().st_size <= 20_000 for file in files)
    assert sorted((tmp_path / "out").iterdir()) == sorted(files)
    pieces = [file for file in files if file.name.startswith("model.tar.")]
    with tarfile.open(fileobj=io.BytesIO(b"".join(file.read_bytes() for file in pieces))) as tar:
        tar.extractall(tmp_path / "again", filter="data")
    for name in WEIGHTS:
        if (model / name).is_file():
            assert (tmp_path / "again" / name).read_bytes() == (model / name).read_bytes()


def test_a_model_is_not_packed_into_itself(model: Path) -> None:
    with pytest.raises(ConfigError, match="Name another folder with --out"):
        pack(model, model / "judge" / "..")
    assert (model / WEIGHTS[1]).is_file()


def test_of_a_long_log_the_end_is_kept(model: Path, tmp_path: Path) -> None:
    (model / FIGURES[0]).write_bytes(b"0" * 30_000 + b"1" * 10_000)
    (file,) = (file for file in pack(model, tmp_path / "out") if file.name == FIGURES[0])
    assert file.read_bytes() == b"0" * 10_000 + b"1" * 10_000
