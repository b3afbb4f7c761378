"""Editors get one clip of the movie for each prompt, in the words of OpenTimelineIO."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phenaki.project import Project
from phenaki.video import Caption, ExportConfig, captions_of, read_project
from tests.video.mp4 import STORY, STRANGE_PROMPTS, export, project_of, project_with


def timeline_of(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def clips_of(timeline: dict) -> list[dict]:
    (track,) = timeline["tracks"]["children"]
    assert (track["OTIO_SCHEMA"], track["kind"]) == ("Track.1", "Video")
    return track["children"]


def test_each_prompt_is_a_clip_of_the_movie(tmp_path: Path) -> None:
    path = tmp_path / "my film.otio"
    export([], path, ExportConfig("otio"), captions=captions_of(STORY), project=Project(STORY), num_frames=23)
    timeline = timeline_of(path)
    assert (timeline["OTIO_SCHEMA"], timeline["name"]) == ("Timeline.1", "my film")
    clips = clips_of(timeline)
    assert [c["OTIO_SCHEMA"] for c in clips] == ["Clip.1", "Clip.1"]
    assert [c["metadata"]["phenaki"] for c in clips] == [
        {"prompt": "a fox walks right", "seed": 3},
        {"prompt": "it jumps", "seed": 7},
    ]
    spans = [(c["source_range"]["start_time"], c["source_range"]["duration"]) for c in clips]
    assert [(start["value"], length["value"]) for start, length in spans] == [(0, 11), (11, 12)]
    assert {time["rate"] for span in spans for time in span} == {8}
    assert {c["media_reference"]["target_url"] for c in clips} == {"my%20film.mp4"}
    assert clips[0]["media_reference"]["available_range"]["duration"]["value"] == 23


def test_name_and_rate_are_those_of_the_movie(tmp_path: Path) -> None:
    options = {"captions": captions_of(STORY), "movie": "other.webm"}
    export([], tmp_path / "film.otio", ExportConfig("otio", fps=24), **options)
    clips = clips_of(timeline_of(tmp_path / "film.otio"))
    assert [c["source_range"]["duration"] for c in clips] == [
        {"OTIO_SCHEMA": "RationalTime.1", "rate": 24, "value": 33},
        {"OTIO_SCHEMA": "RationalTime.1", "rate": 24, "value": 36},
    ]
    assert clips[0]["media_reference"]["target_url"] == "other.webm"


def test_what_has_no_prompt_is_there_too(tmp_path: Path) -> None:
    """A film that begins with a video of the user's has no prompt there."""
    captions = [Caption(1, 2, "a fox"), Caption(3, 3.01, "shorter than a frame")]
    export([], tmp_path / "film.otio", ExportConfig("otio"), captions=captions, num_frames=32)
    clips = clips_of(timeline_of(tmp_path / "film.otio"))
    assert [(c["name"], c["source_range"]["duration"]["value"]) for c in clips] == [
        ("film", 8),
        ("a fox", 8),
        ("film", 16),
    ]
    assert [c["source_range"]["start_time"]["value"] for c in clips] == [0, 8, 16]
    assert clips[0]["metadata"] == {}


@pytest.mark.parametrize("prompt", STRANGE_PROMPTS)
def test_a_project_comes_back_from_its_timeline(tmp_path: Path, prompt: str) -> None:
    project = project_of(prompt)
    export([], tmp_path / "film.otio", ExportConfig("otio"), captions=captions_of(project.timeline), project=project)
    assert read_project(tmp_path / "film.otio") == project


def test_a_large_project_comes_back_from_a_long_timeline(tmp_path: Path) -> None:
    project = project_with(bytes(3 * 10**6))
    captions = [Caption(i, i + 1, f"number {i}") for i in range(500)]
    export([], tmp_path / "film.otio", ExportConfig("otio"), captions=captions, project=project)
    assert read_project(tmp_path / "film.otio") == project


@pytest.mark.parametrize("prompt", STRANGE_PROMPTS)
def test_the_library_that_editors_use_reads_it(tmp_path: Path, prompt: str) -> None:
    otio = pytest.importorskip("opentimelineio")
    path = tmp_path / "film.otio"
    project = project_of(prompt)
    export([], path, ExportConfig("otio"), captions=captions_of(project.timeline, 2.0), project=project, num_frames=39)
    timeline = otio.adapters.read_from_file(str(path))
    clips = list(timeline.find_clips())
    assert timeline.duration() == otio.opentime.RationalTime(39, 8)
    assert [clip.range_in_parent() for clip in clips] == [clip.source_range for clip in clips]
    assert [clip.metadata.get("phenaki", {}).get("prompt") for clip in clips] == [None, prompt, "it jumps"]
    whole = otio.opentime.TimeRange(otio.opentime.RationalTime(0, 8), timeline.duration())
    assert all(clip.available_range() == whole for clip in clips)
    # saved by another program, it still gives the project back
    otio.adapters.write_to_file(timeline, str(tmp_path / "saved.otio"))
    assert read_project(tmp_path / "saved.otio") == project
