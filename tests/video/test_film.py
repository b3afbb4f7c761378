"""Movies are read back little by little, with their rate and length."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from phenaki.errors import MediaError
from phenaki.video import ExportConfig, open_film
from tests.video.mp4 import RED, colour_clip, counting_clip, export, numbers_in


@pytest.mark.parametrize("kind", ["mp4", "webm"])
@pytest.mark.parametrize("fps", [8, 24])
def test_a_movie_gives_its_frames_back(tmp_path: Path, kind: str, fps: float) -> None:
    path = tmp_path / f"film.{kind}"
    export([counting_clip(*range(11), height=24)], path, ExportConfig(kind, 64), fps=fps)
    with open_film(path) as film:
        assert film.fps == fps and film.num_frames == 11
        clips = list(film.clips)
    assert [clip.shape[1:] for clip in clips] == [(48, 64, 3)] * 2
    assert numbers_in(np.concatenate(clips)) == list(range(11))


def test_it_may_be_left_early_and_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    export([counting_clip(1, 2, 3, 4)] * 50, tmp_path / "film.mp4", ExportConfig(size=128))
    tracemalloc.start()
    with open_film(tmp_path / "film.mp4") as film:
        for _ in range(20):
            assert next(film.clips).shape == (8, 128, 128, 3)
    assert tracemalloc.get_traced_memory()[1] < 4 * 8 * 128 * 128 * 3
    tracemalloc.stop()


def test_what_is_no_movie_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("once upon a time")
    export([colour_clip(RED)], tmp_path / "film.zip", ExportConfig("png", 32))
    for name in ("words.mp4", "film.zip"):
        with pytest.raises(MediaError, match=f"{name} is no movie that can be read"), open_film(tmp_path / name):
            pass
    for path in (tmp_path / "missing.mp4", tmp_path):
        with pytest.raises(MediaError, match="There is no file"), open_film(path):
            pass
