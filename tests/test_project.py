"""Projects and stories: what was saved comes back, what is foreign is refused with a sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from phenaki.config import SamplingConfig
from phenaki.errors import ConfigError, PhenakiError, ProjectError, TimelineError
from phenaki.project import MAX_PROJECT_BYTES, PROJECT_VERSION, Project
from phenaki.segment import Segment
from phenaki.timeline import Timeline
from phenaki.video import pack_frames

STORY = Timeline((Segment("a fox läuft 🦊 \"'\\\n", 1.375, seed=0), Segment("it jumps", 1.5)), seed=12)
WHOLE = Project(STORY, SamplingConfig(7, 1.0, 0.0, 9.5), model="tiny", title="A fox's day")


def story(more: str) -> str:
    """A story of one segment, with something more in it."""
    return f'{{"segments": [{{"prompt": "a", "seconds": 1.375}}], {more}}}'


@pytest.mark.parametrize("project", [WHOLE, Project(STORY)], ids=["all set", "defaults"])
def test_a_project_survives_json(project: Project) -> None:
    text = project.to_json()
    assert "\n" not in text
    assert Project.from_json(text) == Project.from_json(text.encode()) == project
    assert json.loads(text)["phenaki_project"] == PROJECT_VERSION


def test_a_story_written_by_hand_needs_only_segments() -> None:
    project = Project.from_json(story('"colour": "red"'))
    assert project == Project(Timeline((Segment("a", 1.375),)))


def test_a_file_saved_with_a_byte_order_mark_is_read() -> None:
    assert Project.from_json(b"\xef\xbb\xbf" + WHOLE.to_json().encode()) == WHOLE


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("", ProjectError, r"not a project file: no JSON can be read \(.+\)\. Choose a saved project"),
        ("once upon a time", ProjectError, r"no JSON can be read"),
        (b"\xff\xfe\x00", ProjectError, r"no JSON can be read"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", ProjectError, r"no JSON can be read"),
        (story("")[:20], ProjectError, r"no JSON can be read"),
        ("[" * 100_000, ProjectError, r"no JSON can be read"),
        ('{"segments": [{"prompt": "a", "seconds": 1' + "0" * 5000 + "}]}", ProjectError, r"no JSON can be read"),
        ("null", ProjectError, r"it has no 'segments'\. Choose a saved project or story"),
        ("[1, 2]", ProjectError, r"has no 'segments'"),
        ('"segments"', ProjectError, r"has no 'segments'"),
        ('{"timeline": []}', ProjectError, r"has no 'segments'"),
        (" " * (MAX_PROJECT_BYTES + 1), ProjectError, rf"{MAX_PROJECT_BYTES} are accepted\. Choose"),
        (story('"phenaki_project": 3'), ProjectError, r"version 3; this program reads up to 2\. Update"),
        (story('"phenaki_project": 0'), ProjectError, r"version 0; this program"),
        (story('"phenaki_project": true'), ProjectError, r"version True; this program"),
        (story('"phenaki_project": "1"'), ProjectError, r"version '1'; this program"),
        (story('"phenaki_project": null'), ProjectError, r"version None; this program"),
        (
            story('"start_image": "a"'),
            TimelineError,
            r"Segment 1: The start image is damaged: it is not base64\. Remove",
        ),
        (story('"start_image": "é"'), TimelineError, r"not base64"),
        (story('"start_image": 5'), TimelineError, r"not base64"),
        (story('"start_image": ["YQ=="]'), TimelineError, r"not base64"),
        (story('"footage": "é"'), TimelineError, r"The footage is damaged: it is not base64\. Remove"),
        (story('"footage": "YQ=="'), TimelineError, r"The footage cannot be used\. These are no packed frames"),
        (story('"title": 5'), ProjectError, r"title is 5; use a text of at most 120 characters"),
        (story(f'"title": "{"x" * 121}"'), ProjectError, r"title is 'xxx.*…; use a text"),
        (story('"model": 5'), ProjectError, r'model is 5; use the name of a model, such as "toy-64"'),
        (story('"model": ["tiny"]'), ProjectError, r"model is \['tiny'\]; use"),
        ('{"segments": "abc"}', TimelineError, r"needs 'segments': a list"),
        ('{"segments": []}', TimelineError, r"has no segment"),
        ('{"segments": [{"prompt": "a", "seconds": NaN}]}', TimelineError, r"lasts nan seconds"),
        ('{"segments": [{"prompt": "a", "seconds": 1e999}]}', TimelineError, r"lasts inf seconds"),
        ('{"segments": [{"prompt": "a", "seconds": 1' + "0" * 400 + "}]}", TimelineError, r"lasts 1000.*… seconds"),
        ('{"segments": [{"prompt": "\\ud800", "seconds": 1}]}', TimelineError, r"which is no text"),
        (story('"seed": 1.0'), TimelineError, r"seed is 1\.0; use a whole number"),
        (story('"seed": null'), TimelineError, r"seed is None; use"),
        (story('"sampling": []'), ConfigError, r"SamplingConfig is \[\]; it must be an object"),
        (story('"sampling": null'), ConfigError, r"SamplingConfig is None; it must be"),
        (
            story('"sampling": {"steps": 3}'),
            ConfigError,
            r"does not know steps; it knows num_inference_steps",
        ),
        (story('"sampling": {"temperature": NaN}'), ConfigError, r"temperature is nan; use"),
    ],
)
def test_what_is_no_project_is_refused(text: str | bytes, kind: type[PhenakiError], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        Project.from_json(text)
    assert len(str(caught.value)) < 250


def test_everything_that_a_film_is_made_from_survives_json() -> None:
    picture, film = bytes(range(256)), pack_frames(np.full((3, 4, 4, 3), 7, np.uint8))
    old = Segment("it sat", 1.5, 5, behind=Segment("it slept", 1.375, start_image=picture))
    segments = (
        Segment("a fox", 1.375, 0, 9, 0.0, picture),
        Segment("it jumps", 0.75, first_clip=4, behind=old),
    )
    project = Project(Timeline(segments, seed=3, footage=film), title="läuft 🦊")
    assert Project.from_json(project.to_json()) == project


def test_the_start_image_of_a_film_of_version_1_becomes_that_of_its_first_segment() -> None:
    rows = '[{"prompt": "a", "seconds": 1.375}, {"prompt": "b", "seconds": 0.75, "seed": 4}]'
    old = f'{{"phenaki_project": 1, "model": "tiny", "seed": 7, "segments": {rows}, "start_image": "AAEC"}}'
    segments = (Segment("a", 1.375, start_image=b"\0\1\2"), Segment("b", 0.75, seed=4))
    assert Project.from_json(old) == Project(Timeline(segments, seed=7), model="tiny")
    by_hand = old.replace('"phenaki_project": 1, ', "")
    assert Project.from_json(by_hand) == Project.from_json(old)


@pytest.mark.parametrize("rows", ["[]", "[5]", '"abc"', "null", "{}"])
def test_a_project_of_version_1_without_segments_is_refused_as_any_other(rows: str) -> None:
    with pytest.raises(TimelineError):
        Project.from_json(f'{{"segments": {rows}, "start_image": "AAEC"}}')


def test_a_project_too_large_to_be_read_back_is_not_written() -> None:
    project = Project(Timeline((Segment("a", 1.375, start_image=bytes(MAX_PROJECT_BYTES)),)))
    with pytest.raises(ProjectError, match=rf"{MAX_PROJECT_BYTES} are accepted\. Use a smaller start image"):
        project.to_json()
