from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from demo.job import Job
from demo.service import BusyError, GenerationService
from demo.settings import AppSettings
from phenaki import ConfigError, MediaError, Project, Segment, Timeline, TimelineError, read_project

STORY = Timeline((Segment("a fox walks", 2.125), Segment("it jumps", 0.75), Segment("it spins", 0.75)), seed=3)


def submit(service: GenerationService, timeline: Timeline = STORY) -> Job:
    return service.submit(Project(timeline), [f"s{i}" for i in range(len(timeline.segments))])


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def finish(job: Job) -> None:
    wait_until(lambda: job.ended)


def test_a_job_makes_every_clip_and_tells_where_it_lies(service):
    job = submit(service)
    finish(job)
    now = job.snapshot()
    assert now.state == "finished" and now.progress == 1.0
    assert [(c.segment, c.start_frame, c.num_frames) for c in now.clips] == [
        (0, 0, 11),
        (0, 11, 6),
        (1, 17, 6),
        (2, 23, 6),
    ]
    assert all(c.movie.stat().st_size and c.thumbnail.stat().st_size for c in now.clips)
    assert [s.seed for s in now.segments] == [3, 3 + 7919, 3 + 2 * 7919]


def test_frames_are_kept_as_the_model_made_them(service):
    job = submit(service)
    finish(job)
    frames = np.concatenate(list(job.frames()))
    assert frames.shape == (29, 16, 16, 3)
    assert frames[0, 0, 0, 0] == 20 and frames[11, 0, 0, 0] == 32 and frames[-1, 0, 0, 0] == 56


def test_a_clip_can_be_watched_before_the_next_is_made(service, model):
    model.hold()
    job = submit(service)
    model.release(1)
    wait_until(lambda: len(job.snapshot().clips) == 1)
    now = job.snapshot()
    assert now.state == "running" and now.clips[0].movie.exists() and 0.2 < now.progress < 0.5
    assert [s.state for s in now.segments] == ["running", "waiting", "waiting"]
    model.release(9)
    finish(job)


def test_stop_keeps_finished_clips_and_they_can_be_exported(service, model, tmp_path):
    model.hold()
    job = submit(service)
    model.release(2)
    wait_until(lambda: len(job.snapshot().clips) == 2)
    service.stop(job.id)
    finish(job)
    now = job.snapshot()
    assert now.state == "stopped" and len(now.clips) == 2 and model.closed.is_set()
    assert all(s.state != "running" for s in now.segments)
    path = service.export(job, "film")
    assert read_project(path) == job.project


def test_a_waiting_job_can_be_stopped(service, model):
    model.hold()
    first, second = submit(service), submit(service)
    wait_until(lambda: first.snapshot().state == "running")
    assert second.snapshot().state == "waiting" and service.jobs_before(second) == 1
    service.stop(second.id)
    assert second.snapshot().state == "stopped"
    model.release(9)
    finish(first)
    third = submit(service)
    model.release(9)
    finish(third)
    assert third.snapshot().state == "finished" and second.snapshot().state == "stopped"


def test_jobs_come_one_after_the_other(service):
    jobs = [submit(service) for _ in range(3)]
    for job in jobs:
        finish(job)
    assert all(job.snapshot().state == "finished" for job in jobs)


def test_an_unforeseen_error_keeps_the_clips_is_logged_and_does_not_end_the_service(service, model, caplog):
    model.fail_at_clip = 2
    with caplog.at_level(logging.ERROR):
        job = submit(service)
        finish(job)
    now = job.snapshot()
    assert now.state == "failed" and len(now.clips) == 2
    assert "cheese" not in now.message and job.id[:8] in now.message
    assert "cheese" in caplog.text and job.id in caplog.text
    model.fail_at_clip = None
    again = submit(service)
    finish(again)
    assert again.snapshot().state == "finished"


def test_what_the_model_refuses_makes_no_job(service):
    with pytest.raises(TimelineError, match="nearest"):
        submit(service, Timeline((Segment("a fox", 2.0),)))
    assert list(service.folder.iterdir()) == []


def test_too_many_waiting_films_are_refused(model, settings):
    model.hold()
    few = AppSettings(examples=settings.examples, max_jobs_waiting=1, clip_size=32)
    with GenerationService(model, few) as service:
        submit(service)
        submit(service)
        with pytest.raises(BusyError, match="waiting"):
            submit(service)


def test_nothing_to_export_is_said(service, model):
    model.hold()
    job = submit(service)
    with pytest.raises(MediaError, match="nothing to export"):
        service.export(job, "film")


def test_old_films_are_removed_and_watched_ones_stay(service, monkeypatch):
    old, watched = submit(service), submit(service)
    finish(watched)
    later = time.monotonic() + 13 * 3600
    monkeypatch.setattr(time, "monotonic", lambda: later)
    watched.snapshot()
    new = submit(service)
    assert service.find(old.id) is None and not old.folder.exists()
    assert service.find(watched.id) is watched and watched.folder.exists()
    assert service.find(new.id) is new


def test_closing_removes_every_file(model, settings):
    with GenerationService(model, settings) as service:
        finish(submit(service))
        folder = service.folder
        assert folder.exists()
    assert not folder.exists()
    service.close()


def test_closing_ends_a_running_job(model, settings):
    model.hold()
    with GenerationService(model, settings) as service:
        job = submit(service)
        wait_until(lambda: job.snapshot().state == "running")
    assert job.snapshot().state == "stopped"


def test_folder_names_cannot_be_guessed(service):
    a, b = submit(service), submit(service)
    assert a.folder.parent == b.folder.parent == service.folder
    assert len(a.folder.name) >= 20 and a.folder.name != b.folder.name


def test_an_unknown_job_is_nobody(service):
    assert service.find("../../etc") is None and service.find(None) is None and service.find({"a": 1}) is None
    service.stop("nobody")


@pytest.mark.parametrize(
    ("option", "value"),
    [("port", 70000), ("clip_size", 31), ("export_size", 8), ("max_job_hours", 0), ("max_jobs_waiting", 0)],
)
def test_settings_that_make_no_sense_are_refused(option, value):
    with pytest.raises(ConfigError):
        AppSettings(**{option: value})


def test_the_real_model_fits(tiny, settings):
    with GenerationService(tiny, settings) as service:
        timeline = Timeline((Segment("a fox walks", 1.0), Segment("it jumps", 0.5))).fit(tiny.clip)
        job = submit(service, timeline)
        finish(job)
        assert job.snapshot().state == "finished", job.snapshot().message
        assert (
            sum(len(f) for f in job.frames())
            == timeline.plan(tiny.clip)[-1].start_frame + timeline.plan(tiny.clip)[-1].num_frames
        )
        assert isinstance(service.export(job, "film"), Path)
