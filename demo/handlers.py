"""From widget values to service calls and back to what the widgets show. Every handler can be called without a browser.

A page hears of everything through one stream, ``watch``; the other handlers change what the server knows and leave.
Those that change the page at once return a value for each of their outputs, in the order that ``app.py`` lists.
"""

from __future__ import annotations

import asyncio
import html
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from demo import views
from demo.document import Document, draw_seed, from_project, new_segment_id, read_document
from demo.jobs import Job
from demo.page import Page
from demo.player.component import update_player
from demo.presets import preset_choices
from demo.service import GenerationService, file_name
from demo.timeline_editor.component import update_editor
from phenaki import ExportConfig, PhenakiError, read_project

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.03
RETRY_SECONDS = 1.0  # after something went wrong with what a page is told
KEPT_BYTES = 3_700_000  # of a document; browsers keep 5 MB, and what they keep of it is a third longer


@dataclass
class Watched:
    """What the stream changes on the page; a field that has nothing new is ``gr.skip()``."""

    player: Any
    editor: Any
    status: Any
    jobs: Any
    pause: Any
    stop: Any
    presets: Any


class Handlers:
    """The app's answers to what a person does."""

    def __init__(self, service: GenerationService, device: str) -> None:
        self.service = service
        self.device = device
        self.shape = service.model.clip

    # The life of a page

    def open_page(self, saved: object, token: object) -> tuple[str, str, Any]:
        """A tab opens: bring back the document that its browser kept. Returns page id, session token, editor."""
        session = self.service.sessions.open(token)
        first = self.service.examples[0]
        document, update, film = first.document, gr.skip(), f"story:{first.name}"
        if isinstance(saved, dict):
            try:
                document = read_document(saved)
                update, film = update_editor(document), None
            except PhenakiError as error:
                logger.warning("What the browser had kept was left out: %s", error)
        page = self.service.open_page(session, document, film)
        shown = session.shown
        if page.shown is None and shown is not None:
            page.remember(self.service.plan_draft(shown))
        return page.id, session.token, update

    async def watch(self, page_id: object) -> AsyncIterator[Watched]:
        """Tell a page whatever is new, for as long as it is open."""
        page = self.service.find_page(page_id)
        if page is None:
            return
        page.watched = True
        try:
            stream = _Stream(self.service, page, self.device)
            while not self.service.closed:
                try:
                    news = stream.news()
                except Exception:
                    # A page that is told nothing any more would go on looking like one that works.
                    logger.exception("A page could not be told what is new; all of it is told again.")
                    stream = _Stream(self.service, page, self.device)
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                if news is None:
                    await asyncio.sleep(POLL_SECONDS)
                else:
                    yield news
        finally:
            self.service.close_page(page)

    def survey(self, document: object, page_id: object) -> None:
        """The document has changed."""
        page = self.service.find_page(page_id)
        if page is not None:
            try:
                self.service.survey(page, document)
            except PhenakiError as error:
                _refuse(page, error)
            large = len(json.dumps(page.document)) > KEPT_BYTES
            if large and not page.is_large:
                page.say("This film is too large for the browser to keep; press Save.", "stopped")
            page.is_large = large

    # Films

    def generate(self, document: object, page_id: object) -> None:
        """Make what is missing."""
        self._try(page_id, lambda page: self.service.generate(page, document))

    def vary(self, document: object, page_id: object, event: gr.EventData) -> None:
        """Make takes of the segment that the event names."""

        def act(page: Page) -> None:
            try:
                self.service.vary(page, document, getattr(event, "segment", None))
            except PhenakiError:
                page.takes, page.refused_takes = None, page.refused_takes + 1
                raise

        self._try(page_id, act)

    def stop_varying(self, page_id: object) -> None:
        """Put the takes away."""
        self._try(page_id, self.service.stop_varying)

    def stop(self, page_id: object) -> None:
        """End the job at work, or the first that waits."""

        def act(page: Page) -> None:
            job = _first_job(self.service, page)
            if job is not None:
                self.service.stop(page, job)

        self._try(page_id, act)

    def pause(self, page_id: object) -> None:
        """Let the job at work rest, or go on."""

        def act(page: Page) -> None:
            job = _first_job(self.service, page)
            if job is not None:
                turn = self.service.queue.resume if job.state == "paused" else self.service.queue.pause
                turn(job)
                page.hush()
                page.session.change()

        self._try(page_id, act)

    def queue_action(self, page_id: object, event: gr.EventData) -> Any:
        """Move, pause, resume, cancel or edit a job of the queue. Returns the editor."""
        page = self.service.find_page(page_id)
        job = page and self.service.queue.find(getattr(event, "job", None), page.session.token)
        if page is None or job is None:
            return gr.skip()
        action, queue = getattr(event, "action", None), self.service.queue
        update = gr.skip()
        if action in ("up", "down"):
            queue.move(job, -1 if action == "up" else 1)
        elif action == "pause":
            queue.pause(job)
        elif action == "resume":
            queue.resume(job)
        elif action == "cancel":
            self.service.stop(page, job)
        elif action == "edit":  # out of the queue and back on the timeline
            self.service.stop(page, job)
            update = update_editor(job.document)
            page.say("Back on the timeline. Generate puts it into the queue again.")
        page.session.change()
        return update

    # Files

    def export(
        self, page_id: object, format_name: str, size: float, enlarge: str, fps: float | None, burn_captions: bool
    ) -> Iterator[tuple[Any, Any]]:
        """Write a file, telling how far it is; an export of the same page that is under way ends without one.

        Yields the file and a line of text.
        """
        page = self.service.find_page(page_id)
        if page is None:
            return
        page.exports += 1
        number = page.exports
        try:
            config = ExportConfig(format_name, int(size), enlarge, fps or None, burn_captions)
            path, progress = self.service.export(page, config)
            for part in progress:
                if page.exports != number:
                    yield None, gr.skip()
                    return
                yield gr.skip(), f"Writing {path.name}: {part:.0%}"
        except PhenakiError as error:
            _refuse(page, error)
            yield None, ""
            return
        page.say(f"Exported {path.name}", "finished")
        yield str(path), f"Exported {path.name} ({path.stat().st_size / 1e6:.1f} MB)"

    def save_project(self, document: object, page_id: object) -> Any:
        """Write the project as JSON. Returns the file."""

        def act(page: Page) -> str:
            checked = read_document(document)
            project, _ = self.service.plan(checked)
            path = page.session.new_folder() / f"{file_name(checked)}.json"
            path.write_text(replace(project, title=checked["title"]).to_json() + "\n", encoding="utf-8")
            page.say(f"Saved {path.name}", "finished")
            return str(path)

        return self._try(page_id, act)

    def open_project(self, path: str, page_id: object) -> Any:
        """Read a project file or a film made here; a file that is neither changes nothing. Returns the editor."""

        def act(page: Page) -> Any:
            project = read_project(Path(path))
            document = from_project(
                project, self.shape, title=project.title or Path(path).stem, keep_footage=self.service.footage.keep
            )
            text = f"Opened a story of {len(document['segments'])} segments."
            if project.timeline != project.timeline.fit(self.shape):
                text += " Lengths were moved to the nearest that this model can make."
            name = self.service.model.config.name
            if project.model != name:
                text += f" It was made with {project.model}; here it will be made with {name}."
            return self._put_on_timeline(page, document, text)

        return self._try(page_id, act, gr.skip())

    def open_example(self, name: str, page_id: object) -> Any:
        """Load an example story, and its film where there is one. Returns the editor."""
        example = next(example for example in self.service.examples if example.name == name)
        return self._try(
            page_id,
            lambda page: self._put_on_timeline(page, example.document, f"“{example.title}” is open."),
            gr.skip(),
        )

    def new_project(self, page_id: object) -> Any:
        """Begin with one empty segment. Returns the editor."""

        def act(page: Page) -> Any:
            row = {"id": new_segment_id(), "prompt": "", "clips": 2, "seed": draw_seed()}
            document = read_document({"title": "", "settings": page.document["settings"], "segments": [row]})
            return self._put_on_timeline(page, document, "A new film. Write what should be seen.")

        return self._try(page_id, act, gr.skip())

    def _put_on_timeline(self, page: Page, document: Document, text: str) -> Any:
        page.show_another_film()
        page.takes = None
        page.say(text)
        self.service.survey(page, document)
        return update_editor(document)

    def _try(self, page_id: object, act: Callable[[Page], Any], otherwise: Any = None) -> Any:
        """What ``act`` returns, or ``otherwise`` when it refuses, which the page then says."""
        page = self.service.find_page(page_id)
        if page is None:
            gr.Warning("This page has lost its connection to the server. Reload it; nothing is lost.")
            return otherwise
        try:
            return act(page)
        except PhenakiError as error:
            _refuse(page, error)
            return otherwise


