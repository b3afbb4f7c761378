from __future__ import annotations

import base64
import logging
import os
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.document import Document
from demo.page import Page
from demo.service import GenerationService
from demo.session import Sessions
from phenaki import ConfigError, ExportConfig, MediaError, TimelineError, read_project
from tests.demo.conftest import FakeModel, finish, story, wait_until


def prompts(model: FakeModel) -> list[str]:
    """Prompts of the clips that were made, in order; forgotten afterwards."""
    made = [clip.prompt for clip in model.made]
    model.made.clear()
    return made


def changed(document: Document, index: int, **changes: object) -> Document:
    rows = list(document["segments"])
    rows[index] = rows[index] | changes
    return document | {"segments": rows}


def test_every_clip_is_made_and_kept(service, page, model):
    finish(service.generate(page, page.document))
    assert prompts(model) == ["a fox walks", "it jumps", "it spins"]
    assert len(service.finished_clips(page)) == 3
    assert all(page.session.store.find(clip.key) for clip in page.plan)


def test_only_what_an_edit_changes_is_made_again(service, page, model):
    document = page.document
    finish(service.generate(page, document))
    prompts(model)
    finish(service.generate(page, changed(document, 1, prompt="it sleeps")))
    assert prompts(model) == ["it sleeps", "it spins"]
    finish(service.generate(page, changed(document, 2, seed=99)))
    assert prompts(model) == ["it spins"]


def test_an_edit_that_is_taken_back_costs_nothing(service, page, model):
    document = page.document
    finish(service.generate(page, document))
    finish(service.generate(page, changed(document, 0, prompt="a cat walks")))
    prompts(model)
    assert service.generate(page, document) is None
    assert prompts(model) == [] and page.notice.state == "finished"


def test_a_segment_alone_is_made_again_and_its_neighbour_keeps_its_pixels(service, page, model):
    document = page.document
    finish(service.generate(page, document))
    before = {clip.segment: clip.key for clip in page.plan}
    prompts(model)
    again = changed(changed(document, 1, seed=77), 2, behind=document["segments"][1])
    finish(service.generate(page, again))
    assert prompts(model) == ["it jumps"]
    after = {clip.segment: clip.key for clip in page.plan if clip.shown}
    assert after[2] == before[2] and after[1] != before[1]


def test_a_split_changes_no_pixel(service, page, model):
    whole = story("a fox walks", clips=3)
    finish(service.generate(page, whole))
    prompts(model)
    first = whole["segments"][0]
    parts = [first | {"clips": 1}, first | {"id": "new", "clips": 2, "first_clip": 1}]
    assert service.generate(page, whole | {"segments": parts}) is None


def test_a_second_generate_waits_behind_the_first(service, page, model):
    model.hold()
    first = service.generate(page, page.document)
    second = service.generate(page, changed(page.document, 2, prompt="it sleeps"))
    assert service.jobs(page) == [first, second] and service.queue.before(second) == 1
    assert service.generate(page, page.document) is None  # it is coming already
    model.release(10)
    finish(first)
    finish(second)
    assert prompts(model) == ["a fox walks", "it jumps", "it spins", "it sleeps"]
    assert second.made == second.total == 1, "what the first one made is no part of it"


def test_stopping_keeps_what_is_finished(service, page, model):
    model.hold()
    job = service.generate(page, page.document)
    model.release(1)
    wait_until(lambda: len(service.finished_clips(page)) == 1)
    service.stop(page, job)
    finish(job)
    wait_until(lambda: service.jobs(page) == [])
    assert job.state == "stopped" and len(service.finished_clips(page)) == 1
    model.release(10)
    prompts(model)
    finish(service.generate(page, page.document))
    assert prompts(model) == ["it jumps", "it spins"]


