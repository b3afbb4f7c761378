"""Named endpoints for other programs; the page itself does not use them.

from gradio_client import Client

client = Client("http://127.0.0.1:7860")
story = [{"prompt": "a fox walks right in the snow", "seconds": 2.125}, {"prompt": "the fox jumps", "seconds": 1.5}]
for state in client.submit(story, api_name="/generate"):
    print(state["state"], state["progress"], [clip["url"] for clip in state["clips"]])
print(client.predict(state["film"], "gif", api_name="/export")["url"])
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NotRequired, TypedDict

import gradio as gr

from demo import views
from demo.document import from_project
from demo.handlers import POLL_SECONDS
from demo.page import Page
from demo.service import GenerationService
from phenaki import ConfigError, ExportConfig, PhenakiError, Project, SamplingConfig, Timeline


class SegmentInput(TypedDict):
    """One stretch of the story."""

    prompt: str
    seconds: float
    seed: NotRequired[int]


class ClipState(TypedDict):
    """A finished clip."""

    start_seconds: float
    seconds: float
    url: str


class FilmState(TypedDict):
    """Everything about a film that another program may want."""

    film: str  # its name in the other endpoints
    state: str  # waiting, running, paused, finished, stopped or failed
    message: str
    progress: float
    seconds: float
    clips: list[ClipState]


class ExportedFile(TypedDict):
    """A file that was written."""

    url: str
    name: str
    bytes: int


def add_endpoints(service: GenerationService) -> None:
    """Register ``/generate``, ``/status``, ``/cancel`` and ``/export`` inside the current Blocks."""
    defaults = service.model.config.sampling

    async def generate(
        segments: list[SegmentInput],
        seed: int = 0,
        num_inference_steps: int = defaults.num_inference_steps,
        guidance_scale: float = defaults.guidance_scale,
    ) -> AsyncIterator[FilmState]:
        """Make a film from a story and stream what there is of it until it is finished.

        Args:
            segments: the story: prompts with their lengths in seconds, and a seed where one is wanted. Lengths are
                moved to the nearest that the model can make.
            seed: of the film; the same seed makes the same film.
            num_inference_steps: refinement steps for each clip.
            guidance_scale: how closely the film keeps to the prompts; 1 is off.
        """
        try:
            timeline = Timeline.from_dict({"segments": segments, "seed": seed}).fit(service.model.clip)
            sampling = SamplingConfig(
                num_inference_steps, guidance_scale, defaults.temperature, defaults.choice_temperature
            )
            document = from_project(Project(timeline, sampling, service.model.config.name), service.model.clip)
            page = service.open_page(service.sessions.open(), document)
            service.generate(page, document)
        except PhenakiError as error:
            raise gr.Error(str(error), print_exception=False) from None
        told: FilmState | None = None
        while told is None or told["state"] in ("waiting", "running", "paused"):
            now = film_state(service, page)
            if now != told:
                told = now
                yield now
            await asyncio.sleep(POLL_SECONDS)

    def status(film: str) -> FilmState:
        """How far a film is.

        Args:
            film: its name, as ``generate`` told it.
        """
        return film_state(service, _find(service, film))

    def cancel(film: str) -> FilmState:
        """Stop making a film; its finished clips stay.

        Args:
            film: its name, as ``generate`` told it.
        """
        page = _find(service, film)
        for job in service.jobs(page):
            service.stop(page, job)
        return film_state(service, page)

    def export(film: str, format: str = "mp4", size: int = 512, burn_captions: bool = False) -> ExportedFile:
        """Write the finished clips of a film as one file.

        Args:
            film: its name, as ``generate`` told it.
            format: mp4, webm, gif, png (a zip of frames), srt, vtt or otio.
            size: pixels of the longer side.
            burn_captions: draw the prompts into the picture.
        """
        page = _find(service, film)
        try:
            path, progress = service.export(page, ExportConfig(format, size, burn_captions=burn_captions))
            for _ in progress:
                pass
        except PhenakiError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return {"url": views.media_url(path), "name": path.name, "bytes": path.stat().st_size}

    gr.api(generate, api_name="generate", concurrency_limit=None)
    gr.api(status, api_name="status", queue=False)
    gr.api(cancel, api_name="cancel", queue=False)
    gr.api(export, api_name="export", concurrency_limit=None)


def film_state(service: GenerationService, page: Page) -> FilmState:
    """A film at this moment."""
    jobs = service.jobs(page)
    job = jobs[0] if jobs else page.session.last_job
    film = views.film_view(page, jobs, service.model.clip)
    return {
        "film": page.id,
        "state": job.state if job else "finished",
        "message": job.message if job else "",
        "progress": round(job.progress, 3) if job else 1.0,
        "seconds": film["seconds"],
        "clips": [
            {"start_seconds": clip["start"], "seconds": clip["seconds"], "url": clip["url"]}
            for clip in film["clips"]
            if not clip["stale"]
        ],
    }


def _find(service: GenerationService, film: str) -> Page:
    page = service.find_page(film)
    if page is None:
        error = ConfigError(f"There is no film {film!r:.40}; use the name that generate told.")
        raise gr.Error(str(error), print_exception=False)
    return page
