"""The only file that runs the model: a queue of jobs and the one thread that works through it.

Jobs belong to the server, not to a page: a page that closes or reloads only stops watching.
"""

from __future__ import annotations

import atexit
import logging
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image

from demo.job import ClipFiles, Job
from demo.settings import AppSettings
from phenaki import (
    FramesReady,
    MediaError,
    Phenaki,
    PhenakiError,
    Project,
    SegmentFinished,
    SegmentStarted,
    TokensRefined,
    export_mp4,
    write_clip,
)

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 0.12  # at most one progress message in this time; clips are always told at once
THUMBNAIL_PIXELS = 128
Events = Iterator[SegmentStarted | TokensRefined | FramesReady | SegmentFinished]


class BusyError(PhenakiError):
    """Too many films are waiting already."""


class GenerationService:
    """Takes projects, makes films, keeps them on disk for a while.

    Use as a context manager, or call ``close``: it stops the thread and removes every file.
    """

    def __init__(self, model: Phenaki, settings: AppSettings) -> None:
        self.model = model
        self.settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="phenaki-films-")).resolve()
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[tuple[Job, Events] | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="phenaki-worker", daemon=True)
        self._worker.start()
        atexit.register(self.close)

    def __enter__(self) -> GenerationService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, project: Project, segment_ids: list[str]) -> Job:
        """Put a film in the queue.

        Raises:
            PhenakiError: the model does not accept the project, or too many films are waiting. No job is made then.
        """
        events = iter(self.model.generate(project.timeline, project.sampling, start_image=project.start_image))
        self._remove_old_jobs()
        with self._lock:
            waiting = sum(not job.ended for job in self._jobs.values())
            if waiting > self.settings.max_jobs_waiting:
                raise BusyError(f"{waiting} films are waiting already. Try again when one of them is finished.")
            job = Job(project, segment_ids, self.model.clip, self.folder)
            self._jobs[job.id] = job
            self._waiting.put((job, events))
        return job

    def find(self, job_id: object) -> Job | None:
        """The job with this id, if it is still kept."""
        return self._jobs.get(job_id) if isinstance(job_id, str) else None

    def jobs_before(self, job: Job) -> int:
        """How many unfinished films come before this one."""
        before = 0
        for other in list(self._jobs.values()):
            if other is job:
                return before
            before += not other.ended
        return before

    def stop(self, job_id: object) -> None:
        """End a job at the next refinement step; its finished clips stay."""
        job = self.find(job_id)
        if job is None:
            return
        job.stop_requested.set()
        if job.snapshot().state == "waiting":
            job.end("stopped")

    def export(self, job: Job, name: str) -> Path:
        """Write the finished clips of a job as one MP4 that carries its project.

        Raises:
            MediaError: no clip is finished yet, or the file cannot be written.
        """
        if not job.snapshot().clips:
            raise MediaError("There is nothing to export yet: no clip is finished. Press Generate first.")
        path = job.folder / f"{name}.mp4"
        export_mp4(job.frames(), path, job.fps, job.project, size=self.settings.export_size)
        return path

    def new_folder(self) -> Path:
        """An empty folder for files that are handed to one page; removed with everything else."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def wait_for_ever(self) -> None:
        """Return only when the service is closed, or an interrupt is raised."""
        while self._worker.is_alive():
            self._worker.join(timeout=1)

    def close(self) -> None:
        """Stop the thread and remove all files. May be called more than once."""
        atexit.unregister(self.close)
        for job in list(self._jobs.values()):
            job.stop_requested.set()
        self._waiting.put(None)
        self._worker.join(timeout=10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            job, events = item
            try:
                with closing(events):  # type: ignore[type-var]
                    finished = self._make_film(job, events)
                job.end("finished" if finished else "stopped")
            except PhenakiError as error:
                job.end("failed", str(error))
            except Exception:
                # The thread must outlive any surprise, or every later film would wait forever.
                logger.exception("Job %s failed.", job.id)
                job.end("failed", f"Something went wrong in the app. The log tells more under job {job.id[:8]}.")
            del item, events

    def _make_film(self, job: Job, events: Events) -> bool:
        """Work through the events of one film; False when it was asked to stop."""
        if job.stop_requested.is_set():
            return False
        job.begin()
        told = 0.0
        for event in events:
            if isinstance(event, FramesReady):
                job.add_clip(self._save_clip(job, event))
            elif isinstance(event, SegmentStarted):
                job.update_segment(event.segment, "running")
            elif isinstance(event, SegmentFinished):
                job.update_segment(event.segment, "done")
            elif time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                job.update_segment(event.segment, "running", clip_part=event.step / event.num_steps)
            if job.stop_requested.is_set():
                return False
        return True

    def _save_clip(self, job: Job, event: FramesReady) -> ClipFiles:
        stem = f"{event.start_frame:06d}"
        files = ClipFiles(
            segment=event.segment,
            start_frame=event.start_frame,
            num_frames=len(event.frames),
            movie=job.folder / f"{stem}.mp4",
            frames=job.folder / f"{stem}.npy",
            thumbnail=job.folder / f"{stem}.webp",
        )
        np.save(files.frames, event.frames, allow_pickle=False)
        write_thumbnail(event.frames, files.thumbnail)
        write_clip(event.frames, files.movie, event.fps, size=self.settings.clip_size)
        return files

    def _remove_old_jobs(self) -> None:
        limit = self.settings.max_job_hours * 3600
        with self._lock:
            old = [job for job in self._jobs.values() if job.ended and job.idle_seconds() > limit]
            for job in old:
                del self._jobs[job.id]
        for job in old:
            shutil.rmtree(job.folder, ignore_errors=True)


def write_thumbnail(frames: np.ndarray, path: Path) -> None:
    """A small picture of a clip's middle frame; ``frames`` is (f, H, W, 3) uint8."""
    image = Image.fromarray(frames[len(frames) // 2])
    image.resize((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Image.Resampling.BICUBIC).save(path, quality=85)
