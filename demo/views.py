"""What the page's widgets show, as plain JSON: functions of a page, its session and the queue of jobs.

Every value is whole: a page that comes late gets the same as one that was there all the time.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from demo.jobs import Job, JobQueue
from demo.pace import Pace
from demo.page import Draft, Page
from demo.seams import seam_sentence
from phenaki import ClipShape, PlannedClip

View = dict[str, Any]


def media_url(path: Path) -> str:
    """The address of a served file, relative to the page, so that it holds behind a proxy's path too."""
    return "gradio_api/file=" + quote(path.as_posix())


def film_view(page: Page, jobs: list[Job], shape: ClipShape, pixels: int | None = None) -> View:
    """What the player shows: the finished clips of the film, and, while others are being made, old ones in their place.

    When nothing is at work, the film ends at the first clip that is missing. ``pixels`` is the width of the model's own
    pictures, where it is these that the clips show.
    """
    shown = page.shown or Draft(page.document)
    coming = set().union(*(job.keys for job in jobs))
    running = any(clip.key in coming and clip.key not in page.session.store for clip in shown.plan)
    clips, seconds = [], 0.0
    for clip in shown.plan:
        if not clip.shown:
            continue
        source, files, stale = clip, page.session.store.find(clip.key), False
        place = _place(shown, clip)
        if files is not None:
            page.last_seen[place] = clip, files
        elif not running:
            break
        else:
            source, files = page.last_seen.get(place, (clip, None))
            stale = True
        seconds = (clip.start_frame + clip.num_frames) / shape.fps
        if files is not None and source.num_frames == clip.num_frames:
            row = {"key": source.key, "url": media_url(files.movie), "start": clip.start_frame / shape.fps}
            clips.append(row | {"seconds": clip.num_frames / shape.fps, "stale": stale})
    return {
        "film": page.film,
        "fps": shape.fps,
        "pixels": pixels,
        "seconds": seconds,
        "running": running,
        "clips": clips,
        "captions": _captions(shown, shape, seconds),
    }


def _place(draft: Draft, clip: PlannedClip) -> tuple[str, int]:
    """The segment and the number of a clip in it, whatever happens to what comes before."""
    if clip.segment is None:
        return "footage", 0
    return draft.document["segments"][clip.segment]["id"], clip.clip


def _captions(draft: Draft, shape: ClipShape, seconds: float) -> list[View]:
    """The prompts with the time that each is on screen."""
    rows: dict[int, View] = {}
    for clip in draft.plan:
        start, end = clip.start_frame / shape.fps, (clip.start_frame + clip.num_frames) / shape.fps
        if clip.shown and clip.segment is not None and start < seconds:
            row = rows.setdefault(clip.segment, {"start": start, "prompt": clip.prompt})
            row["end"] = end
    return list(rows.values())


def run_view(page: Page, jobs: list[Job]) -> View:
    """What the timeline editor shows: for each segment, which of its clips exist and what happens to the others."""
    store, draft = page.session.store, page.edited
    clips: dict[int, list[PlannedClip]] = defaultdict(list)
    for clip in draft.plan:
        if clip.shown and clip.segment is not None:
            clips[clip.segment].append(clip)
    segments = {}
    for index, row in enumerate(draft.document["segments"]):
        mine = clips[index]
        made = [store.find(clip.key) for clip in mine]
        old = [page.last_seen.get((row["id"], clip.clip)) for clip in mine]
        pictures = [files or (seen[1] if seen else None) for files, seen in zip(made, old, strict=True)]
        state, part = _segment_state(mine, [files is not None for files in made], any(pictures), jobs)
        segments[row["id"]] = {
            "state": state,
            "part": part,
            "made": sum(files is not None for files in made),
            "clips": [media_url(files.thumbnail) if files else None for files in pictures],
            "seam": seam_sentence(page.session, draft.plan, mine[0]) if mine and row["behind"] else None,
        }
    todo = {clip.key for clip in draft.plan if clip.key not in store and clip.shown}
    return {
        "film": page.film,
        "running": any(todo & job.keys for job in jobs),
        "todo": len(todo) if draft.plan else None,  # nobody knows, of what cannot be made
        "segments": segments,
    }


def _segment_state(clips: list[PlannedClip], made: list[bool], seen: bool, jobs: list[Job]) -> tuple[str, float]:
    """One word for a segment, and the part of it that is made."""
    if clips and all(made):
        return "done", 1.0
    missing = {clip.key for clip, done in zip(clips, made, strict=True) if not done}
    part = sum(made) / max(1, len(made))
    for job in jobs:
        if not missing & job.keys:
            continue
        if job.clip in missing:
            return "running", min(1.0, part + job.part / len(clips))
        return ("paused" if job.state == "paused" else "waiting"), part
    return ("stale" if seen else "draft"), part


