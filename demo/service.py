"""What the app can do, called by handlers and endpoints: plan documents, make films, vary segments, export."""

from __future__ import annotations

import atexit
import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, takewhile
from pathlib import Path

import numpy as np

from demo.document import Document, draw_seed, read_document, to_project
from demo.examples import Example, load_examples, shipped_clips
from demo.footage import FootageStore
from demo.jobs import Job, JobQueue
from demo.page import Draft, Page, Plan, Takes
from demo.session import DAY, Session, Sessions
from demo.settings import AppSettings
from demo.store import ClipStore
from demo.worker import Worker
from phenaki import (
    Caption,
    ConfigError,
    ExportConfig,
    MediaError,
    Phenaki,
    PhenakiError,
    Project,
    clips_to_make,
    export_film,
    pack_frames,
    read_footage,
)

logger = logging.getLogger(__name__)

MEGABYTE = 2**20
CLEANING_SECONDS = 3600.0
NUM_TAKES = 4
PLACEHOLDER = "…"  # stands for a prompt that is still empty while a document is surveyed


class GenerationService:
    """One model, its worker thread, all sessions and the pages that are open.

    Use as a context manager, or call ``close``: it stops the threads. Films stay on disk for the next start.
    """

    def __init__(self, model: Phenaki, settings: AppSettings) -> None:
        self.model = model
        self.settings = settings
        self.folder = settings.data.resolve()
        self.examples: list[Example] = load_examples(settings.examples, model)
        self.sessions = Sessions(
            self.folder / "sessions",
            shipped_clips(self.examples),
            settings.max_session_days,
            settings.max_session_megabytes * MEGABYTE,
            settings.max_total_megabytes * MEGABYTE,
        )
        self.footage = FootageStore(
            self.folder / "footage", settings.max_session_days * DAY, settings.max_footage_megabytes * MEGABYTE
        )
        self._enlarging = threading.Lock()
        self.queue = JobQueue(settings.max_jobs_waiting)
        self.worker = Worker(model, self.queue, self.sessions.find, settings.clip_size, self.enlarge)
        self._pages: dict[str, Page] = {}
        self._closed = threading.Event()
        self._janitor = threading.Thread(target=self._keep_clean, name="phenaki-janitor", daemon=True)
        self._janitor.start()
        atexit.register(self.close)

    def __enter__(self) -> GenerationService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the threads. May be called more than once."""
        atexit.unregister(self.close)
        self._closed.set()
        self.queue.close()
        self.worker.join(timeout=10)

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._closed.is_set()

    def wait_for_ever(self) -> None:
        """Return only when the service is closed, or an interrupt is raised."""
        while not self.worker.ended.wait(timeout=1):
            pass  # a wait without end would not see an interrupt on Windows

    def enlarge(self, frames: np.ndarray) -> np.ndarray:
        """Larger pictures of the model's frames, (f, H, W, 3) uint8 to the same with larger H and W.

        The worker and every export come here, one at a time, so that their memory does not add up.
        """
        if not self.settings.upsampling:
            return frames
        with self._enlarging:
            return self.model.enlarge(frames)

    @property
    def pixels(self) -> int | None:
        """Width of the model's own pictures where clips show these; None where an upsampler made better ones."""
        enlarged = self.settings.upsampling and self.model.upsamples
        return None if enlarged else self.model.config.cvivit.width

    # Pages

    def open_page(self, session: Session, document: Document, film: str | None = None) -> Page:
        """A tab that edits ``document``."""
        page = Page(session, Draft(document))
        page.film = film or page.film
        self._pages[page.id] = page
        self.survey(page, document)
        self._note_use(page)
        return page

    def find_page(self, page_id: object) -> Page | None:
        """The page with this id, if it is open."""
        page = self._pages.get(page_id) if isinstance(page_id, str) else None
        if page is not None:
            page.touched = time.monotonic()
        return page

    def _note_use(self, page: Page) -> None:
        """The clips of the film that a page shows are not to be the next ones to go."""
        for clip in page.shown_plan:
            page.session.store.touch(clip.key)

    def close_page(self, page: Page) -> None:
        """The tab is gone; its jobs go on."""
        self._pages.pop(page.id, None)

    def jobs(self, page: Page) -> list[Job]:
        """Unfinished jobs of the page's session."""
        return self.queue.of(page.session.token)

    # Documents

    def plan(self, document: Document) -> tuple[Project, Plan]:
        """The project of a document and the clips that it is made of.

        Raises:
            PhenakiError: it cannot be made; the message says what to change.
        """
        project = to_project(document, self.model.clip, self.model.config.name, self.footage.read)
        return project, self.model.plan(project.timeline, project.sampling)

    def survey(self, page: Page, value: object) -> None:
        """Take note of what a page edits, finished or not, and show its film where all of it exists.

        Raises:
            TimelineError: this is no document.
        """
        draft = self.plan_draft(read_document(value))
        page.edited = draft
        if draft.plan and all(clip.key in page.session.store for clip in draft.plan if clip.shown):
            page.show(draft)
        if page.takes is not None and not self._still_right(page.takes, draft.document):
            self.stop_varying(page)
        page.revision += 1

    def plan_draft(self, document: Document) -> Draft:
        """A document in which prompts may still be empty, with its plan; with none while something else is wrong."""
        rows = [row if row["prompt"].strip() else row | {"prompt": PLACEHOLDER} for row in document["segments"]]
        try:
            return Draft(document, self.plan(document | {"segments": rows})[1])
        except PhenakiError:
            return Draft(document)

    # Films

    def generate(self, page: Page, value: object) -> Job | None:
        """Make what is missing of a document's film; None where nothing is, or it is being made already.

        Raises:
            PhenakiError: the document cannot be made, or too many films are waiting.
        """
        document = read_document(value)
        _, plan = self.plan(document)
        page.edited = draft = Draft(document, plan)
        page.show(draft)
        self._note_use(page)
        missing = self._missing([plan], page.session)
        if not missing:
            page.say("This film is complete. Change something, or roll a segment again.", "finished")
            return None
        coming = frozenset().union(*(job.keys for job in self.jobs(page)))
        if missing <= coming:
            page.say("This film is being made already.")
            return None
        wanted = [plan[index].prompt for index in self._missing_places(plan, page.session)]
        first = next((prompt for prompt in wanted if prompt), document["segments"][0]["prompt"])
        title = f"{document['title']}: {first}" if document["title"] else first
        return self._submit(Job(page.session.token, title, document, [plan], missing), page)

    def vary(self, page: Page, value: object, segment_id: object) -> Job | None:
        """Make takes of one segment, side by side, with seeds of their own.

        Raises:
            PhenakiError: there is no such segment, or the film cannot be made up to its end.
        """
        document = read_document(value)
        row = document["segments"][_index_of(document, segment_id)]
        seeds = [row["seed"], *(draw_seed() for _ in range(NUM_TAKES - 1))]
        takes = page.takes = self._plan_takes(document, row["id"], seeds)
        page.revision += 1
        title = f"{NUM_TAKES} takes of “{row['prompt']}”"
        missing = self._missing(takes.plans, page.session)
        return self._submit(Job(page.session.token, title, document, takes.plans, missing, varies=row["id"]), page)

    def _plan_takes(self, document: Document, segment_id: str, seeds: list[int]) -> Takes:
        """The takes that these seeds make of a segment, each with the film up to its end."""
        index = _index_of(document, segment_id)
        before, row = document["segments"][:index], document["segments"][index]
        plans = [self.plan(document | {"segments": [*before, row | {"seed": seed}]})[1] for seed in seeds]
        keys = [[c.key for c in plan if c.shown and c.segment == index] for plan in plans]
        return Takes(segment_id, seeds, plans, keys)

    def _still_right(self, takes: Takes, document: Document) -> bool:
        """Whether a document would still get these very clips from the seeds of its takes."""
        try:
            return self._plan_takes(document, takes.segment, takes.seeds).keys == takes.keys
        except PhenakiError:
            return False

    def stop_varying(self, page: Page) -> None:
        """Put the takes away, and make no more of them."""
        takes = page.takes
        for job in self.jobs(page):
            if takes is not None and job.varies == takes.segment:
                self.stop(page, job)
        page.takes = None
        page.revision += 1

    def stop(self, page: Page, job: Job) -> None:
        """End a job at the next refinement step; its finished clips stay."""
        page.hush()
        waiting = job.state != "running"
        self.queue.stop(job)
        if waiting:
            page.session.last_job = job
        page.session.change()

    def _missing(self, plans: list[Plan], session: Session) -> frozenset[str]:
        return frozenset(plan[index].key for plan in plans for index in self._missing_places(plan, session))

    def _missing_places(self, plan: Plan, session: Session) -> list[int]:
        return clips_to_make(plan, session.store.__contains__)

    def _submit(self, job: Job, page: Page) -> Job:
        self.queue.add(job)
        page.hush()
        page.session.last_job = None
        page.session.change()
        return job

    # Files

    def export(self, page: Page, config: ExportConfig) -> tuple[Path, Iterator[float]]:
        """Write the finished clips of the film that a page shows.

        Returns:
            Where the file will be, and an iterator that writes it and tells the part done; leaving it cancels.

        Raises:
            PhenakiError: no clip is finished, or an option does not fit.
        """
        shown, store = page.shown, page.session.store
        clips = [] if shown is None else _finished(shown.plan, store)
        if shown is None or not clips:
            raise MediaError("There is nothing to export yet: no clip is finished. Press Generate first.")
        project, _ = self.plan(shown.document)
        project = replace(project, title=shown.document["title"])
        fps, captions = self.model.clip.fps, []
        for segment, group in groupby(clips, key=lambda clip: clip.segment):
            if segment is not None:
                own = list(group)
                end = (own[-1].start_frame + own[-1].num_frames) / fps
                captions.append(Caption(own[0].start_frame / fps, end, own[0].prompt, own[0].seed))
        path = page.session.new_folder() / f"{file_name(shown.document)}{config.extension}"
        frames = (files.read() for files in map(store.find, [clip.key for clip in clips]) if files)
        count = sum(clip.num_frames for clip in clips)
        progress = export_film(
            frames, path, fps, config, captions=captions, project=project, num_frames=count,
            upscale=self.enlarge if config.enlarge == "smooth" else None,
        )  # fmt: skip
        return path, progress

    def finished_clips(self, page: Page) -> Plan:
        """The clips of the shown film up to the first that is missing."""
        return _finished(page.shown_plan, page.session.store)

    def read_footage(self, path: str) -> Document:
        """Keep a video that a film is to begin with, as the document names it.

        Raises:
            MediaError: it cannot be read, or is too short to go on from.
        """
        size, clip = self.model.config.cvivit, self.model.clip
        frames = read_footage(Path(path), size.height, size.width, clip.fps)
        if len(frames) < clip.prime_frames:
            raise MediaError(
                f"The video lasts {len(frames) / clip.fps:g} s, which is too short to go on from; use one of at least "
                f"{clip.prime_frames / clip.fps:g} s."
            )
        return self.footage.keep(pack_frames(frames))

    def _keep_clean(self) -> None:
        while not self._closed.is_set():
            try:
                self.clean()
            except OSError:
                logger.exception("Cleaning up was cut short; it is tried again in an hour.")
            self._closed.wait(CLEANING_SECONDS)

    def clean(self) -> None:
        """Forget pages that nobody asks for, and remove what is too old or too much."""
        for page in list(self._pages.values()):
            if not page.watched and time.monotonic() - page.touched > DAY:
                self.close_page(page)
        busy = {page.session.token for page in list(self._pages.values())}
        self.sessions.clean(busy | self.queue.sessions())
        self.footage.clean()


def _index_of(document: Document, segment_id: object) -> int:
    for index, row in enumerate(document["segments"]):
        if row["id"] == segment_id:
            return index
    raise ConfigError("The segment to be varied is gone. Select a segment first.")


def _finished(plan: Plan, store: ClipStore) -> Plan:
    """The clips up to the first that is missing."""
    shown = [clip for clip in plan if clip.shown]
    return list(takewhile(lambda clip: clip.key in store, shown))


def file_name(document: Document) -> str:
    """A file name without ending, from the title or the first prompt."""
    text = document["title"] or document["segments"][0]["prompt"]
    words = re.sub(r"\W+", "-", text.lower()).strip("-_")
    return words[:48].strip("-_") or "film"
