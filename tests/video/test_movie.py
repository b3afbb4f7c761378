"""MP4 and WebM: what players need to know, and the project inside, seen by our own reader and by ffprobe."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from phenaki.errors import MediaError
from phenaki.video import ExportConfig, movie, read_project
from tests.video.mp4 import (
    BLUE,
    RED,
    STRANGE_PROMPTS,
    boxes,
    colour_clip,
    counting_clip,
    decode,
    export,
    project_of,
    project_with,
)

needs_ffprobe = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs an ffprobe on the PATH")


def probe(path: Path) -> dict:
    told = ["-show_format", "-show_streams", "-show_frames", "-of", "json"]
    return json.loads(subprocess.run(["ffprobe", "-v", "error", *told, path], check=True, capture_output=True).stdout)


@pytest.mark.parametrize("kind", ["mp4", "webm"])
@pytest.mark.parametrize("prompt", STRANGE_PROMPTS)
def test_a_project_comes_back_from_its_film(tmp_path: Path, kind: str, prompt: str) -> None:
    path = tmp_path / f"film.{kind}"
    project = project_of(prompt)
    export([colour_clip(RED)], path, ExportConfig(kind, 32), project=project)
    assert read_project(path) == project
    if shutil.which("ffprobe"):
        tags = probe(path)["format"]["tags"]
        assert {name.lower(): value for name, value in tags.items()}["comment"] == project.to_json()


@pytest.mark.parametrize("kind", ["mp4", "webm"])
@pytest.mark.parametrize("megabytes", [0.2, 2.9])
def test_a_project_with_a_large_start_image_comes_back(tmp_path: Path, kind: str, megabytes: float) -> None:
    path = tmp_path / f"film.{kind}"
    image = np.random.default_rng(0).bytes(int(megabytes * 2**20))
    export([colour_clip(RED)], path, ExportConfig(kind, 32), project=project_with(image))
    assert read_project(path) == project_with(image)
    assert len(decode(path)) == 1


@needs_ffprobe
@pytest.mark.parametrize(("kind", "codec"), [("mp4", "h264"), ("webm", "vp9")])
def test_players_are_told_codec_size_rate_colours_and_times(tmp_path: Path, kind: str, codec: str) -> None:
    path = tmp_path / f"film.{kind}"
    export([counting_clip(*range(9), height=24), counting_clip(9, 10, height=24)], path, ExportConfig(kind, 64))
    told = probe(path)
    (stream,) = told["streams"]
    assert (stream["codec_name"], stream["width"], stream["height"]) == (codec, 64, 48)
    assert (stream["pix_fmt"], stream["color_space"], stream["color_range"]) == ("yuv420p", "bt709", "tv")
    assert stream["avg_frame_rate"] == "8/1"
    assert float(told["format"]["duration"]) == pytest.approx(11 / 8, abs=0.01)
    assert [float(f["pts_time"]) for f in told["frames"]] == pytest.approx([k / 8 for k in range(11)], abs=0.001)


def test_the_index_of_an_mp4_comes_first_so_that_it_plays_while_it_loads(tmp_path: Path) -> None:
    export([colour_clip(RED, BLUE)], tmp_path / "film.mp4", ExportConfig())
    kinds = [kind for kind, _ in boxes((tmp_path / "film.mp4").read_bytes())]
    assert kinds.index("moov") < kinds.index("mdat")
    assert "moof" not in kinds


def test_the_index_of_a_webm_comes_first_so_that_it_can_be_searched_while_it_loads(tmp_path: Path) -> None:
    export([colour_clip(RED, BLUE)], tmp_path / "film.webm", ExportConfig("webm"))
    data = (tmp_path / "film.webm").read_bytes()
    cues, cluster = b"\x1c\x53\xbb\x6b", b"\x1f\x43\xb6\x75"
    assert 0 < data.rindex(cues) < data.rindex(cluster)


@pytest.mark.parametrize("options", [["-profile:v", "nonsense"], ["-no-such-option", "1"]])
@pytest.mark.parametrize(("kind", "name"), [("mp4", "H264"), ("webm", "_VP9")])
def test_an_encoder_that_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], kind: str, name: str
) -> None:
    if kind == "webm":
        options = ["-lag-in-frames", "9999999999999"] if options[0] == "-profile:v" else options
    monkeypatch.setattr(f"phenaki.video.movie.{name}", options)
    with pytest.raises(MediaError, match=r"The video cannot be written \(.+\)\. Check"):
        export([colour_clip(*[RED] * 50)] * 9, tmp_path / f"film.{kind}", ExportConfig(kind))
    assert os.listdir(tmp_path) == []


def test_a_second_pass_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(movie._CONTAINERS, "mp4", ["-f", "no-such-container"])
    with pytest.raises(MediaError, match=r"The video cannot be written \(.+\)\. Check"):
        export([colour_clip(RED)], tmp_path / "film.mp4", ExportConfig(size=32))
    assert os.listdir(tmp_path) == []
