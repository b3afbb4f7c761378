from __future__ import annotations

import base64
from dataclasses import asdict

import numpy as np
import pytest

from demo.document import from_project, read_document, to_project
from phenaki import (
    MAX_SECONDS,
    ClipShape,
    ConfigError,
    Project,
    SamplingConfig,
    Segment,
    Timeline,
    TimelineError,
    pack_frames,
)
from tests.demo.conftest import story

SHAPE = ClipShape()
PNG = b"\x89PNG\r\n\x1a\n rest"


def no_footage(name: str) -> bytes:
    raise AssertionError(name)


def project_of(document: dict, footage=no_footage) -> Project:
    return to_project(document, SHAPE, "toy-64", footage)


def test_clips_become_the_seconds_that_the_model_makes() -> None:
    timeline = project_of(story("a fox walks", "it jumps", clips=2)).timeline
    assert [s.seconds for s in timeline.segments] == [17 / 8, 12 / 8]
    assert [s.seed for s in timeline.segments] == [10, 11]


def test_a_picture_opens_a_shot_and_lengthens_its_segment() -> None:
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    document = story("a fox walks", "it jumps")
    document["segments"][1]["picture"] = url
    second = project_of(document).timeline.segments[1]
    assert second.start_image == PNG and second.seconds == 11 / 8


def test_footage_takes_the_opening_away_from_the_first_segment() -> None:
    document = story("a fox walks")
    document["footage"] = {"id": "ab" * 32, "num_frames": 9, "poster": ""}
    packed = pack_frames(np.zeros((9, 64, 64, 3), np.uint8))
    timeline = project_of(document, {"ab" * 32: packed}.__getitem__).timeline
    assert timeline.footage == packed and timeline.segments[0].seconds == 6 / 8


def test_a_project_comes_back_as_it_was() -> None:
    behind = Segment("a fox walks", 11 / 8, 3)
    segments = (
        Segment("a fox runs", 17 / 8, 4, 24, 2.5),
        Segment("it jumps", 6 / 8, 5, first_clip=2, behind=behind),
        Segment("it sleeps", 11 / 8, 6, start_image=PNG),
    )
    project = Project(Timeline(segments), SamplingConfig(9, 2.0, 0.5, 3.0), "toy-64")
    assert project_of(from_project(project, SHAPE)) == project


def test_what_is_remembered_beyond_the_begin_of_the_film_opens_it() -> None:
    """Three segments; the first and then the second were made anew alone, and the first was deleted since."""
    old_first = Segment("a fox walks", 11 / 8, 3)
    old_second = Segment("it jumps", 6 / 8, 4, behind=old_first)
    timeline = Timeline((Segment("it hops", 11 / 8, 5), Segment("it sleeps", 6 / 8, 6, behind=old_second)))
    assert timeline.fit(SHAPE) == timeline
    document = from_project(Project(timeline), SHAPE)
    assert project_of(document).timeline == timeline


def test_a_seed_that_is_open_is_written_down() -> None:
    behind = Segment("c", 1.375)
    timeline = Timeline((Segment("a", 1.375), Segment("b", 0.75, behind=behind)), seed=5)
    rows = from_project(Project(timeline), SHAPE)["segments"]
    assert [row["seed"] for row in rows] == [timeline.segment_seed(0), timeline.segment_seed(1)]
    assert rows[1]["behind"]["seed"] == timeline.seed_of(behind, 0)


def test_a_film_of_another_shape_stays_within_the_limit() -> None:
    """Many lengths that are each rounded up must not add up to a film that is refused."""
    timeline = Timeline(tuple(Segment("a fox", 1.5) for _ in range(400)))
    shape = ClipShape(patch_frames=1, clip_frames=11, prime_frames=3)
    document = from_project(Project(timeline), shape)
    assert to_project(document, shape, "toy-64", no_footage).timeline.seconds <= MAX_SECONDS


def test_the_rows_of_a_story_have_the_same_ids_every_time() -> None:
    timeline = Timeline((Segment("a", 1.375), Segment("b", 0.75)))
    ids = [row["id"] for row in from_project(Project(timeline), SHAPE, story="moon")["segments"]]
    assert ids == ["moon.0", "moon.1"]


def test_what_an_earlier_version_kept_is_read() -> None:
    old = {"seed": None, "segments": [{"id": "x", "prompt": "a fox", "clips": 2, "seed": None}], "story": None}
    document = read_document(old)
    assert document["version"] == 2 and document["segments"][0]["clips"] == 2
    assert 0 <= document["segments"][0]["seed"] < 1_000_000 and not document["segments"][0]["locked"]


def test_ids_are_made_unique_and_unknown_things_left_out() -> None:
    rows = [{"id": "x", "prompt": "a", "surprise": 1}, {"id": "x", "prompt": "b"}, {"id": "", "prompt": "c"}]
    document = read_document({"segments": rows, "settings": {"guidance_scale": 2.0, "evil": 1}})
    assert len({row["id"] for row in document["segments"]}) == 3
    assert "surprise" not in document["segments"][0]
    assert document["settings"] == asdict(SamplingConfig(guidance_scale=2.0))


@pytest.mark.parametrize(
    "value", [None, 3, [], {}, {"segments": "x"}, {"segments": [1]}, {"segments": [{"prompt": 1}]}]
)
def test_what_is_no_document_is_refused_in_a_sentence(value: object) -> None:
    with pytest.raises(TimelineError, match="cannot be read"):
        read_document(value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clips": 0}, "Segment 1: It is 0 clips long"),
        ({"clips": True}, "clips long"),
        ({"seed": -1}, "Segment 1: The seed is -1"),
        ({"picture": "http://elsewhere/x.png"}, "picture cannot be read"),
        ({"picture": 5}, "picture cannot be read"),
        ({"guidance_scale": "much"}, "much"),
    ],
)
def test_a_value_that_is_not_accepted_names_its_segment(changes: dict, words: str) -> None:
    with pytest.raises((TimelineError, ConfigError), match=words):
        project_of(story("a fox", **changes))


def test_takes_do_not_grow_out_of_each_other_for_ever() -> None:
    row: dict = {"id": "x", "prompt": "a", "clips": 1, "seed": 1}
    for _ in range(40):
        row = {**row, "behind": row}
    with pytest.raises(TimelineError, match="more than 16 takes"):
        read_document({"segments": [row]})