class _Stream:
    """What a page has been told, so that it is told only what is new."""

    def __init__(self, service: GenerationService, page: Page, device: str) -> None:
        self.service, self.page, self.device = service, page, device
        self._marks: tuple[int, int, bool] | None = None
        self._ticks = -1
        self._preview: object = None
        self._told: dict[str, str] = {}

    def news(self) -> Watched | None:
        """The next message, if there is anything to tell."""
        page, session = self.page, self.page.session
        marks = session.revision, page.revision, page.notice.is_fresh
        ticks, preview = session.ticks, session.preview
        if marks == self._marks and ticks == self._ticks and preview is self._preview:
            return None
        whole, repainted = marks != self._marks, preview is not self._preview
        self._marks, self._ticks, self._preview = marks, ticks, preview
        jobs = self.service.jobs(page)
        status = views.status_view(page, jobs, self.service.queue, self.device)
        player = self._new("preview", views.preview_view(page, preview)) if whole or repainted else {}
        if not whole:
            editor = update_editor(progress=views.progress_view(page, jobs))
            return self._message(player, editor, status, gr.skip(), jobs)
        player |= self._new("film", views.film_view(page, jobs, self.service.model.clip, self.service.pixels))
        changes = self._new("run", views.run_view(page, jobs)) | self._new("variations", views.takes_view(page, jobs))
        editor = update_editor(**changes) if changes else gr.skip()
        queue = self._new("queue", views.jobs_view(jobs, self.service.queue, self.service.worker.pace))
        return self._message(player, editor, status, gr.HTML(json.dumps(queue["queue"])) if queue else gr.skip(), jobs)

    def _message(self, player: dict[str, Any], editor: Any, status: Any, queue: Any, jobs: list[Job]) -> Watched:
        job = _first_job(self.service, self.page)
        paused = job is not None and job.state == "paused"
        choices = preset_choices(self.service.model.config.sampling, self.service.worker.pace)
        return Watched(
            update_player(**player) if player else gr.skip(),
            editor,
            status,
            queue,
            self._button("pause", "Resume" if paused else "Pause", job is not None),
            self._button("stop", "Stop", job is not None),
            gr.update(choices=choices) if self._new("presets", choices) else gr.skip(),
        )

    def _button(self, name: str, label: str, interactive: bool) -> Any:
        return gr.update(value=label, interactive=interactive) if self._new(name, [label, interactive]) else gr.skip()

    def _new(self, name: str, value: object) -> dict[str, Any]:
        """The value under its name, if it was not told before."""
        text = json.dumps(value)
        if self._told.get(name) == text:
            return {}
        self._told[name] = text
        return {name: value}


def _first_job(service: GenerationService, page: Page) -> Job | None:
    """The session's job at work, else the first that waits or rests."""
    jobs = service.jobs(page)
    return next((job for job in jobs if job.state == "running"), None) or next(iter(jobs), None)


def _refuse(page: Page, error: PhenakiError) -> None:
    """Show the library's own sentence; the toast reads HTML, and messages may quote what was given."""
    gr.Warning(html.escape(str(error)))
    page.say(str(error), "failed")


def check_footage(service: GenerationService) -> Callable[[str], dict[str, Any]]:
    """The function that the editor calls to have an uploaded video read; errors come back as sentences."""

    def read_footage(path: object) -> dict[str, Any]:
        if not isinstance(path, str) or not _was_sent(path):
            return {"error": "Only a video that was sent from this page can be read. Choose it again."}
        try:
            return service.read_footage(path)
        except PhenakiError as error:
            return {"error": str(error)}

    return read_footage


def _was_sent(path: str) -> bool:
    """Whether this is a file that some browser has sent: gradio passes on whatever path a client names."""
    try:
        return Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve())
    except (OSError, ValueError):  # no path at all
        return False
