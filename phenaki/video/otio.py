"""The film's prompts as an OpenTimelineIO file, which video editors read: one clip of the movie for each prompt."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from phenaki.project import Project
from phenaki.video.captions import Caption, in_order

METADATA_KEY = "phenaki"


def otio_text(captions: Iterable[Caption], fps: float, num_frames: int, movie: str, project: Project | None) -> str:
    """A timeline with one video track.

    Args:
        captions: each becomes a clip; a stretch without one becomes a clip without a prompt.
        fps: frames per second of the movie.
        num_frames: of the movie.
        movie: its file name; the timeline looks for it beside itself.
        project: goes into the timeline's metadata; ``read_project`` gets it back.
    """
    reference = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "target_url": quote(movie),
        "available_range": _time_range(0, num_frames, fps),
        "metadata": {},
    }
    name = movie.rpartition(".")[0] or movie
    children: list[dict[str, Any]] = []
    at = 0
    for caption in in_order(captions):
        start, end = (min(num_frames, round(s * fps)) for s in (caption.start, caption.end))
        if start >= end:
            continue
        if start > at:
            children.append(_clip(name, {}, reference, at, start, fps))
        told = {"prompt": caption.text} | ({} if caption.seed is None else {"seed": caption.seed})
        children.append(_clip(caption.text, {METADATA_KEY: told}, reference, start, end, fps))
        at = end
    if at < num_frames:
        children.append(_clip(name, {}, reference, at, num_frames, fps))
    track = _composition("Track.1", "Prompts", children) | {"kind": "Video"}
    # as one text: other programs may write numbers and characters in their own way
    ours = {} if project is None else {METADATA_KEY: {"project": project.to_json()}}
    timeline = {
        "OTIO_SCHEMA": "Timeline.1",
        "name": name,
        "global_start_time": None,
        "tracks": _composition("Stack.1", "tracks", [track]),
        "metadata": ours,
    }
    return json.dumps(timeline, ensure_ascii=False, indent=1) + "\n"


def _clip(
    name: str, metadata: dict[str, Any], reference: dict[str, Any], start: int, end: int, fps: float
) -> dict[str, Any]:
    # version 1 of the schema is read by every version of the library
    return {
        "OTIO_SCHEMA": "Clip.1",
        "name": name,
        "source_range": _time_range(start, end - start, fps),
        "media_reference": reference,
        "effects": [],
        "markers": [],
        "metadata": metadata,
    }


def _composition(schema: str, name: str, children: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": schema,
        "name": name,
        "source_range": None,
        "children": children,
        "effects": [],
        "markers": [],
        "metadata": {},
    }


def _time_range(start: int, length: int, fps: float) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(start, fps), "duration": _time(length, fps)}


def _time(frames: int, fps: float) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(fps), "value": float(frames)}
