"""A film leaves as a file of any kind, whole or not at all, each frame at its time."""

from __future__ import annotations

import os
import subprocess
import tracemalloc
from collections.abc import Iterator
from math import floor
from pathlib import Path

import numpy as np
import pytest

from phenaki.errors import MediaError, ProjectError, ShapeError
from phenaki.project import MAX_PROJECT_BYTES, Project
from phenaki.video import Caption, ExportConfig, captions_of, export_film
from phenaki.video.export_config import EXTENSIONS
from tests.video.mp4 import (
    BLUE,
    GREEN,
    GREY,
    RED,
    STORY,
    colour_clip,
    counting_clip,
    decode,
    export,
    numbers_in,
    project_of,
    project_with,
)

WITH_PICTURES = ["mp4", "webm", "gif", "png"]


def film(folder: Path, kind: str) -> Path:
    return folder / f"film{EXTENSIONS[kind]}"


@pytest.mark.parametrize("kind", WITH_PICTURES)
def test_a_film_holds_all_clips_in_order_with_their_colours(tmp_path: Path, kind: str) -> None:
    path = film(tmp_path, kind)
    clips = [colour_clip(RED, RED), colour_clip(GREEN), colour_clip(BLUE, RED, BLUE)]
    export(clips, path, ExportConfig(kind, 256))
    frames = decode(path)
    assert frames.shape == (6, 256, 256, 3)
    for frame, colour in zip(frames, (RED, RED, GREEN, BLUE, RED, BLUE), strict=True):
        assert np.abs(frame.astype(int) - colour).max() <= 8, colour
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("kind", WITH_PICTURES)
@pytest.mark.parametrize("size", [32, 100, 256, 1024])
def test_size_is_that_of_the_longer_side(tmp_path: Path, kind: str, size: int) -> None:
    export([colour_clip(RED, BLUE, height=24, width=32)], film(tmp_path, kind), ExportConfig(kind, size))
    height = {32: 24, 100: 76, 256: 192, 1024: 768}[size]
    assert decode(film(tmp_path, kind)).shape == (2, height, size, 3)


@pytest.mark.parametrize("kind", WITH_PICTURES)
@pytest.mark.parametrize("fps", [None, 8, 3, 5, 12.5, 24, 25])
def test_another_rate_repeats_or_drops_frames_so_that_the_speed_stays(
    tmp_path: Path, kind: str, fps: float | None
) -> None:
    clips = [counting_clip(0, 1, 2, 3), counting_clip(4), counting_clip(5, 6, 7, 8, 9, 10)]
    export(clips, film(tmp_path, kind), ExportConfig(kind, 32, fps=fps))
    rate = fps or 8
    shown = numbers_in(decode(film(tmp_path, kind)))
    assert shown == [floor(k / rate * 8 + 1e-9) for k in range(len(shown))]
    assert 0 <= len(shown) / rate - 11 / 8 < 1 / rate


def test_parts_grow_from_nothing_to_one(tmp_path: Path) -> None:
    clips = [counting_clip(0, 1, 2), counting_clip(3, 4)]
    for kind in EXTENSIONS:
        for num_frames in (5, None):
            options = {"captions": captions_of(STORY), "num_frames": num_frames}
            parts = export(clips, film(tmp_path, kind), ExportConfig(kind, 32), **options)
            assert parts == sorted(parts) and parts[0] == 0 and parts[-1] == 1 and parts.count(1) <= 3
            assert not ExportConfig(kind).has_pictures or len(set(parts)) > 5


def test_a_film_of_unknown_length_is_exported_too(tmp_path: Path) -> None:
    parts = list(export_film(iter([counting_clip(0, 1)]), tmp_path / "film.mp4", 8, ExportConfig("mp4", 32)))
    assert parts == sorted(parts) and parts[-1] == 1 and len(decode(tmp_path / "film.mp4")) == 2


class Started(subprocess.Popen):
    """Remembers the processes that were started."""

    ever: list[subprocess.Popen]

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.ever.append(self)


