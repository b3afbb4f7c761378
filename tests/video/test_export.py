"""A film leaves as one MP4, and the project that made it comes back out of that file."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from phenaki.config import SamplingConfig
from phenaki.errors import MediaError, ProjectError, ShapeError
from phenaki.project import MAX_PROJECT_BYTES, Project
from phenaki.segment import Segment
from phenaki.timeline import Timeline
from phenaki.video import export_mp4, read_project
from tests.video.mp4 import BLUE, GREEN, RED, boxes, colour_clip, decode

STORY = Timeline((Segment("a fox walks right", 1.375), Segment("it jumps", 1.5, seed=7)), seed=3)


def test_a_film_holds_all_clips_in_order(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    clips = [colour_clip(RED, RED), colour_clip(GREEN), colour_clip(BLUE, RED, BLUE)]
    assert export_mp4(iter(clips), path, fps=8) == 6
    frames = decode(path)
    assert frames.shape == (6, 512, 512, 3)
    for frame, colour in zip(frames, (RED, RED, GREEN, BLUE, RED, BLUE), strict=True):
        assert np.abs(frame.astype(int) - colour).max() <= 6, colour
    assert os.listdir(tmp_path) == ["film.mp4"]


def test_the_index_comes_first_so_that_a_film_plays_while_it_loads(tmp_path: Path) -> None:
    export_mp4([colour_clip(RED, BLUE)], tmp_path / "film.mp4", fps=8)
    kinds = [kind for kind, _ in boxes((tmp_path / "film.mp4").read_bytes())]
    assert kinds.index("moov") < kinds.index("mdat")
    assert "moof" not in kinds


def test_size_sets_the_picture(tmp_path: Path) -> None:
    export_mp4([colour_clip(RED, height=33, width=21)], tmp_path / "film.mp4", fps=8, size=99)
    assert decode(tmp_path / "film.mp4").shape == (1, 100, 64, 3)


@pytest.mark.parametrize(
    "prompt",
    [
        "a fox walks right",
        "= ; # \\ ; comment=x \\= \\\\ \\n",
        "line one\nline two\r\n;FFMETADATA1\n[CHAPTER]\ttab",
        "\"double\" 'single' `back` {brace} <tag> & 100% $HOME",
        "ein Fuchs läuft · 狐狸 · 🦊 \u2028\u2029\x7f\x01\x00end",
        "  spaces around  ",
    ],
)
def test_a_project_comes_back_from_its_film(tmp_path: Path, prompt: str) -> None:
    project = Project(
        Timeline((Segment(prompt, 1.375, seed=1, start_image=b"\x89PNG"), Segment("it jumps", 1.5)), seed=9),
        SamplingConfig(num_inference_steps=5, guidance_scale=2.5),
        model="tiny",
    )
    export_mp4([colour_clip(RED)], tmp_path / "film.mp4", 8, project)
    assert read_project(tmp_path / "film.mp4") == project


@pytest.mark.parametrize("megabytes", [0.2, 2.9, 11.5])
def test_a_project_with_a_large_start_image_comes_back(tmp_path: Path, megabytes: float) -> None:
    image = np.random.default_rng(0).bytes(int(megabytes * 2**20))
    project = Project(Timeline((Segment("a fox", 1.375, start_image=image),)))
    export_mp4([colour_clip(RED)], tmp_path / "film.mp4", 8, project)
    assert read_project(tmp_path / "film.mp4") == project
    assert len(decode(tmp_path / "film.mp4")) == 1


def test_a_project_too_large_to_be_read_back_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    project = Project(Timeline((Segment("a fox", 1.375, start_image=bytes(MAX_PROJECT_BYTES)),)))
    with pytest.raises(ProjectError, match=rf"{MAX_PROJECT_BYTES} are accepted\. Use a smaller start image"):
        export_mp4([colour_clip(RED)], tmp_path / "film.mp4", 8, project)
    assert os.listdir(tmp_path) == []


def test_memory_does_not_grow_with_the_film(tmp_path: Path) -> None:
    def peak(num_clips: int) -> int:
        tracemalloc.start()
        export_mp4((colour_clip(RED, BLUE) for _ in range(num_clips)), tmp_path / "film.mp4", 8, size=64)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)  # imports
    assert peak(60) < 1.5 * peak(3)


def test_no_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"no clip to export\. Generate"):
        export_mp4([], tmp_path / "film.mp4", 8)
    with pytest.raises(ShapeError):
        export_mp4([np.zeros((0, 8, 8, 3), np.uint8)], tmp_path / "film.mp4", 8)
    assert os.listdir(tmp_path) == []


def test_clips_of_two_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match=r"\(16, 32, 3\); the film began with \(32, 32, 3\)"):
        export_mp4([colour_clip(RED), colour_clip(RED, height=16)], tmp_path / "film.mp4", 8)
    assert os.listdir(tmp_path) == []


def test_clips_that_fail_on_the_way_leave_nothing_behind(tmp_path: Path) -> None:
    def clips() -> Iterator[np.ndarray]:
        yield colour_clip(RED, BLUE)
        raise KeyError("the caller's own")

    with pytest.raises(KeyError):
        export_mp4(clips(), tmp_path / "film.mp4", 8)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("options", [["-profile:v", "nonsense"], ["-no-such-option", "1"]])
def test_an_encoder_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    monkeypatch.setattr("phenaki.video.export.H264", options)
    with pytest.raises(MediaError, match=r"The video cannot be written \(.+\)\. Check"):
        export_mp4((colour_clip(*[RED] * 50) for _ in range(9)), tmp_path / "film.mp4", 8)
    assert os.listdir(tmp_path) == []


def test_a_film_cannot_be_exported_to_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="There is no folder"):
        export_mp4([colour_clip(RED)], tmp_path / "missing" / "film.mp4", 8)


def test_a_project_is_read_from_json(tmp_path: Path) -> None:
    (tmp_path / "story.json").write_text(Project(STORY).to_json(), encoding="utf-8")
    assert read_project(tmp_path / "story.json") == Project(STORY)


def test_files_without_a_project_are_refused(tmp_path: Path) -> None:
    export_mp4([colour_clip(RED)], tmp_path / "bare.mp4", 8)
    export_mp4([colour_clip(RED)], tmp_path / "whole.mp4", 8, Project(STORY))
    whole = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[:300])
    (tmp_path / "tiny.mp4").write_bytes(whole[:8])
    (tmp_path / "loop.mp4").write_bytes(whole[:28] + bytes(4) + b"junk")
    (tmp_path / "other.mp4").write_bytes(whole.replace(b'"segments"', b'"sausages"'))
    (tmp_path / "words.json").write_text("once upon a time")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty.json").write_bytes(b"")
    (tmp_path / "large.json").write_bytes(b" " * (MAX_PROJECT_BYTES + 1))
    (tmp_path / "folder").mkdir()
    for name, message in [
        ("bare.mp4", r"bare\.mp4 carries no project\. Choose a film exported by this program"),
        ("cut.mp4", "carries no project"),
        ("tiny.mp4", "carries no project"),
        ("loop.mp4", "carries no project"),
        ("other.mp4", "has no 'segments'"),
        ("words.json", "This is not a project file"),
        ("binary.json", "This is not a project file"),
        ("empty.json", "This is not a project file"),
        ("large.json", f"has at most {MAX_PROJECT_BYTES}"),
        ("folder", r"cannot be read \(.+\)\. Choose another file"),
        ("missing.mp4", r"cannot be read \(No such file or directory\)"),
    ]:
        with pytest.raises(ProjectError, match=message):
            read_project(tmp_path / name)