def test_a_paused_job_goes_on_where_it_was(service, page, model):
    model.hold()
    job = service.generate(page, page.document)
    model.release(1)
    wait_until(lambda: job.made == 1)
    service.queue.pause(job)
    wait_until(lambda: job.clip is None)
    model.release(10)
    other = service.generate(page, story("a robot walks"))
    finish(other)
    assert job.state == "paused"
    service.queue.resume(job)
    finish(job)
    assert prompts(model) == ["a fox walks", "a robot walks", "it jumps", "it spins"]


def test_takes_of_a_segment_differ_and_the_chosen_one_is_there_at_once(service, page, model):
    document = page.document
    finish(service.generate(page, document))
    prompts(model)
    job = service.vary(page, document, "s1")
    finish(job)
    takes = page.takes
    assert takes.seeds[0] == 11 and len(set(takes.seeds)) == 4
    assert prompts(model) == ["it jumps"] * 3  # the first is the one that was there
    movies = {page.session.store.take(keys[-1]) for keys in takes.keys}
    assert len(movies) == 4 and all(movie.is_file() for movie in movies)
    finish(service.generate(page, changed(document, 1, seed=takes.seeds[2])))
    assert prompts(model) == ["it spins"]


def test_varying_can_be_given_up(service, page, model):
    model.hold()
    job = service.vary(page, page.document, "s0")
    service.stop_varying(page)
    wait_until(lambda: service.jobs(page) == [])
    assert job.state == "stopped" and page.takes is None
    with pytest.raises(ConfigError, match="is gone"):
        service.vary(page, page.document, "nowhere")


@pytest.mark.parametrize(("index", "stay"), [(0, False), (1, False), (2, True)])
def test_takes_that_an_edit_made_wrong_are_put_away(service, page, model, index, stay):
    model.hold()
    job = service.vary(page, page.document, "s1")
    service.survey(page, changed(page.document, 1, seed=page.takes.seeds[2]))
    assert page.takes is not None, "one was picked"
    service.survey(page, changed(page.document, index, prompt="it sleeps"))
    assert (page.takes is not None) == stay and job.ended != stay
    service.survey(page, story("a robot walks"))
    assert page.takes is None and job.ended


def test_a_document_and_its_plan_change_together(service, page, monkeypatch):
    plan, seen = service.plan, []

    def look_and_plan(document: Document):
        seen.append((len(page.document["segments"]), len(page.plan)))  # as another thread does
        return plan(document)

    monkeypatch.setattr(service, "plan", look_and_plan)
    service.survey(page, story("a robot walks"))
    assert seen == [(3, 3)] and len(page.document["segments"]) == len(page.plan) == 1


def test_a_draft_with_an_empty_prompt_still_knows_its_finished_segments(service, page):
    finish(service.generate(page, page.document))
    service.survey(page, changed(page.document, 2, prompt=" "))
    made = [clip.key in page.session.store for clip in page.plan]
    assert made == [True, True, False]
    with pytest.raises(TimelineError, match="empty prompt"):
        service.generate(page, page.document)


def test_a_surprise_in_one_job_does_not_end_the_worker(service, page, model, caplog):
    model.fail_at_clip = 1
    with caplog.at_level(logging.CRITICAL):
        job = service.generate(page, page.document)
        finish(job)
    assert job.state == "failed" and job.id in job.message and "cheese" not in job.message
    model.fail_at_clip = None
    finish(service.generate(page, page.document))
    assert len(service.finished_clips(page)) == 3


def test_films_outlive_the_server(model, settings):
    with GenerationService(model, settings) as service:
        page = service.open_page(service.sessions.open(), story("a fox walks", "it jumps"))
        finish(service.generate(page, page.document))
        token = page.session.token
    prompts(model)
    with GenerationService(model, settings) as service:
        page = service.open_page(service.sessions.open(token), story("a fox walks", "it jumps"))
        assert len(service.finished_clips(page)) == 2
        assert service.generate(page, page.document) is None and prompts(model) == []


