"""GIFs show every picture for its time, over and over, in its own colours, and carry their project."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from phenaki.project import Project
from phenaki.video import ExportConfig, read_project
from phenaki.video.gif import read_gif_comment
from tests.video.mp4 import (
    RED,
    STORY,
    STRANGE_PROMPTS,
    colour_clip,
    counting_clip,
    decode,
    export,
    project_of,
    project_with,
)


def delays(path: Path) -> list[int]:
    """Milliseconds that each picture stays."""
    with Image.open(path) as image:
        return [frame.info["duration"] for frame in ImageSequence.Iterator(image)]


@pytest.mark.parametrize(("fps", "around"), [(8, 125), (10, 100), (24, 41.7), (50, 20)])
def test_each_picture_stays_for_its_time(tmp_path: Path, fps: float, around: float) -> None:
    path = tmp_path / "film.gif"
    export([counting_clip(*range(9))], path, ExportConfig("gif", 32), fps=fps)
    shown = delays(path)
    assert len(shown) == 9 and all(abs(d - around) <= 10 for d in shown)
    assert abs(sum(shown) - 9 * around) <= 10  # hundredths of a second are all that the format knows; they add up


def test_pictures_that_stay_the_same_are_counted_too(tmp_path: Path) -> None:
    export([colour_clip(*[RED] * 5)], tmp_path / "film.gif", ExportConfig("gif", 32))
    assert abs(sum(delays(tmp_path / "film.gif")) - 625) <= 10
    export([counting_clip(1, 2)], tmp_path / "film.gif", ExportConfig("gif", 32, fps=24))
    assert len(delays(tmp_path / "film.gif")) == 6


def test_it_loops(tmp_path: Path) -> None:
    export([counting_clip(1, 2)], tmp_path / "film.gif", ExportConfig("gif", 32), project=Project(STORY))
    with Image.open(tmp_path / "film.gif") as image:
        assert image.info["loop"] == 0


def test_each_picture_has_colours_of_its_own(tmp_path: Path) -> None:
    """Four pictures with a thousand colours in all, which one palette could not hold."""
    rng = np.random.default_rng(0)
    clip = np.stack([rng.integers(0, 256, (16, 16, 3), dtype=np.uint8).repeat(2, 0).repeat(2, 1) for _ in range(4)])
    export([clip], tmp_path / "film.gif", ExportConfig("gif", 32, enlarge="nearest"))
    assert np.abs(decode(tmp_path / "film.gif").astype(int) - clip).mean() < 2


@pytest.mark.parametrize("prompt", STRANGE_PROMPTS)
def test_a_project_comes_back_from_its_film(tmp_path: Path, prompt: str) -> None:
    path = tmp_path / "film.gif"
    export([counting_clip(1, 2)], path, ExportConfig("gif", 32), project=project_of(prompt))
    assert read_project(path) == project_of(prompt)
    with Image.open(path) as image:  # other programs read it too
        assert json.loads(image.info["comment"]) == json.loads(project_of(prompt).to_json())
    assert decode(path).shape == (2, 32, 32, 3)


def test_a_film_of_one_picture_carries_its_project_too(tmp_path: Path) -> None:
    image = np.random.default_rng(0).bytes(100_000)
    export([counting_clip(1)], tmp_path / "film.gif", ExportConfig("gif", 32), project=project_with(image))
    assert read_project(tmp_path / "film.gif") == project_with(image)
    assert decode(tmp_path / "film.gif").shape == (1, 32, 32, 3)


def test_comments_of_other_programs_are_read_and_damaged_files_are_not(tmp_path: Path) -> None:
    data = io.BytesIO()
    Image.new("P", (8, 8)).save(data, "GIF", comment=b"made elsewhere")
    assert read_gif_comment(data, 99) == b"made elsewhere"
    whole = data.getvalue()
    for end in range(len(whole)):
        assert b"made elsewhere".startswith(read_gif_comment(io.BytesIO(whole[:end]), 99) or b"")
