"""Films that are to be made: one list for the whole server, worked through from the front.

Jobs belong to the server, not to a page: a page that closes or reloads only stops watching.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from demo.document import Document
from phenaki import PhenakiError, PlannedClip

JobState = Literal["waiting", "running", "paused", "finished", "stopped", "failed"]
ENDED: tuple[JobState, ...] = ("finished", "stopped", "failed")


class BusyError(PhenakiError):
    """Too many films are waiting already."""


@dataclass(eq=False)
class Job:
    """A document, and the clips that it needs.

    ``plans`` is one plan for a film, or one for each take of a segment that is to be varied.
    """

    session: str  # token of the session that asked for it
    title: str
    document: Document
    plans: Sequence[Sequence[PlannedClip]]
    keys: frozenset[str]  # clips that were missing when it was handed in
    varies: str | None = None  # id of the segment that is varied
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    state: JobState = "waiting"
    message: str = ""  # what went wrong, for a screen
    made: int = 0  # clips that this job has finished
    total: int = 0  # clips that it has to make
    clip: str | None = None  # key of the clip at work
    part: float = 0.0  # of that clip, 0 to 1
    worked: float = 0.0  # seconds of sampling in earlier stretches
    since: float | None = None  # when the stretch that is running began

    def __post_init__(self) -> None:
        self.total = len(self.keys)

    @property
    def ended(self) -> bool:
        """Nothing more will be made."""
        return self.state in ENDED

    @property
    def elapsed(self) -> float:
        """Seconds of sampling so far."""
        return self.worked + (0.0 if self.since is None else time.monotonic() - self.since)

    @property
    def progress(self) -> float:
        """Part of its clips that is made, 0 to 1."""
        return min(1.0, (self.made + self.part) / max(1, self.total))

    @property
    def remaining(self) -> float | None:
        """Expected seconds of sampling still to come; None before there is anything to judge by."""
        if self.progress < 0.02:
            return None
        return self.elapsed * (1 - self.progress) / self.progress


class JobQueue:
    """The jobs that are not ended, in the order in which they will be made. All methods may be called by any thread."""

    def __init__(self, max_waiting: int) -> None:
        self._max_waiting = max_waiting
        self._jobs: list[Job] = []
        self._changed = threading.Condition()
        self._closed = False

    def add(self, job: Job) -> None:
        """Put a job at the end.

        Raises:
            BusyError: too many are waiting.
        """
        with self._changed:
            if len(self._jobs) > self._max_waiting:
                raise BusyError(f"{len(self._jobs)} films are waiting already. Try again when one of them is finished.")
            self._jobs.append(job)
            self._changed.notify_all()

    def take(self) -> Job | None:
        """Wait for a job that may run, and mark it as running; None when the queue is closed."""
        with self._changed:
            while not self._closed:
                job = next((job for job in self._jobs if job.state == "waiting"), None)
                if job is not None:
                    job.state, job.since = "running", time.monotonic()
                    return job
                self._changed.wait()
        return None

    def rest(self, job: Job) -> None:
        """The worker lets go of a job that was paused or stopped."""
        with self._changed:
            self._stop_clock(job)
            if job.ended:
                self._remove(job)

    def end(self, job: Job, state: JobState, message: str = "") -> None:
        """Nothing more will be made."""
        with self._changed:
            if not job.ended:
                job.state, job.message = state, message
            self._stop_clock(job)
            self._remove(job)

    def find(self, job_id: object, session: str) -> Job | None:
        """The job with this id, if it is waiting or at work and was asked for by this session."""
        with self._changed:
            return next((job for job in self._jobs if job.id == job_id and job.session == session), None)

    def of(self, session: str) -> list[Job]:
        """The jobs of one session, in order."""
        with self._changed:
            return [job for job in self._jobs if job.session == session]

    def sessions(self) -> set[str]:
        """Tokens of all sessions that wait for something."""
        with self._changed:
            return {job.session for job in self._jobs}

    def before(self, job: Job) -> int:
        """How many jobs come before this one."""
        with self._changed:
            return self._jobs.index(job) if job in self._jobs else 0

    def pause(self, job: Job) -> None:
        """Let a job rest; the clip at work is given up, finished ones are kept."""
        self._turn(job, ("waiting", "running"), "paused")

    def resume(self, job: Job) -> None:
        """Let a paused job go on."""
        self._turn(job, ("paused",), "waiting")

    def stop(self, job: Job) -> None:
        """End a job; its finished clips are kept."""
        with self._changed:
            running = job.state == "running"
            if not job.ended:
                job.state = "stopped"
            if not running:
                self._remove(job)
            self._changed.notify_all()

    def move(self, job: Job, by: int) -> None:
        """Let a waiting job change places with the next (+1) or previous (-1) waiting one of the same session."""
        with self._changed:
            mine = [j for j in self._jobs if j.session == job.session and j.state in ("waiting", "paused")]
            if job not in mine or not 0 <= mine.index(job) + by < len(mine):
                return
            other = mine[mine.index(job) + by]
            a, b = self._jobs.index(job), self._jobs.index(other)
            self._jobs[a], self._jobs[b] = other, job

    def close(self) -> None:
        """Stop everything, and let ``take`` return None."""
        with self._changed:
            self._closed = True
            for job in self._jobs:
                if not job.ended:
                    job.state = "stopped"
            self._changed.notify_all()

    def _turn(self, job: Job, states: tuple[JobState, ...], state: JobState) -> None:
        with self._changed:
            if job.state in states:
                job.state = state
            self._changed.notify_all()

    def _remove(self, job: Job) -> None:
        if job in self._jobs:
            self._jobs.remove(job)

    @staticmethod
    def _stop_clock(job: Job) -> None:
        job.worked, job.since = job.elapsed, None
        job.clip, job.part = None, 0.0
