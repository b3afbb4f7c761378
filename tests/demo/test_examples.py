from __future__ import annotations

import json

import numpy as np
import pytest

from demo.examples import load_examples, shipped_clips
from demo.make_examples import main, make_example
from demo.service import GenerationService
from demo.settings import STORIES
from phenaki import read_project
from phenaki.config import preset
from tests.demo.conftest import end_of

STORY = STORIES / "1-a-winter-walk.json"


def test_there_are_six_stories_even_without_their_films(model, tmp_path):
    examples = load_examples(tmp_path / "missing", model)
    assert len(examples) == 6 and all(not e.clips and len(e.document["segments"]) > 1 for e in examples)
    assert [e.title for e in examples][:3] == ["A winter walk", "Visitor on the moon", "Under the sea"]


@pytest.mark.parametrize("path", sorted(STORIES.glob("*.json")), ids=lambda path: path.stem)
def test_stories_fit_the_shipped_model(path):
    timeline = read_project(path).timeline
    assert timeline == timeline.fit(preset("toy-64").clip)


def test_a_made_example_is_there_before_the_first_click(model, settings):
    num_frames = make_example(model, STORY, settings.examples / STORY.stem, seed=5)
    made = model.made[:]
    with GenerationService(model, settings) as service:
        example = service.examples[0]
        assert example.poster is not None and len(example.clips) == len(made)
        page = service.open_page(service.sessions.open(), example.document)
        clips = service.finished_clips(page)
        assert sum(clip.num_frames for clip in clips) == num_frames
        frames = page.session.store.find(clips[1].key).read()
        assert np.array_equal(frames[0], np.full_like(frames[0], frames[0, 0, 0, 0]))
        assert service.generate(page, example.document) is None
        assert len(model.made) == len(made)


def test_a_film_goes_on_from_shipped_clips(model, settings):
    make_example(model, STORY, settings.examples / STORY.stem)
    with GenerationService(model, settings) as service:
        page = service.open_page(service.sessions.open(), service.examples[0].document)
        rows = page.document["segments"]
        model.made.clear(), model.inherited.clear()
        service.generate(page, page.document | {"segments": [*rows[:-1], rows[-1] | {"prompt": "it sleeps"}]})
        while service.jobs(page):
            pass
        assert {clip.prompt for clip in model.made} == {"it sleeps"}
        parents = [page.plan[clip.parent] for clip in model.made]
        assert all(np.array_equal(*pair) for pair in zip(model.inherited, map(end_of, parents), strict=True))


def test_films_of_other_weights_are_left_out(model, tmp_path):
    make_example(model, STORY, tmp_path / STORY.stem)
    assert shipped_clips(load_examples(tmp_path, model))
    model.fingerprint = "fake 5678 float32 cpu"
    assert not shipped_clips(load_examples(tmp_path, model))
    model.fingerprint = "fake 1234 bfloat16 cuda"
    assert shipped_clips(load_examples(tmp_path, model))


@pytest.mark.parametrize("damage", ["project.json", "001.frames", "001.end"])
def test_a_damaged_example_is_left_out(model, tmp_path, caplog, damage):
    make_example(model, STORY, tmp_path / STORY.stem)
    (tmp_path / STORY.stem / damage).unlink()
    assert not load_examples(tmp_path, model)[0].clips
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
