from __future__ import annotations

import json
from dataclasses import asdict

import gradio as gr
import pytest

from demo.examples import load_examples
from demo.handlers import Handlers, file_name
from demo.views import EMPTY_PLAYER
from phenaki import Project, SamplingConfig, Segment, Timeline, export_mp4

SETTINGS = (18, 3.0, 1.0, 4.5)


@pytest.fixture
def handlers(service, settings) -> Handlers:
    return Handlers(service, load_examples(settings.examples, service.model.clip), "fake on nothing")


@pytest.fixture(autouse=True)
def toasts(monkeypatch) -> list[str]:
    """What is shown as a toast."""
    shown: list[str] = []
    monkeypatch.setattr(gr, "Warning", lambda message, **_: shown.append(message))
    monkeypatch.setattr(gr, "Info", lambda message, **_: shown.append(message))
    return shown


def document(*prompts: str, seed: int | None = None) -> dict:
    rows = [{"id": f"s{i}", "prompt": prompt, "clips": 1, "seed": None} for i, prompt in enumerate(prompts)]
    return {"seed": seed, "segments": rows}


def is_skip(value: object) -> bool:
    return value == gr.skip()


def run(handlers: Handlers, doc: dict, *settings, image=None):
    return list(handlers.generate(doc, *(settings or SETTINGS), image))


def test_a_run_ends_with_every_clip_and_frees_the_buttons(handlers):
    shown = run(handlers, document("a fox walks", "it jumps"))
    assert shown[0].running and not shown[-1].running
    players = [s.player for s in shown if not is_skip(s.player)]
    assert players[-1]["end"] and [c["start"] for c in players[-1]["clips"]] == [0, 1.375]
    assert players[-1]["captions"] == [
        {"prompt": "a fox walks", "start": 0, "end": 1.375},
        {"prompt": "it jumps", "start": 1.375, "end": 2.125},
    ]
    assert shown[-1].status["state"] == "finished" and "2 clips" in shown[-1].status["text"]
    assert len({s.job_id for s in shown}) == 1


def test_everything_that_is_shown_is_plain_json(handlers):
    for shown in run(handlers, document("a fox")):
        for value in (shown.job_id, shown.player, shown.status):
            json.dumps(value, allow_nan=False)


def test_addresses_go_out_only_with_a_new_clip(handlers, model):
    model.hold()
    watching = handlers.generate(document("a fox", "it jumps"), *SETTINGS, None)
    next(watching)
    seen = [next(watching) for _ in range(6)]
    assert any(is_skip(s.player) for s in seen)
    model.release(9)
    assert not is_skip(list(watching)[-1].player)


def test_an_open_seed_is_drawn_for_every_run_and_shown(handlers, model):
    first, second = (run(handlers, document("a fox"))[-1] for _ in range(2))
    drawn = [timeline.seed for timeline, _ in model.asked]
    assert drawn[0] != drawn[1]
    assert [json.loads(s.editor.props["run"])["seed"] for s in (first, second)] == drawn


def test_a_kept_seed_is_used(handlers, model):
    run(handlers, document("a fox", seed=42))
    assert model.asked[-1][0].seed == 42


@pytest.mark.parametrize("place", range(4))
def test_every_slider_reaches_the_model(handlers, model, place):
    values = [20, 5.0, 0.5, 2.0]
    changed = list(values)
    changed[place] = values[place] + 1
    run(handlers, document("a fox", seed=1), *values)
    run(handlers, document("a fox", seed=1), *changed)
    assert model.asked[0][1] == SamplingConfig(*values) and model.asked[1][1] == SamplingConfig(*changed)


@pytest.mark.parametrize(
    ("doc", "values", "words"),
    [
        (document(), SETTINGS, "no segment"),
        (document("a fox", " "), SETTINGS, "Segment 2: .*empty prompt"),
        (document("x" * 500), SETTINGS, "500 characters"),
        (document("a fox", seed=-4), SETTINGS, "seed is -4"),
        (document("a fox"), (float("nan"), 3.0, 1.0, 4.5), "num_inference_steps is nan"),
        (document("a fox"), (2.5, 3.0, 1.0, 4.5), "num_inference_steps is 2.5"),
        (document("a fox"), (18, float("inf"), 1.0, 4.5), "guidance_scale is inf"),
        (document("a fox"), (18, 3.0, -1.0, 4.5), "temperature is -1"),
        (document("a fox"), (18, 3.0, 1.0, None), "choice_temperature is None"),
        (None, SETTINGS, "cannot be read"),
        ({"segments": [{"prompt": "a fox", "clips": 900}]}, SETTINGS, "600"),
    ],
)
def test_bad_input_is_told_in_the_librarys_words_and_changes_nothing(handlers, toasts, doc, values, words):
    (only,) = run(handlers, doc, *values)
    assert is_skip(only.job_id) and is_skip(only.player) and is_skip(only.editor) and not only.running
    assert only.status["state"] == "failed"
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(only.status["text"])
    assert len(toasts) == 1


def test_a_toast_never_carries_markup(handlers, toasts):
    run(handlers, {"seed": "<img src=x onerror=alert(1)>", "segments": document("a fox")["segments"]})
    assert "&lt;img" in toasts[0] and "<img" not in toasts[0]


def test_a_watcher_that_comes_late_sees_everything(handlers):
    job_id = run(handlers, document("a fox", "it jumps"))[-1].job_id
    (late,) = handlers.watch(job_id)
    assert len(late.player["clips"]) == 2 and late.player["end"] and not late.running


