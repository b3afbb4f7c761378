"""Named endpoints for other programs; the page itself does not use them.

from gradio_client import Client

client = Client("http://127.0.0.1:7860")
job = client.submit([{"prompt": "a fox walks right in the snow", "seconds": 2.125}], api_name="/generate")
for state in job:
    print(state["state"], state["progress"], [clip["url"] for clip in state["clips"]])
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

import gradio as gr

from demo import views
from demo.document import new_segment_id
from demo.handlers import WATCH_SECONDS
from demo.job import Job, JobSnapshot
from demo.service import GenerationService
from phenaki import PhenakiError, Project, SamplingConfig, Timeline


class SegmentInput(TypedDict):
    """One stretch of the story."""

    prompt: str
    seconds: float


def add_endpoints(service: GenerationService) -> None:
    """Register the endpoints ``/generate`` and ``/stop`` inside the current Blocks."""
    defaults = service.model.config.sampling

    def generate(
        segments: list[SegmentInput],
        seed: int = 0,
        num_inference_steps: int = defaults.num_inference_steps,
        guidance_scale: float = defaults.guidance_scale,
    ) -> Iterator[dict[str, Any]]:
        """Make a film. Streams all there is so far: state, progress, seed, and the finished clips with their addresses.

        Lengths are moved to the nearest that the model can make. A segment may hold its own "seed".
        """
        try:
            timeline = Timeline.from_dict({"segments": segments, "seed": seed}).fit(service.model.clip)
            sampling = SamplingConfig(
                num_inference_steps, guidance_scale, defaults.temperature, defaults.choice_temperature
            )
            project = Project(timeline, sampling, service.model.config.name)
            job = service.submit(project, [new_segment_id() for _ in timeline.segments])
        except PhenakiError as error:
            raise gr.Error(str(error), print_exception=False) from None
        now = job.snapshot()
        while True:
            yield film_state(job, now)
            if now.ended:
                return
            job.wait(now.revision, WATCH_SECONDS)
            now = job.snapshot()

    def stop(job: str) -> bool:
        """Stop a film; its finished clips stay. Returns whether there was such a job."""
        service.stop(job)
        return service.find(job) is not None

    gr.api(generate, api_name="generate", concurrency_limit=None)
    gr.api(stop, api_name="stop", queue=False)


def film_state(job: Job, now: JobSnapshot) -> dict[str, Any]:
    """Everything about a job that another program may want, as plain JSON."""
    return {
        "job": job.id,
        "state": now.state,
        "message": now.message,
        "progress": now.progress,
        "seed": job.project.timeline.seed,
        "fps": job.fps,
        "clips": [
            {
                "segment": clip.segment,
                "start_seconds": clip.start_frame / job.fps,
                "num_frames": clip.num_frames,
                "url": views.media_url(clip.movie),
            }
            for clip in now.clips
        ],
    }
