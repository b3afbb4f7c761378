from __future__ import annotations

import threading

import pytest

from demo.jobs import BusyError, Job, JobQueue
from tests.demo.conftest import story


def job(session: str = "me", keys: int = 2) -> Job:
    return Job(session, "a film", story("a"), [], frozenset(str(i) for i in range(keys)))


@pytest.fixture
def queue() -> JobQueue:
    return JobQueue(max_waiting=4)


def test_jobs_are_made_in_the_order_in_which_they_came(queue: JobQueue) -> None:
    first, second = job(), job("you")
    queue.add(first)
    queue.add(second)
    assert queue.take() is first and first.state == "running"
    assert queue.before(second) == 1
    queue.end(first, "finished")
    assert queue.take() is second and queue.before(second) == 0


def test_a_session_moves_its_own_jobs_only_among_themselves(queue: JobQueue) -> None:
    mine, other, mine_too = job(), job("you"), job()
    for each in (mine, other, mine_too):
        queue.add(each)
    queue.move(mine_too, -1)
    assert [queue.take() for _ in range(3)] == [mine_too, other, mine]
    queue.move(other, -1)  # at work by now
    assert queue.of("you") == [other]


def test_a_paused_job_lets_others_pass_and_goes_on_where_it_was(queue: JobQueue) -> None:
    first, second = job(), job()
    queue.add(first)
    queue.add(second)
    assert queue.take() is first
    queue.pause(first)
    queue.rest(first)
    assert queue.take() is second
    queue.resume(first)
    assert queue.take() is first and not first.ended


def test_a_job_that_waits_can_be_stopped(queue: JobQueue) -> None:
    only = job()
    queue.add(only)
    queue.stop(only)
    assert only.state == "stopped" and queue.of("me") == []


def test_a_running_job_stays_in_the_list_until_the_worker_lets_go(queue: JobQueue) -> None:
    only = job()
    queue.add(only)
    queue.take()
    queue.stop(only)
    assert only.state == "stopped" and queue.of("me") == [only]
    queue.end(only, "finished")  # too late
    assert only.state == "stopped" and queue.of("me") == []


def test_jobs_are_found_by_their_own_session_alone(queue: JobQueue) -> None:
    only = job()
    queue.add(only)
    assert queue.find(only.id, "me") is only
    assert queue.find(only.id, "you") is None and queue.find(None, "me") is None


def test_a_full_queue_says_so(queue: JobQueue) -> None:
    for _ in range(5):
        queue.add(job())
    with pytest.raises(BusyError, match="5 films are waiting already"):
        queue.add(job())


def test_closing_lets_a_waiting_worker_go(queue: JobQueue) -> None:
    taken: list[object] = []
    worker = threading.Thread(target=lambda: taken.append(queue.take()))
    worker.start()
    queue.close()
    worker.join(5)
    assert taken == [None]


def test_progress_counts_clips_and_the_part_of_the_one_at_work(queue: JobQueue) -> None:
    only = job(keys=4)
    only.made, only.part = 1, 0.5
    assert only.progress == pytest.approx(0.375) and only.remaining == 0.0
    assert job().remaining is None
