from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from demo import views
from demo.handlers import Handlers, check_footage
from demo.page import Page
from demo.views import takes_view
from phenaki import Project, Segment, Timeline, write_clip
from tests.demo.conftest import finish, story, wait_until
from tests.demo.test_service import changed


@pytest.fixture
def handlers(service) -> Handlers:
    return Handlers(service, "a test")


@pytest.fixture(autouse=True)
def toasts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


def event(**data: Any) -> Any:
    return SimpleNamespace(**data)


def news(handlers: Handlers, page: Page, until: Any, seconds: float = 20) -> list[Any]:
    """What the page is told until the condition holds."""

    async def collect() -> list[Any]:
        told = []
        async with asyncio.timeout(seconds):
            stream = handlers.watch(page.id)
            async for message in stream:
                told.append(message)
                if until():
                    break
            await stream.aclose()
        return told

    return asyncio.run(collect())


def value_of(update: Any) -> Any:
    """What an update of the editor puts on the timeline."""
    return update["value"] if isinstance(update, dict) else update.value


def prop(update: Any, name: str) -> Any:
    """What an update of a component sets this property to, if it does."""
    return update.props.get(name) if isinstance(update, gr.HTML) else None


def test_a_page_opens_with_the_first_story_or_with_what_the_browser_kept(handlers, service):
    page_id, token, update = handlers.open_page(None, "")
    page = service.find_page(page_id)
    assert page.document == service.examples[0].document and page.session.token == token
    kept = story("a robot walks")
    page_id, again, update = handlers.open_page(kept, token)
    assert again == token and service.find_page(page_id).document == kept and value_of(update) == kept
    page_id, _, _ = handlers.open_page({"segments": "damaged"}, token)
    assert service.find_page(page_id).document == service.examples[0].document


def test_a_page_is_told_of_every_clip(handlers, service, page):
    handlers.generate(page.document, page.id)
    told = news(handlers, page, lambda: len(service.finished_clips(page)) == 3 and not service.jobs(page))
    films = [json.loads(text) for message in told if (text := prop(message.player, "film"))]
    assert [len(film["clips"]) for film in films] == sorted(len(film["clips"]) for film in films)
    assert len(films[-1]["clips"]) == 3
    assert service.find_page(page.id) is None  # the tab is gone when its stream ends


def test_nothing_is_told_twice(handlers, service, page, model):
    finish(service.generate(page, page.document))
    told = news(handlers, page, lambda: True)
    assert len(told) == 1

    async def listen() -> None:
        stream = handlers.watch(service.open_page(page.session, page.document).id)
        await anext(stream)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 0.3)

    asyncio.run(listen())


def test_a_page_that_could_not_be_told_once_is_told_later(handlers, service, page, monkeypatch, caplog):
    finish(service.generate(page, page.document))
    film_view, asked = views.film_view, []

    def fail_once(*arguments: Any) -> Any:
        asked.append(arguments)
        if len(asked) == 1:
            raise IndexError("the film is made of cheese")
        return film_view(*arguments)

    monkeypatch.setattr(views, "film_view", fail_once)
    monkeypatch.setattr("demo.handlers.RETRY_SECONDS", 0.01)
    (message,) = news(handlers, page, lambda: True)
    assert len(json.loads(prop(message.player, "film"))["clips"]) == 3 and "cheese" in caplog.text


def test_a_film_that_the_browser_cannot_keep_is_told_once(handlers, page, monkeypatch):
    monkeypatch.setattr("demo.handlers.KEPT_BYTES", len(json.dumps(page.document)) + 20)
    handlers.survey(page.document, page.id)
    assert page.notice.text == "Ready"
    handlers.survey(changed(page.document, 0, prompt="a fox walks" * 5), page.id)
    assert "press Save" in page.notice.text
    page.say("Something else")
    handlers.survey(changed(page.document, 0, prompt="a cat walks" * 5), page.id)
    assert page.notice.text == "Something else"


