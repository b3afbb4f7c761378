"""Projects are read from every kind of file that carries one, and refused with a sentence where there is none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from phenaki.errors import PhenakiError, ProjectError
from phenaki.project import MAX_PROJECT_BYTES, Project
from phenaki.video import ExportConfig, captions_of, read_project
from phenaki.video.export_config import EXTENSIONS
from tests.video.mp4 import RED, STORY, colour_clip, export

CARRIERS = ["mp4", "webm", "gif", "png", "otio"]


def write(path: Path, kind: str, project: Project | None) -> bytes:
    export([colour_clip(RED)], path, ExportConfig(kind, 32), captions=captions_of(STORY), project=project)
    return path.read_bytes()


@pytest.mark.parametrize("kind", CARRIERS)
def test_the_content_decides_whatever_the_name(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "some.thing", kind, Project(STORY))
    assert read_project(tmp_path / "some.thing") == Project(STORY)


def test_a_project_is_read_from_json(tmp_path: Path) -> None:
    (tmp_path / "story.json").write_text(Project(STORY).to_json(), encoding="utf-8")
    assert read_project(tmp_path / "story.json") == Project(STORY)


def test_a_prompt_that_speaks_of_timelines_is_still_a_prompt(tmp_path: Path) -> None:
    text = Project(STORY).to_json().replace('"it jumps"', json.dumps('it says "OTIO_SCHEMA" and "project"'))
    (tmp_path / "story.json").write_text(text, encoding="utf-8")
    assert "OTIO_SCHEMA" in read_project(tmp_path / "story.json").timeline.segments[1].prompt


@pytest.mark.parametrize("kind", CARRIERS)
def test_a_film_without_a_project_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"bare{EXTENSIONS[kind]}"
    write(path, kind, None)
    with pytest.raises(ProjectError, match=rf"{path.name} carries no project\. Choose a film exported by this program"):
        read_project(path)


@pytest.mark.parametrize("kind", CARRIERS)
def test_a_damaged_film_gives_its_project_or_a_sentence(tmp_path: Path, kind: str) -> None:
    whole = write(tmp_path / "whole", kind, Project(STORY))
    cuts = sorted({*range(0, 64), *range(0, len(whole), max(1, len(whole) // 150))})
    damaged = [whole[:cut] for cut in cuts]
    damaged += [whole[:cut] + b"\xff" * 4 + whole[cut + 4 :] for cut in cuts]
    damaged += [whole[:cut] + bytes(4) + whole[cut + 4 :] for cut in cuts]
    for data in damaged:
        (tmp_path / "damaged").write_bytes(data)
        try:
            read_project(tmp_path / "damaged")
        except PhenakiError as error:
            assert str(error)[0].isupper() or str(error).startswith("damaged")


def test_too_much_text_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "bomb.zip", "w", ZIP_DEFLATED) as archive:
        archive.writestr("project.json", b" " * (50 * MAX_PROJECT_BYTES))
    (tmp_path / "large.json").write_bytes(b" " * (MAX_PROJECT_BYTES + 1))
    for name in ("bomb.zip", "large.json"):
        with pytest.raises(ProjectError, match=rf"more than {MAX_PROJECT_BYTES} bytes of text"):
            read_project(tmp_path / name)


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mp4", "mp4", Project(STORY))
    (tmp_path / "loop.mp4").write_bytes(whole[:28] + bytes(4) + b"junk")
    (tmp_path / "other.mp4").write_bytes(whole.replace(b'"segments"', b'"sausages"'))
    (tmp_path / "words.json").write_text("once upon a time")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty.json").write_bytes(b"")
    (tmp_path / "other.otio").write_text('{"OTIO_SCHEMA": "Clip.1", "metadata": []}')
    (tmp_path / "list.otio").write_text('["OTIO_SCHEMA"]')
    (tmp_path / "half.otio").write_text('{"OTIO_SCHEMA": "Clip.1", "metadata": {"phenaki": {"project": "\\ud83e"}}}')
    (tmp_path / "object.otio").write_text('{"OTIO_SCHEMA": "Clip.1", "metadata": {"phenaki": {"project": {}}}}')
    with ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("words.txt", "once upon a time")
    (tmp_path / "folder").mkdir()
    for name, message in [
        ("loop.mp4", "carries no project"),
        ("other.mp4", "has no 'segments'"),
        ("words.json", "This is not a project file"),
        ("binary.json", "This is not a project file"),
        ("empty.json", "This is not a project file"),
        ("other.otio", "carries no project"),
        ("list.otio", "This is not a project file"),
        ("half.otio", "This is not a project file"),
        ("object.otio", "carries no project"),
        ("other.zip", "carries no project"),
        ("folder", r"cannot be read \(.+\)\. Choose another file"),
        ("missing.mp4", r"cannot be read \(No such file or directory\)"),
    ]:
        with pytest.raises(ProjectError, match=message):
            read_project(tmp_path / name)
    assert "folder" in os.listdir(tmp_path)
