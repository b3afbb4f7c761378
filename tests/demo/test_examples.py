from __future__ import annotations

import json

import pytest

from demo.document import from_timeline
from demo.examples import load_examples
from demo.make_examples import main, make_example
from demo.settings import STORIES
from demo.views import EMPTY_PLAYER, example_player_view, example_run_view
from phenaki import ClipShape, read_project

STORY = STORIES / "1-a-winter-walk.json"


def test_there_are_three_stories_even_without_their_films(tmp_path):
    examples = load_examples(tmp_path / "missing", ClipShape())
    assert len(examples) == 3 and all(e.film is None and len(e.project.timeline.segments) > 1 for e in examples)
    assert [e.title for e in examples] == ["A winter walk", "Visitor on the moon", "Under the sea"]
    document = from_timeline(examples[0].project.timeline, ClipShape(), story=examples[0].name)
    assert example_player_view(examples[0], ClipShape()) == EMPTY_PLAYER
    assert example_run_view(examples[0], document, ClipShape()) == {}


def test_stories_fit_the_shipped_model():
    for path in STORIES.glob("*.json"):
        timeline = read_project(path).timeline
        assert timeline == timeline.fit(ClipShape()), path


def test_a_made_example_is_shown_with_its_film(model, tmp_path):
    num_frames = make_example(model, STORY, tmp_path / STORY.stem, seed=5)
    example = load_examples(tmp_path, model.clip)[0]
    assert example.film and example.poster and example.project.timeline.seed == 5
    assert len(example.thumbnails) == sum(p.num_clips for p in example.project.timeline.plan(model.clip))
    document = from_timeline(example.project.timeline, model.clip, keep_seed=False, story=example.name)
    run = example_run_view(example, document, model.clip)
    assert [s["id"] for s in run["segments"]] == [s["id"] for s in document["segments"]]
    assert [len(s["thumbnails"]) for s in run["segments"]] == [s["clips"] for s in document["segments"]]
    player = example_player_view(example, model.clip)
    assert player["seconds"] * player["fps"] == num_frames and player["captions"][-1]["end"] == player["seconds"]


def test_a_film_of_another_clip_shape_is_left_out(model, tmp_path):
    make_example(model, STORY, tmp_path / STORY.stem)
    other = ClipShape(clip_frames=5, prime_frames=3)
    assert load_examples(tmp_path, other)[0].film is None


def test_a_damaged_example_is_left_out(model, tmp_path, caplog):
    make_example(model, STORY, tmp_path / STORY.stem)
    (tmp_path / STORY.stem / "project.json").write_text("{")
    assert load_examples(tmp_path, model.clip)[0].film is None
    assert "left out" in caplog.text


def test_the_command_makes_a_folder_for_each_story(tmp_path, capsys):
    story = tmp_path / "short.json"
    story.write_text('{"segments": [{"prompt": "a fox", "seconds": 1}]}')
    assert main(["--preset", "tiny", "--output", str(tmp_path), "--seed", "5", str(story)]) == 0
    made = json.loads((tmp_path / "short" / "project.json").read_text())
    assert made["model"] == "tiny" and made["seed"] == 5
    assert "frames" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--preset", "tiny", "missing.json"], ["--model", "missing"], ["--preset", "huge"]]
)
def test_the_command_says_what_is_wrong(arguments, capsys):
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("make_examples: ")
