"""From widget values to service calls and back to what the widgets show. Every handler can be called without a browser.

Handlers that update several widgets return (or yield) one of the small dataclasses below; ``app.py`` turns their fields
into the outputs of an event, in the order in which they are declared.
"""

from __future__ import annotations

import html
import logging
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from demo import views
from demo.document import Document, from_timeline, read_document, to_timeline
from demo.examples import Example
from demo.job import Job
from demo.service import BusyError, GenerationService
from demo.timeline_editor.component import update_editor
from phenaki import ConfigError, PhenakiError, Project, SamplingConfig, read_project

logger = logging.getLogger(__name__)

OPEN_SEED_BELOW = 1_000_000  # drawn seeds stay short enough to read aloud
WATCH_SECONDS = 15.0  # a watcher yields at least this often, so that proxies keep the connection
FILE_NAME_CHARS = 48


@dataclass
class Watched:
    """What a running job changes on the page."""

    job_id: Any
    player: Any
    editor: Any
    status: Any
    running: bool


@dataclass
class Opened:
    """What opening a project changes on the page."""

    document: Any
    player: Any
    status: Any
    job_id: Any
    num_inference_steps: Any
    guidance_scale: Any
    temperature: Any
    choice_temperature: Any
    start_image: Any


class Handlers:
    """The app's answers to what a person does."""

    def __init__(self, service: GenerationService, examples: list[Example], device: str) -> None:
        self.service = service
        self.examples = examples
        self.device = device
        self.shape = service.model.clip

    def example_document(self, example: Example) -> Document:
        """A fresh document of an example; its film seed is open, so that Generate makes something new."""
        return from_timeline(example.project.timeline, self.shape, keep_seed=False, story=example.name)

    def generate(
        self,
        document: object,
        num_inference_steps: float,
        guidance_scale: float,
        temperature: float,
        choice_temperature: float,
        start_image: bytes | None,
        job_id: object = "",
    ) -> Iterator[Watched]:
        """Start a film and watch it to its end; bad input leaves everything on the page as it was.

        ``job_id`` is the film that the page has shown so far; while that is being made, no other is begun.
        """
        running = (before := self.service.find(job_id)) is not None and not before.ended
        try:
            if running:
                raise BusyError("A film is being made already. Wait until it is finished, or press Stop.")
            checked = read_document(document)
            sampling = _sampling(num_inference_steps, guidance_scale, temperature, choice_temperature)
            timeline = to_timeline(checked, self.shape, secrets.randbelow(OPEN_SEED_BELOW))
            project = Project(timeline, sampling, self.service.model.config.name, start_image)
            job = self.service.submit(project, [row["id"] for row in checked["segments"]])
        except PhenakiError as error:
            yield Watched(gr.skip(), gr.skip(), gr.skip(), self._refuse(error), running)
            return
        yield from self.watch(job.id)

    def watch(self, job_id: object) -> Iterator[Watched]:
        """Follow a job until it ends; also how a reloaded page finds its film again."""
        job = self.service.find(job_id)
        if job is None:
            yield Watched("", gr.skip(), gr.skip(), gr.skip(), running=False)
            return
        now, shown = job.snapshot(), None
        while True:
            # Addresses of all clips go out only when there is a new one: a long film has hundreds.
            key = (len(now.clips), now.state, tuple(segment.state for segment in now.segments))
            if key != shown:
                shown, player = key, views.player_view(job, now)
                editor = update_editor(run=views.run_view(job, now))
            else:
                player, editor = gr.skip(), update_editor(progress=views.progress_view(job, now))
            status = views.status_view(now, self.service.jobs_before(job), self.device)
            yield Watched(job.id, player, editor, status, running=not now.ended)
            if now.ended:
                return
            job.wait(now.revision, WATCH_SECONDS)
            now = job.snapshot()

    def stop(self, job_id: object) -> None:
        """Stop a job; its watcher shows what is kept."""
        self.service.stop(job_id)

    def export(self, job_id: object) -> tuple[Any, Any]:
        """Write the MP4 of a job. Returns the file and the status line."""
        job = self.service.find(job_id)
        try:
            if job is None:
                raise ConfigError("There is nothing to export yet: no film was made here. Press Generate first.")
            path = self.service.export(job, file_name(job.project))
        except PhenakiError as error:
            return None, self._refuse(error)
        return str(path), self._line(f"Exported {path.name}", job)

    def save_project(
        self,
        document: object,
        num_inference_steps: float,
        guidance_scale: float,
        temperature: float,
        choice_temperature: float,
        start_image: bytes | None,
        job_id: object,
    ) -> tuple[Any, Any]:
        """Write the project as JSON, an open seed as the last run used it. Returns file and status line."""
        job = self.service.find(job_id)
        try:
            sampling = _sampling(num_inference_steps, guidance_scale, temperature, choice_temperature)
            seed = job.project.timeline.seed if job else secrets.randbelow(OPEN_SEED_BELOW)
            timeline = to_timeline(read_document(document), self.shape, seed)
            project = Project(timeline, sampling, self.service.model.config.name, start_image)
        except PhenakiError as error:
            return None, self._refuse(error)
        path = self.service.new_folder() / f"{file_name(project)}.json"
        path.write_text(project.to_json() + "\n", encoding="utf-8")
        return str(path), self._line(f"Saved {path.name}", job)

    def open_project(self, path: str) -> Opened:
        """Read a project file or a film made here; a file that is neither changes nothing."""
        try:
            project = read_project(Path(path))
            document = from_timeline(project.timeline, self.shape)
        except PhenakiError as error:
            return _nothing_opened(status=self._refuse(error))
        text = f"Opened a story of {len(document['segments'])} segments. Press Generate to make its film."
        if project.timeline != project.timeline.fit(self.shape):
            text += " Lengths were moved to the nearest that this model can make."
        if project.model != self.service.model.config.name:
            text += f" It was made with {project.model}; here it will be made with {self.service.model.config.name}."
        return Opened(
            document=update_editor(document, run={}),
            player=views.EMPTY_PLAYER,
            status=views.message_view(text, self.device),
            job_id="",
            **asdict(project.sampling),
            start_image=self._image_file(project.start_image),
        )

    def open_example(self, name: str) -> Opened:
        """Load an example story, and its film where there is one."""
        example = next(example for example in self.examples if example.name == name)
        document = self.example_document(example)
        run = views.example_run_view(example, document, self.shape)
        opened = _nothing_opened(status=views.message_view(f"“{example.title}” is open.", self.device))
        opened.document = update_editor(document, run=run)
        opened.player = views.example_player_view(example, self.shape)
        opened.job_id, opened.start_image = "", self._image_file(example.project.start_image)
        return opened

    def restore(self, saved: object, job_id: object) -> Opened:
        """Bring back what the browser kept: the document, the settings, and the film's example or start image."""
        if not isinstance(saved, dict):
            return _nothing_opened()
        try:
            document = read_document(saved.get("document"))
            settings = saved.get("settings")
            sampling = asdict(_sampling(*settings)) if isinstance(settings, list) and len(settings) == 4 else {}
        except PhenakiError as error:
            logger.warning("What the browser had kept was left out: %s", error)
            return _nothing_opened()
        job = self.service.find(job_id)
        example = next((e for e in self.examples if e.name == document["story"]), None)
        opened = _nothing_opened()
        opened.document, opened.player = update_editor(document, run={}), views.EMPTY_PLAYER
        if example and job is None:
            run = views.example_run_view(example, self.example_document(example), self.shape)
            opened.document = update_editor(document, run=run)
            opened.player = views.example_player_view(example, self.shape)
        for name, value in sampling.items():
            setattr(opened, name, value)
        if job is not None:
            opened.start_image = self._image_file(job.project.start_image)
        return opened

    def _line(self, text: str, job: Job | None) -> Any:
        """A sentence for the status line, unless a running job has it."""
        if job is not None and not job.ended:
            gr.Info(html.escape(text))
            return gr.skip()
        return views.message_view(text, self.device)

    def _refuse(self, error: PhenakiError) -> views.View:
        """Show the library's own sentence; the toast reads HTML, and messages may quote what was given."""
        gr.Warning(html.escape(str(error)))
        return views.message_view(str(error), self.device, state="failed")

    def _image_file(self, image: bytes | None) -> str | None:
        if image is None:
            return None
        path = self.service.new_folder() / "start-image.png"
        path.write_bytes(image)
        return str(path)


def file_name(project: Project) -> str:
    """A file name without ending, from the first prompt."""
    words = re.sub(r"\W+", "-", project.timeline.segments[0].prompt.lower()).strip("-_")
    return words[:FILE_NAME_CHARS].strip("-_") or "film"


def _sampling(steps: object, guidance: object, temperature: object, choice_temperature: object) -> SamplingConfig:
    """Settings from sliders, which deliver whole numbers as floats at times; anything odd is left to the check."""
    if isinstance(steps, float) and steps.is_integer():
        steps = int(steps)
    return SamplingConfig(steps, guidance, temperature, choice_temperature)  # type: ignore[arg-type]


def _nothing_opened(status: Any = None) -> Opened:
    skip = gr.skip()
    return Opened(skip, skip, skip if status is None else status, skip, skip, skip, skip, skip, skip)