def test_a_watcher_of_a_forgotten_job_leaves_the_page_alone(handlers):
    for job_id in ("gone", None, "", 3):
        (only,) = handlers.watch(job_id)
        assert only.job_id == "" and is_skip(only.player) and not only.running


def test_closing_a_page_does_not_stop_its_film(handlers, model, service):
    model.hold()
    watching = handlers.generate(document("a fox", "it jumps"), *SETTINGS, None)
    job = service.find(next(watching).job_id)
    watching.close()
    model.release(9)
    *_, last = handlers.watch(job.id)
    assert last.status["state"] == "finished"


def test_a_page_makes_one_film_at_a_time(handlers, model, toasts):
    model.hold()
    watching = handlers.generate(document("a fox", "it jumps"), *SETTINGS, None)
    first = next(watching)
    (refused,) = handlers.generate(document("a fox"), *SETTINGS, None, first.job_id)
    assert refused.running and "already" in toasts[0] and len(model.asked) == 1
    model.release(9)
    *_, last = watching
    *_, again = handlers.generate(document("a fox"), *SETTINGS, None, last.job_id)
    assert again.status["state"] == "finished" and again.job_id != last.job_id


def test_export_names_the_file_after_the_first_prompt(handlers):
    job_id = run(handlers, document("A fox, walking: right!"))[-1].job_id
    path, status = handlers.export(job_id)
    assert path.endswith("/a-fox-walking-right.mp4") and status["state"] == "ready"


def test_export_without_a_film_says_so(handlers, toasts):
    path, status = handlers.export("")
    assert path is None and status["state"] == "failed" and "nothing to export" in toasts[0]


def test_a_project_comes_back_as_it_was_saved(handlers):
    doc = document("a fox", "it jumps")
    doc["segments"][1] |= {"clips": 3, "seed": 11}
    shown = run(handlers, doc)[-1]
    path, _ = handlers.save_project(doc, 12, 2.0, 0.5, 1.5, b"picture", shown.job_id)
    opened = handlers.open_project(path)
    back = opened.document.constructor_args["value"]
    assert back["seed"] == json.loads(shown.editor.props["run"])["seed"]
    assert [(s["prompt"], s["clips"], s["seed"]) for s in back["segments"]] == [("a fox", 1, None), ("it jumps", 3, 11)]
    settings = [opened.num_inference_steps, opened.guidance_scale, opened.temperature, opened.choice_temperature]
    assert settings == [12, 2.0, 0.5, 1.5]
    with open(opened.start_image, "rb") as file:
        assert file.read() == b"picture"


def test_an_exported_film_opens_as_its_project(handlers):
    shown = run(handlers, document("a fox"))[-1]
    path, _ = handlers.export(shown.job_id)
    opened = handlers.open_project(path)
    assert opened.document.constructor_args["value"]["seed"] == json.loads(shown.editor.props["run"])["seed"]
    assert opened.player == EMPTY_PLAYER and opened.job_id == ""


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"segments": []}', b'{"segments": [{"prompt": "x", "seconds": null}]}', b"\x00\xff"]
)
@pytest.mark.parametrize("ending", ["json", "mp4"])
def test_a_broken_project_file_changes_nothing(handlers, toasts, tmp_path, content, ending):
    path = tmp_path / f"broken.{ending}"
    path.write_bytes(content)
    opened = asdict(handlers.open_project(str(path)))
    assert opened.pop("status")["state"] == "failed" and len(toasts) == 1
    assert all(is_skip(value) for value in opened.values())


def test_a_film_from_elsewhere_is_no_project(handlers, toasts, tmp_path, model):
    import numpy as np

    export_mp4([np.zeros((4, 16, 16, 3), np.uint8)], tmp_path / "other.mp4", 8, None)
    assert handlers.open_project(str(tmp_path / "other.mp4")).status["state"] == "failed"


def test_moved_lengths_and_another_model_are_mentioned(handlers, tmp_path):
    project = Project(Timeline((Segment("a fox", 2.0),)), model="someone-elses")
    (tmp_path / "story.json").write_text(project.to_json())
    text = handlers.open_project(str(tmp_path / "story.json")).status["text"]
    assert "nearest" in text and "someone-elses" in text


def test_the_page_comes_back_as_it_was_left(handlers):
    doc = document("my own story")
    shown = run(handlers, doc)[-1]
    opened = handlers.restore({"document": doc, "settings": [7, 2.0, 0.5, 1.0]}, shown.job_id)
    assert opened.document.constructor_args["value"]["segments"][0]["prompt"] == "my own story"
    assert opened.num_inference_steps == 7 and is_skip(opened.status)


@pytest.mark.parametrize(
    "kept", [None, 3, {}, {"document": 3}, {"document": document("a"), "settings": [float("nan"), 1, 1, 1]}]
)
def test_what_a_browser_kept_may_be_damaged(handlers, kept):
    assert all(is_skip(value) for value in asdict(handlers.restore(kept, "")).values())


def test_prompts_without_letters_still_name_a_file():
    def name(prompt: str) -> str:
        return file_name(Project(Timeline((Segment(prompt, 1.375),))))

    assert name("!!!") == "film" and name("../../etc/passwd") == "etc-passwd" and name("狐狸在雪中") == "狐狸在雪中"
    assert len(name("long " * 50)) <= 48
