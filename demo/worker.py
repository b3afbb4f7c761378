"""The thread that samples: it takes jobs from the queue and fills the stores with clips.

Nothing else samples; exports enlarge pictures beside it (``GenerationService.enlarge``).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing

import numpy as np

from demo.jobs import Job, JobQueue
from demo.pace import Pace
from demo.preview import Previews
from demo.session import Session
from demo.store import ClipStore, Enlarge
from phenaki import FramesReady, Phenaki, PhenakiError, PlannedClip, clips_to_make, write_clip

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.12  # at most one progress message in this time; clips are always told at once


class Worker:
    """Makes the clips of waiting jobs, one after the other.

    Args:
        model: what makes them.
        queue: where jobs come from.
        find_session: session by token.
        clip_size: pixels on a side of the movies.
        enlarge: makes larger pictures out of the model's frames.
    """

    def __init__(
        self, model: Phenaki, queue: JobQueue, find_session: Callable[[str], Session | None], clip_size: int,
        enlarge: Enlarge,
    ) -> None:  # fmt: skip
        self.model, self.queue, self._find_session = model, queue, find_session
        self.clip_size, self.enlarge = clip_size, enlarge
        self.pace = Pace()
        self.previews = Previews()
        self.ended = threading.Event()  # waiting for it is safe from interrupts, which in Python 3.11 a join is not
        self._thread = threading.Thread(target=self._work, name="phenaki-worker", daemon=True)
        self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(timeout)

    def _work(self) -> None:
        try:
            self._do_jobs()
        finally:
            self.ended.set()

    def _do_jobs(self) -> None:
        while (job := self.queue.take()) is not None:
            session = self._find_session(job.session)
            if session is None:
                self.queue.end(job, "stopped")
                continue
            session.change()
            try:
                self._make_clips(job, session)
                if job.state == "running":
                    self.queue.end(job, "finished")
                else:
                    self.queue.rest(job)
            except PhenakiError as error:
                self.queue.end(job, "failed", str(error))
            except Exception:
                # The thread must outlive any surprise, or every later film would wait forever.
                logger.exception("Job %s failed.", job.id)
                self.queue.end(
                    job, "failed", f"Something went wrong in the app. The log tells more under job {job.id}."
                )
            session.preview = {}
            if job.ended:
                session.last_job = job
            session.change()

    def _make_clips(self, job: Job, session: Session) -> None:
        # a film before this one may have made some of its clips
        missing = {plan[i].key for plan in job.plans for i in clips_to_make(plan, session.store.__contains__)}
        job.total = job.made + len(missing)
        for plan in job.plans:
            for index in clips_to_make(plan, session.store.__contains__):
                clip = plan[index]
                if clip.key in session.store:  # another take needed it, too
                    continue
                made = self._sample(job, session, clip, end_of_parent(plan, index, session.store))
                if made is None:
                    return
                session.store.add(clip.key, made, self.clip_size, self.enlarge)
                job.made, job.part = job.made + 1, 0.0
                job.total = max(job.total, job.made)  # a clip that was removed meanwhile had to be made again
                session.preview = {}
                session.change()
            if job.varies is not None:
                self._write_take(plan, session)

    def _write_take(self, plan: Sequence[PlannedClip], session: Session) -> None:
        """One movie of all clips of the plan's last segment, named after the last of them."""
        clips = [clip for clip in plan if clip.shown and clip.segment == plan[-1].segment]
        path = session.store.take(clips[-1].key)
        if not path.exists():
            frames = [files.read() for files in map(session.store.find, [clip.key for clip in clips]) if files]
            write_clip(self.enlarge(np.concatenate(frames)), path, self.model.clip.fps, size=self.clip_size)
            session.change()

    def _sample(
        self, job: Job, session: Session, clip: PlannedClip, prime_token_ids: np.ndarray | None
    ) -> FramesReady | None:
        """The clip, or None when the job was paused or stopped."""
        job.clip, job.part = clip.key, 0.0
        session.change()
        begun = ticked = time.monotonic()
        self.previews.begin()
        made = None
        with closing(self.model.sample_clip(clip, prime_token_ids)) as events:  # type: ignore[type-var]
            for event in events:
                if job.state != "running":
                    return None
                now = time.monotonic()
                if isinstance(event, FramesReady):
                    made = event
                    continue
                job.part = event.step / event.num_steps
                if event.step < event.num_steps and self.previews.due():
                    session.preview = self.previews.draw(event, clip, self.model.clip.fps)
                if now - ticked > TICK_SECONDS:
                    ticked = now
                    session.ticks += 1
        if clip.footage is None:
            self.pace.record(clip.sampling.num_inference_steps, time.monotonic() - begun)
        return made


def end_of_parent(plan: Sequence[PlannedClip], index: int, store: ClipStore) -> np.ndarray | None:
    """What a clip goes on from: the end of the clip before it; None where it begins a shot."""
    parent = plan[index].parent
    if parent is None:
        return None
    files = store.find(plan[parent].key)
    if files is None:
        raise PhenakiError("A clip that this film goes on from was removed. Press Generate again.")
    return files.read_end()