def test_an_export_carries_the_project_that_makes_the_film_again(service, page, model):
    finish(service.generate(page, page.document | {"title": "My Fox!"}))
    path, progress = service.export(page, ExportConfig("mp4", 32))
    parts = list(progress)
    assert parts == sorted(parts) and parts[-1] == 1.0
    assert path.name == "my-fox.mp4"
    project = read_project(path)
    assert [s.prompt for s in project.timeline.segments] == ["a fox walks", "it jumps", "it spins"]
    assert service.model.plan(project.timeline, project.sampling)[-1].key == page.plan[-1].key


def test_an_export_of_nothing_says_what_to_do(service, page):
    with pytest.raises(MediaError, match="Press Generate first"):
        service.export(page, ExportConfig())


def test_a_film_may_begin_with_a_video(service, page, model, tmp_path: Path):
    from phenaki import write_clip

    frames = np.full((8, 64, 64, 3), 120, np.uint8)
    write_clip(frames, tmp_path / "mine.mp4", 8, size=64)
    footage = service.read_footage(str(tmp_path / "mine.mp4"))
    assert footage["num_frames"] == 8
    kind, poster = footage["poster"].split(",")
    assert kind == "data:image/webp;base64" and Image.open(BytesIO(base64.b64decode(poster))).size == (96, 96)
    finish(service.generate(page, story("it jumps") | {"footage": footage}))
    clips = service.finished_clips(page)
    assert [clip.num_frames for clip in clips] == [8, 6] and prompts(model) == ["it jumps"]
    with pytest.raises(MediaError, match="no longer here"):
        service.generate(page, story("it jumps") | {"footage": footage | {"id": "0" * 64}})
    write_clip(frames[:4], tmp_path / "short.mp4", 8, size=64)
    with pytest.raises(MediaError, match="s, which is too short to go on from"):
        service.read_footage(str(tmp_path / "short.mp4"))


def test_the_clips_of_a_film_that_is_in_use_are_the_last_to_go(service, page):
    finish(service.generate(page, page.document))
    files = {clip.key: page.session.store.folder / f"{clip.key}.npz" for clip in page.plan}
    for path in files.values():
        os.utime(path, (1000, 1000))
    service.open_page(page.session, page.document)
    assert all(path.stat().st_mtime > 1000 for path in files.values())


def test_a_page_that_is_gone_leaves_its_jobs(service, page, model):
    model.hold()
    job = service.generate(page, page.document)
    service.close_page(page)
    assert service.find_page(page.id) is None
    model.release(10)
    finish(job)
    assert job.state == "finished" and page.session.last_job is job


def test_pages_of_one_session_share_jobs_and_clips_but_not_documents(service, page: Page):
    other = service.open_page(page.session, story("a robot walks"))
    finish(service.generate(page, page.document))
    assert other.shown is None
    service.survey(other, page.document)
    assert len(service.finished_clips(other)) == 3


def test_exports_and_the_worker_enlarge_one_after_the_other(service, model, monkeypatch):
    inside, go_on, together = [], threading.Event(), []

    def enlarge(frames: np.ndarray) -> np.ndarray:
        inside.append(frames)
        together.append(len(inside))
        go_on.wait(20)
        return inside.pop()

    monkeypatch.setattr(model, "enlarge", enlarge)
    threads = [threading.Thread(target=service.enlarge, args=(np.zeros(1, np.uint8),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    threads[0].join(0.1)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert together == [1, 1]


def test_cleaning_goes_on_after_a_file_has_vanished_under_it(model, settings, monkeypatch):
    times = []

    def clean(self: Sessions, busy: set[str]) -> None:
        times.append(busy)
        raise FileNotFoundError("clip.part")

    monkeypatch.setattr(Sessions, "clean", clean)
    monkeypatch.setattr("demo.service.CLEANING_SECONDS", 0.01)
    with GenerationService(model, settings):
        wait_until(lambda: len(times) > 2)