def test_only_videos_that_were_sent_here_are_read(service, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "sent"))
    read = check_footage(service)
    for name in ("sent/1/mine.mp4", "own.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_clip(np.full((8, 64, 64, 3), 120, np.uint8), tmp_path / name, 8, size=64)
    assert read(str(tmp_path / "sent" / "1" / "mine.mp4"))["num_frames"] == 8
    (tmp_path / "sent" / "link.mp4").symlink_to(tmp_path / "own.mp4")
    for path in ["own.mp4", "sent/../own.mp4", "sent/link.mp4", "sent/\0"]:
        assert "sent from this page" in read(str(tmp_path / path))["error"]
    for path in (None, 5, ["own.mp4"], {"path": str(tmp_path / "own.mp4")}):
        assert "sent from this page" in read(path)["error"]


def test_what_cannot_be_made_is_refused_in_a_sentence_and_changes_nothing(handlers, service, page, toasts):
    handlers.generate(story("<b>" + "x" * 500), page.id)
    assert "characters" in toasts[0] and "<b>" not in toasts[0]
    assert page.notice.state == "failed" and service.jobs(page) == []


def test_a_page_that_the_server_forgot_says_so(handlers, toasts):
    handlers.generate(story("a fox"), "nobody")
    assert "Reload it" in toasts[0]


def test_pause_and_stop_act_on_the_job_at_work(handlers, service, page, model):
    model.hold()
    job = service.generate(page, page.document)
    wait_until(lambda: job.clip is not None)
    handlers.pause(page.id)
    wait_until(lambda: job.clip is None)
    assert job.state == "paused"
    handlers.pause(page.id)
    wait_until(lambda: job.state == "running")
    handlers.stop(page.id)
    wait_until(lambda: service.jobs(page) == [])
    assert job.state == "stopped"


def test_the_queue_is_ordered_edited_and_cancelled(handlers, service, page, model):
    model.hold()
    service.generate(page, page.document)
    second = service.generate(page, story("a robot walks"))
    third = service.generate(page, story("a robot jumps"))
    handlers.queue_action(page.id, event(job=third.id, action="up"))
    assert service.queue.before(third) == 1
    update = handlers.queue_action(page.id, event(job=second.id, action="edit"))
    assert value_of(update)["segments"][0]["prompt"] == "a robot walks" and second.state == "stopped"
    handlers.queue_action(page.id, event(job=third.id, action="cancel"))
    assert third.state == "stopped" and len(service.jobs(page)) == 1
    stranger = service.open_page(service.sessions.open(), story("mine"))
    handlers.queue_action(stranger.id, event(job=service.jobs(page)[0].id, action="cancel"))
    assert not service.jobs(page)[0].ended
    model.release(10)


def test_takes_are_made_and_put_away(handlers, service, page):
    handlers.vary(page.document, page.id, event(segment="s1"))
    finish(service.jobs(page)[0])
    assert page.takes.segment == "s1"
    handlers.stop_varying(page.id)
    assert page.takes is None


def test_takes_that_cannot_be_made_are_told_to_the_page(handlers, page, toasts):
    before = takes_view(page, [])
    handlers.vary(story(""), page.id, event(segment="s0"))
    assert "empty prompt" in toasts[0]
    assert page.takes is None and takes_view(page, []) != before


def test_a_saved_project_opens_as_it_was(handlers, service, page):
    document = changed(page.document, 1, num_inference_steps=9, seed=77) | {
        "title": "Fox",
        "settings": {"guidance_scale": 2.0},
    }
    file = handlers.save_project(document, page.id)
    assert Path(file).name == "fox.json"
    opened = value_of(handlers.open_project(file, page.id))
    rows = [{k: v for k, v in row.items() if k != "id"} for row in opened["segments"]]
    assert rows == [{k: v for k, v in row.items() if k != "id"} for row in document["segments"]]
    assert opened["settings"]["guidance_scale"] == 2.0 and opened["title"] == "Fox"


def test_a_story_of_other_lengths_is_fitted_and_told(handlers, service, page, tmp_path):
    path = tmp_path / "story.json"
    path.write_text(Project(Timeline((Segment("a fox", 2.0),)), model="toy-9").to_json())
    assert value_of(handlers.open_project(str(path), page.id))["segments"][0]["clips"] == 2
    assert "nearest" in page.notice.text and "toy-9" in page.notice.text


def test_a_file_that_is_no_project_changes_nothing(handlers, page, tmp_path, toasts):
    path = tmp_path / "cat.json"
    path.write_text("meow")
    before = page.document
    handlers.open_project(str(path), page.id)
    assert "not a project" in toasts[0] and page.document is before


def test_a_new_film_begins_empty_and_another_one_for_the_player(handlers, service, page):
    finish(service.generate(page, page.document))
    film = page.film
    document = value_of(handlers.new_project(page.id))
    assert [row["prompt"] for row in document["segments"]] == [""]
    assert page.film != film and page.shown is None


def test_every_story_opens(handlers, service, page):
    for example in service.examples:
        document = value_of(handlers.open_example(example.name, page.id))
        assert document["title"] == example.title and document["segments"]


def test_an_export_tells_how_far_it_is(handlers, service, page):
    finish(service.generate(page, page.document))
    told = list(handlers.export(page.id, "gif", 32.0, "smooth", 0, False))
    assert told[-1][0].endswith(".gif") and Path(told[-1][0]).stat().st_size
    assert "Writing" in told[0][1] and "Exported" in told[-1][1]


def test_of_two_exports_of_a_page_the_last_one_counts(handlers, service, page):
    finish(service.generate(page, page.document))
    first = handlers.export(page.id, "gif", 32, "smooth", 0, False)
    assert "Writing" in next(first)[1]
    second = list(handlers.export(page.id, "gif", 32, "smooth", 0, False))
    assert [file for file, _ in first] == [None], "it ends, and no file of it reaches the page"
    folders = [path.parent for path in page.session.folder.rglob("*.gif")]
    assert folders == [Path(second[-1][0]).parent]


def test_an_export_that_cannot_be_made_says_why(handlers, page, toasts):
    assert list(handlers.export(page.id, "gif", 32, "smooth", 0, False))[-1] == (None, "")
    assert "Press Generate first" in toasts[0]


def test_what_was_shown_last_is_shown_again_though_the_document_has_changed(handlers, service, page):
    finish(service.generate(page, page.document))
    edited = changed(page.document, 0, prompt="something else")
    page_id, _, _ = handlers.open_page(edited, page.session.token)
    again = service.find_page(page_id)
    assert len(service.finished_clips(again)) == 3 and again.document == edited
