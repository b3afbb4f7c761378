"""A zip of pictures holds them without loss, in order, with the project and the captions."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from phenaki.video import ExportConfig, captions_of, read_project
from phenaki.video.captions import srt_text
from tests.video.mp4 import STRANGE_PROMPTS, counting_clip, decode, export, project_of, project_with


def test_pictures_are_numbered_and_kept_without_loss(tmp_path: Path) -> None:
    clip = np.random.default_rng(0).integers(0, 256, (12, 32, 48, 3), dtype=np.uint8)
    export([clip[:5], clip[5:]], tmp_path / "film.zip", ExportConfig("png", 48))
    with ZipFile(tmp_path / "film.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{i:05d}.png" for i in range(12)]
    assert np.array_equal(decode(tmp_path / "film.zip"), clip)


@pytest.mark.parametrize("prompt", STRANGE_PROMPTS)
def test_project_and_captions_lie_beside_the_pictures(tmp_path: Path, prompt: str) -> None:
    project = project_of(prompt)
    captions = captions_of(project.timeline)
    export([counting_clip(1)], tmp_path / "film.zip", ExportConfig("png", 32), project=project, captions=captions)
    with ZipFile(tmp_path / "film.zip") as archive:
        assert archive.namelist() == ["00000.png", "captions.srt", "project.json"]
        assert archive.read("captions.srt").decode() == srt_text(captions)
    assert read_project(tmp_path / "film.zip") == project


def test_without_them_there_are_only_pictures(tmp_path: Path) -> None:
    export([counting_clip(1)], tmp_path / "film.zip", ExportConfig("png", 32))
    with ZipFile(tmp_path / "film.zip") as archive:
        assert archive.namelist() == ["00000.png"]


def test_a_large_project_is_packed(tmp_path: Path) -> None:
    project = project_with(bytes(10**6))
    export([counting_clip(1)], tmp_path / "film.zip", ExportConfig("png", 32), project=project)
    assert read_project(tmp_path / "film.zip") == project
    assert (tmp_path / "film.zip").stat().st_size < 10**5
