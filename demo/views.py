"""What the page's own widgets show, as plain JSON: pure functions of a job, of an example, or of an error.

Every value is cumulative: a page that comes late gets the same as one that was there all the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from demo.document import Document
from demo.examples import Example
from demo.job import Job, JobSnapshot
from phenaki import ClipShape

View = dict[str, Any]

EMPTY_PLAYER: View = {"film": "", "fps": 8, "clips": [], "captions": [], "seconds": 0, "end": True, "running": False}


def media_url(path: Path) -> str:
    """The address of a served file, relative to the page, so that it holds behind a proxy's path too."""
    return "gradio_api/file=" + quote(path.as_posix())


def player_view(job: Job, now: JobSnapshot) -> View:
    """What the player shows of a job."""
    segments = now.segments
    return {
        "film": job.id,
        "fps": job.fps,
        "clips": [{"start": clip.start_frame / job.fps, "url": media_url(clip.movie)} for clip in now.clips],
        "captions": _captions([(s.prompt, s.start_frame, s.num_frames) for s in segments], job.fps),
        "seconds": sum(s.num_frames for s in segments) / job.fps,
        "end": now.ended,
        "running": not now.ended,
    }


def run_view(job: Job, now: JobSnapshot) -> View:
    """What the timeline editor shows of a job: state, seed and pictures of each segment."""
    segments = []
    for index, segment in enumerate(now.segments):
        segments.append(
            {
                "id": segment.id,
                "prompt": segment.prompt,
                "clips": segment.num_clips,
                "seed": segment.seed,
                "seed_locked": segment.seed_locked,
                "state": segment.state,
                "progress": round(segment.progress, 3),
                "thumbnails": [media_url(clip.thumbnail) for clip in now.clips if clip.segment == index],
            }
        )
    return {"film": job.id, "seed": job.project.timeline.seed, "running": not now.ended, "segments": segments}


def progress_view(job: Job, now: JobSnapshot) -> View:
    """What moves while a clip is sampled: only the segments at work, so that it may be sent often."""
    working = {s.id: round(s.progress, 3) for s in now.segments if s.state == "running"}
    return {"film": job.id, "segments": working}


def example_player_view(example: Example, shape: ClipShape) -> View:
    """What the player shows of an example whose film is shipped."""
    if example.film is None:
        return EMPTY_PLAYER
    plan = example.project.timeline.fit(shape).plan(shape)
    return {
        "film": f"example:{example.name}",
        "fps": shape.fps,
        "clips": [{"start": 0, "url": media_url(example.film)}],
        "captions": _captions([(p.prompt, p.start_frame, p.num_frames) for p in plan], shape.fps),
        "seconds": sum(p.num_frames for p in plan) / shape.fps,
        "end": True,
        "running": False,
    }


def example_run_view(example: Example, document: Document, shape: ClipShape) -> View:
    """What the timeline editor shows of an example whose film is shipped; ``document`` is the one made from it."""
    if example.film is None:
        return {}
    thumbnails = list(example.thumbnails)
    segments = []
    for row, planned in zip(document["segments"], example.project.timeline.fit(shape).plan(shape), strict=True):
        mine, thumbnails = thumbnails[: planned.num_clips], thumbnails[planned.num_clips :]
        segments.append(
            {
                "id": row["id"],
                "prompt": planned.prompt,
                "clips": planned.num_clips,
                "seed": planned.seed,
                "seed_locked": row["seed"] is not None,
                "state": "done",
                "progress": 1.0,
                "thumbnails": [media_url(path) for path in mine],
            }
        )
    seed = example.project.timeline.seed
    return {"film": f"example:{example.name}", "seed": seed, "running": False, "segments": segments}


def status_view(now: JobSnapshot, jobs_before: int, device: str) -> View:
    """One line about a job."""
    done, total = len(now.clips), now.num_clips
    kept = f"{done} of {total} clips" if total != 1 else f"{done} clip"
    texts = {
        "waiting": f"Waiting for {jobs_before} other {'film' if jobs_before == 1 else 'films'}"
        if jobs_before
        else "Starting",
        "running": f"Making clip {min(done + 1, total)} of {total}",
        "finished": f"Done: {total} {'clip' if total == 1 else 'clips'} in {now.elapsed:.1f} s",
        "stopped": f"Stopped. {kept} kept; you can export them." if done else "Stopped before the first clip.",
        "failed": now.message + (f" {kept} kept." if done else ""),
    }
    return {
        "state": now.state,
        "text": texts[now.state],
        "progress": round(now.progress, 3),
        "elapsed": round(now.elapsed, 1),
        "remaining": None if now.remaining is None else round(now.remaining, 1),
        "device": device,
    }


def message_view(text: str, device: str, state: str = "ready") -> View:
    """One line that is not about a job; ``state`` is "ready" or "failed"."""
    return {"state": state, "text": text, "progress": 0, "elapsed": 0, "remaining": None, "device": device}


def _captions(rows: Sequence[tuple[str, int, int]], fps: int) -> list[View]:
    return [{"prompt": prompt, "start": start / fps, "end": (start + frames) / fps} for prompt, start, frames in rows]