@pytest.mark.parametrize("kind", EXTENSIONS)
@pytest.mark.parametrize("at", [0.0, 0.3, 0.96])
def test_leaving_early_ends_the_encoder_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, at: float
) -> None:
    monkeypatch.setattr(Started, "ever", [], raising=False)
    monkeypatch.setattr(subprocess, "Popen", Started)
    clips = (counting_clip(*range(10), height=64, width=64) for _ in range(4))
    options = {"captions": captions_of(STORY), "project": Project(STORY), "num_frames": 40}
    parts = export_film(clips, film(tmp_path, kind), 8, ExportConfig(kind, 256), **options)
    for part in parts:
        if part >= at:
            break
    assert part < 1 or not ExportConfig(kind).has_pictures
    parts.close()
    assert os.listdir(tmp_path) == ([] if part < 1 else [film(tmp_path, kind).name])
    assert all(process.returncode is not None for process in Started.ever)
    assert not Started.ever or kind in ("mp4", "webm", "gif")


def test_leaving_early_keeps_the_file_of_before(tmp_path: Path) -> None:
    export([colour_clip(RED)], tmp_path / "film.mp4", ExportConfig(size=32))
    before = (tmp_path / "film.mp4").read_bytes()
    parts = export_film([colour_clip(*[BLUE] * 9)], tmp_path / "film.mp4", 8, ExportConfig(size=32))
    assert [next(parts) for _ in range(5)][-1] > 0
    parts.close()
    assert (tmp_path / "film.mp4").read_bytes() == before and os.listdir(tmp_path) == ["film.mp4"]


@pytest.mark.parametrize("kind", WITH_PICTURES)
def test_the_same_film_gives_the_same_file(tmp_path: Path, kind: str) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        clips = [counting_clip(0, 3, 5, 7)]
        options = {"project": Project(STORY), "captions": captions_of(STORY)}
        export(clips, film(tmp_path / folder, kind), ExportConfig(kind, 64), **options)
    assert film(tmp_path / "a", kind).read_bytes() == film(tmp_path / "b", kind).read_bytes()


@pytest.mark.parametrize("kind", WITH_PICTURES)
def test_memory_does_not_grow_with_the_film(tmp_path: Path, kind: str) -> None:
    def peak(num_clips: int) -> int:
        clips = (counting_clip(i % 10, 3, 5, 7) for i in range(num_clips))
        tracemalloc.start()
        for _ in export_film(clips, film(tmp_path, kind), 8, ExportConfig(kind, 64)):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)  # imports
    few, many = peak(3), peak(100)
    # the pictures in between have 4.7 million bytes; a zip's table of contents and a buffer for copying have some
    assert many - few < 2**19


def test_burnt_captions_are_shown_at_their_time_in_the_lower_part_only(tmp_path: Path) -> None:
    clips = [colour_clip(*[GREY] * 8)]
    captions = [Caption(0.25, 0.5, "a fox"), Caption(0.5, 0.875, "a much longer text about a fox")]
    for fps in (None, 24):
        export(clips, tmp_path / "plain.zip", ExportConfig("png", 256, fps=fps), captions=captions)
        export(clips, tmp_path / "burnt.zip", ExportConfig("png", 256, fps=fps, burn_captions=True), captions=captions)
        plain, burnt = decode(tmp_path / "plain.zip"), decode(tmp_path / "burnt.zip")
        changed = (plain != burnt).any((2, 3))  # (f, H)
        times = 1 if fps is None else 3
        assert changed.any(1).tolist() == np.repeat([0, 0, 1, 1, 1, 1, 1, 0], times).astype(bool).tolist()
        assert not changed[:, : int(256 * 0.6)].any()
        assert not np.array_equal(burnt[2 * times], burnt[4 * times])


def test_captions_end_with_the_film(tmp_path: Path) -> None:
    captions = [Caption(0, 0.5, "a fox"), Caption(0.5, 3, "it jumps"), Caption(3, 4, "never seen")]
    export([colour_clip(*[RED] * 8)], tmp_path / "film.srt", ExportConfig("srt"), captions=captions, num_frames=8)
    text = (tmp_path / "film.srt").read_text()
    assert "00:00:00,500 --> 00:00:01,000\nit jumps" in text and "never" not in text