def progress_view(page: Page, jobs: list[Job]) -> View:
    """What moves while a clip is sampled: only the segments at work, so that it may be sent often."""
    draft, segments = page.edited, {}
    at_work = {job.clip: job.part for job in jobs if job.clip is not None}
    for clip in draft.plan:
        if clip.key in at_work and clip.shown and clip.segment is not None:
            siblings = [c for c in draft.plan if c.shown and c.segment == clip.segment]
            made = sum(c.key in page.session.store for c in siblings)
            part = (made + at_work[clip.key]) / len(siblings)
            segments[draft.document["segments"][clip.segment]["id"]] = round(part, 3)
    return {"film": page.film, "segments": segments}


def preview_view(page: Page, preview: dict[str, object]) -> View:
    """The clip at work as it would be now, where the page's film or its takes wait for it."""
    takes = page.takes
    plans = [page.shown_plan, *([] if takes is None else takes.plans)]
    return preview if any(clip.key == preview.get("clip") for plan in plans for clip in plan) else {}


def takes_view(page: Page, jobs: list[Job]) -> View:
    """The variations of a segment, side by side."""
    takes = page.takes
    if takes is None:
        return {"refused": page.refused_takes}  # another number lets the page stop waiting
    store, options = page.session.store, []
    for seed, keys in zip(takes.seeds, takes.keys, strict=True):
        made = [store.find(key) for key in keys]
        done = sum(files is not None for files in made)
        job = next((job for job in jobs if job.clip in keys), None)
        part = (done + (job.part if job else 0.0)) / len(keys)
        state = "done" if done == len(keys) else "running" if job else "waiting"
        first = next((files for files in made if files), None)
        movie = store.take(keys[-1])
        options.append(
            {
                "seed": seed,
                "state": state,
                "part": round(part, 3),
                "movie": media_url(movie) if state == "done" and movie.is_file() else None,
                "thumbnail": media_url(first.thumbnail) if first else None,
            }
        )
    return {"segment": takes.segment, "options": options}


def status_view(page: Page, jobs: list[Job], queue: JobQueue, device: str) -> View:
    """One line about what is happening; a notice comes first while it is fresh."""
    job = next((job for job in jobs if job.state == "running"), None) or (jobs[0] if jobs else page.session.last_job)
    notice = page.notice
    if job is None:
        return _line(notice.state, notice.text, device)
    kept = f"{job.made} of {job.total} clips" if job.total != 1 else f"{job.made} clip"
    before = queue.before(job)
    texts = {
        "waiting": f"Waiting for {before} other {'film' if before == 1 else 'films'}" if before else "Starting",
        "running": f"Making clip {min(job.made + 1, job.total)} of {job.total}",
        "paused": f"Paused after {kept}",
        "finished": f"Done: {job.total} {'clip' if job.total == 1 else 'clips'} in {job.elapsed:.1f} s",
        "stopped": f"Stopped. {kept} kept." if job.made else "Stopped before the first clip.",
        "failed": job.message + (f" {kept} kept." if job.made else ""),
    }
    said = (notice.state, notice.text) if notice.is_fresh else (job.state, texts[job.state])
    line = _line(*said, device)
    if not job.ended:
        remaining = job.remaining
        line |= {
            "progress": round(job.progress, 3),
            "elapsed": round(job.elapsed, 1),
            "remaining": None if remaining is None else round(remaining, 1),
        }
    return line


def _line(state: str, text: str, device: str) -> View:
    return {"state": state, "text": text, "progress": 0, "elapsed": 0, "remaining": None, "device": device}


def jobs_view(jobs: list[Job], queue: JobQueue, pace: Pace) -> View:
    """The session's own jobs, in the order in which they will be made."""
    rows = []
    for job in jobs:
        steps = max((clip.sampling.num_inference_steps for plan in job.plans for clip in plan), default=1)
        expected = pace.expect(steps)
        left = job.remaining if job.state == "running" else None
        if left is None and expected is not None:
            left = expected * (job.total - job.made)
        rows.append(
            {
                "id": job.id,
                "title": job.title,
                "kind": "variations" if job.varies else "film",
                "state": job.state,
                "made": job.made,
                "total": job.total,
                "progress": round(job.progress, 3),
                "before": queue.before(job),
                "left": None if left is None else round(left, 1),
            }
        )
    return {"jobs": rows}
