from __future__ import annotations

import json

import pytest

from demo import views
from demo.jobs import Job
from demo.page import Page
from demo.service import GenerationService
from tests.demo.conftest import FakeModel, finish, story, wait_until
from tests.demo.test_service import changed


def film(service: GenerationService, page: Page) -> views.View:
    return views.film_view(page, service.jobs(page), service.model.clip)


def states(service: GenerationService, page: Page) -> list[str]:
    run = views.run_view(page, service.jobs(page))
    return [run["segments"][row["id"]]["state"] for row in page.document["segments"]]


def status(service: GenerationService, page: Page) -> str:
    return views.status_view(page, service.jobs(page), service.queue, "here")["text"]


def run_held(service: GenerationService, model: FakeModel, page: Page, document=None, clips: int = 1) -> Job:
    """Start a film, and hold it after so many clips."""
    model.hold()
    job = service.generate(page, document or page.document)
    assert job is not None
    model.release(clips)
    wait_until(lambda: job.made == clips and job.clip is not None and job.clip not in page.session.store)
    return job


def test_a_page_may_draw_the_pixels_of_the_model_where_nothing_better_is_shown(service, model):
    assert service.pixels == model.config.cvivit.width
    model.upsamples = True
    assert service.pixels is None


def test_a_film_grows_clip_by_clip(service, page, model):
    assert film(service, page)["clips"] == [] and not film(service, page)["running"]
    job = run_held(service, model, page)
    view = film(service, page)
    assert view["running"] and view["seconds"] == 23 / 8
    assert [(clip["start"], clip["seconds"], clip["stale"]) for clip in view["clips"]] == [(0, 11 / 8, False)]
    assert [row["prompt"] for row in view["captions"]] == ["a fox walks", "it jumps", "it spins"]
    assert view["captions"][1]["start"] == 11 / 8 and view["captions"][1]["end"] == 17 / 8
    model.release(10)
    finish(job)
    assert len(film(service, page)["clips"]) == 3


def test_old_clips_hold_their_place_until_the_new_ones_come(service, page, model):
    finish(service.generate(page, page.document))
    before = [clip["key"] for clip in film(service, page)["clips"]]
    job = run_held(service, model, page, changed(page.document, 0, prompt="a cat walks"))
    clips = film(service, page)["clips"]
    assert [clip["stale"] for clip in clips] == [False, True, True]
    assert [clip["key"] == old for clip, old in zip(clips, before, strict=True)] == [False, True, True]
    assert all(clip["key"] in clip["url"] for clip in clips)
    service.stop(page, job)
    wait_until(lambda: service.jobs(page) == [])
    assert [clip["stale"] for clip in film(service, page)["clips"]] == [False]


def test_the_film_stays_while_the_document_changes(service, page):
    finish(service.generate(page, page.document))
    service.survey(page, changed(page.document, 1, prompt="it sl"))
    assert len(film(service, page)["clips"]) == 3
    assert states(service, page) == ["done", "stale", "stale"]
    assert views.run_view(page, [])["todo"] == 2


def test_nobody_knows_what_is_left_to_make_of_a_film_that_cannot_be_made(service, page):
    finish(service.generate(page, page.document))
    assert views.run_view(page, [])["todo"] == 0
    service.survey(page, changed(page.document, 1, prompt="x" * 1000))
    assert views.run_view(page, [])["todo"] is None


def test_segments_tell_what_becomes_of_them(service, page, model):
    assert states(service, page) == ["draft", "draft", "draft"]
    job = run_held(service, model, page)
    assert states(service, page) == ["done", "running", "waiting"]
    service.queue.pause(job)
    wait_until(lambda: job.clip is None)
    assert states(service, page) == ["done", "paused", "paused"]
    assert status(service, page) == "Paused after 1 of 3 clips"
    service.queue.resume(job)
    model.release(10)
    finish(job)
    assert states(service, page) == ["done", "done", "done"]


def test_progress_names_only_the_segment_at_work(service, page, model):
    job = run_held(service, model, page, story("a fox walks", "it jumps", clips=2))
    progress = views.progress_view(page, service.jobs(page))
    assert list(progress["segments"]) == ["s0"] and 0.5 <= progress["segments"]["s0"] < 1
    model.release(10)
    finish(job)


def test_a_seam_is_told_with_its_size(service, page):
    document = page.document
    finish(service.generate(page, document))
    again = changed(changed(document, 1, seed=77), 2, behind=document["segments"][1])
    service.survey(page, again)
    seam = views.run_view(page, [])["segments"]["s2"]["seam"]
    assert seam.startswith("A seam: this segment keeps")
    finish(service.generate(page, again))
    run = views.run_view(page, [])
    assert "times as much" in run["segments"]["s2"]["seam"] and run["segments"]["s1"]["seam"] is None
    json.dumps(run)


@pytest.mark.parametrize(("clips", "text"), [(1, "Done: 1 clip in"), (2, "Done: 2 clips in")])
def test_the_status_counts_clips(service, page, clips, text):
    finish(service.generate(page, story("a fox walks", clips=clips)))
    wait_until(lambda: status(service, page).startswith(text))


def test_a_notice_is_shown_for_a_while_before_the_line_of_a_job(service, page, model):
    job = run_held(service, model, page)
    assert service.generate(page, page.document) is None
    assert status(service, page) == "This film is being made already."
    page.notice.until = 0.0  # a while later
    assert status(service, page) == "Making clip 2 of 3"
    page.say("Exported fox.mp4")
    service.stop(page, job)
    assert status(service, page).startswith("Stopped"), "what one asks for is answered at once"
    model.release(10)


def test_a_preview_is_for_pages_that_wait_for_its_clip(service, page, model):
    other = service.open_page(page.session, story("a robot walks"))
    run_held(service, model, page)
    wait_until(lambda: page.session.preview)
    preview = page.session.preview
    assert views.preview_view(page, preview) == preview and views.preview_view(other, preview) == {}
    service.vary(other, other.document, "s0")
    assert views.preview_view(other, {"clip": other.takes.keys[3][0]}) != {}
    model.release(10)


def test_takes_are_shown_as_they_come(service, page, model):
    finish(service.generate(page, page.document))
    model.hold()
    job = service.vary(page, page.document, "s1")
    wait_until(lambda: job.clip is not None)
    options = views.takes_view(page, service.jobs(page))["options"]
    assert [option["state"] for option in options] == ["done", "running", "waiting", "waiting"]
    assert options[0]["movie"] and options[0]["seed"] == 11 and options[1]["movie"] is None
    model.release(10)
    finish(job)
    assert all(option["movie"] for option in views.takes_view(page, [])["options"])


def test_the_queue_tells_what_waits(service, page, model):
    model.hold()
    service.generate(page, page.document)
    service.generate(page, story("a robot walks") | {"title": "Robot"})
    rows = views.jobs_view(service.jobs(page), service.queue, service.worker.pace)["jobs"]
    assert [(row["title"], row["before"], row["total"]) for row in rows] == [
        ("a fox walks", 0, 3),
        ("Robot: a robot walks", 1, 1),
    ]
    model.release(10)