def test_a_clip_is_enlarged_by_what_is_given_before_it_is_resized(tmp_path: Path) -> None:
    def upscale(clip: np.ndarray) -> np.ndarray:
        seen.append(clip.shape)
        return 255 - clip.repeat(4, 1).repeat(4, 2)

    seen: list[tuple[int, ...]] = []
    clips = [colour_clip(RED, RED), colour_clip(BLUE)]
    for size in (128, 256, 64):
        export(clips, tmp_path / "film.zip", ExportConfig("png", size), upscale=upscale)
        frames = decode(tmp_path / "film.zip")
        assert frames.shape == (3, size, size, 3)
        assert frames[[0, 2], 5, 5].tolist() == [[255 - c for c in RED], [255 - c for c in BLUE]]
    assert seen == [(2, 32, 32, 3), (1, 32, 32, 3)] * 3
    with pytest.raises(ShapeError, match="made 1 frames of a clip of 2"):
        export(clips, tmp_path / "film.zip", ExportConfig("png"), upscale=lambda clip: clip[:1])


def test_no_clip_and_no_prompt_are_refused(tmp_path: Path) -> None:
    for kind in EXTENSIONS:
        with pytest.raises(MediaError, match=r"There is no (clip to export|prompt to write)\. \w+"):
            export([], film(tmp_path, kind), ExportConfig(kind))
    with pytest.raises(ShapeError):
        export([np.zeros((0, 8, 8, 3), np.uint8)], tmp_path / "film.mp4", ExportConfig())
    assert os.listdir(tmp_path) == []


def test_clips_of_two_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match=r"\(16, 32, 3\); the film began with \(32, 32, 3\)"):
        export([colour_clip(RED), colour_clip(RED, height=16)], tmp_path / "film.mp4", ExportConfig())
    assert os.listdir(tmp_path) == []


def test_clips_that_fail_on_the_way_leave_nothing_behind(tmp_path: Path) -> None:
    def clips() -> Iterator[np.ndarray]:
        yield colour_clip(RED, BLUE)
        raise KeyError("the caller's own")

    for kind in WITH_PICTURES:
        with pytest.raises(KeyError):
            for _ in export_film(clips(), film(tmp_path, kind), 8, ExportConfig(kind, 32)):
                pass
    assert os.listdir(tmp_path) == []


def test_a_film_cannot_be_exported_to_a_missing_folder(tmp_path: Path) -> None:
    for kind in EXTENSIONS:
        with pytest.raises(MediaError, match="There is no folder"):
            export([colour_clip(RED)], film(tmp_path / "missing", kind), ExportConfig(kind))


def test_a_rate_that_the_format_cannot_show_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="A gif shows 50 frames per second at most"):
        export([colour_clip(RED)], tmp_path / "film.gif", ExportConfig("gif"), fps=60)
    with pytest.raises(MediaError, match="use a number from 1 to 240"):
        export([colour_clip(RED)], tmp_path / "film.mp4", ExportConfig(), fps=0)
    export([counting_clip(0, 1, 2, 3)], tmp_path / "film.gif", ExportConfig("gif", 32, fps=30), fps=60)
    assert numbers_in(decode(tmp_path / "film.gif")) == [0, 2]


def test_nearest_never_shrinks(tmp_path: Path) -> None:
    clips = [colour_clip(RED, height=64, width=48)]
    with pytest.raises(MediaError, match="have 64 pixels on their longer side; 'nearest' cannot shrink them to 32"):
        export(clips, tmp_path / "film.mp4", ExportConfig(size=32, enlarge="nearest"))
    export(clips, tmp_path / "film.mp4", ExportConfig(size=32))
    assert decode(tmp_path / "film.mp4").shape == (1, 32, 24, 3)


def test_a_project_too_large_to_be_read_back_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    project = project_with(bytes(MAX_PROJECT_BYTES))
    with pytest.raises(ProjectError, match=rf"{MAX_PROJECT_BYTES} are accepted\. Use a smaller start image"):
        export([colour_clip(RED)], tmp_path / "film.mp4", ExportConfig(), project=project)
    assert os.listdir(tmp_path) == []


def test_a_file_of_captions_needs_no_clip(tmp_path: Path) -> None:
    for kind in ("srt", "vtt", "otio"):
        options = {"captions": captions_of(STORY), "project": project_of("a fox")}
        assert export([], film(tmp_path, kind), ExportConfig(kind), **options) == [0, 1]
        assert "it jumps" in film(tmp_path, kind).read_text(encoding="utf-8")
