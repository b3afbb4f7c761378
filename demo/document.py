"""The document that the page edits, and its way to and from a ``Timeline``.

A segment holds a whole number of clips, never seconds, so a length that the model cannot make cannot be written down:

    {"version": 2, "title": str, "story": str | None,
     "settings": {the four fields of SamplingConfig},
     "footage": None | {"id": str, "num_frames": int, "poster": str},
     "segments": [{"id": str, "prompt": str, "clips": int, "seed": int, "locked": bool,
                   "num_inference_steps": int | None, "guidance_scale": float | None,
                   "picture": data URL | None, "first_clip": int, "behind": segment | None}]}

``first_clip`` is above 0 in the later parts of a segment that was split. ``behind`` is what a segment grew out of where
that is not the segment to its left: it keeps its pixels when its neighbour alone is made anew.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from phenaki import MAX_BEHIND, ClipShape, Project, SamplingConfig, Segment, Timeline, TimelineError, opens_shot

VERSION = 2
MAX_ID_CHARS = 64
MAX_TITLE_CHARS = 120
MAX_CLIPS = 10_000  # of one segment; far above what a timeline accepts, low enough for exact arithmetic
DRAWN_SEED_BELOW = 1_000_000  # drawn seeds stay short enough to read aloud

Document = dict[str, Any]
ReadFootage = Callable[[str], bytes]  # the packed frames of a video that was sent here, by its id

_SETTINGS = tuple(f.name for f in fields(SamplingConfig))
_IMAGE_TYPES = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpeg"), (b"RIFF", "webp"), (b"GIF8", "gif"), (b"BM", "bmp"))


def new_segment_id() -> str:
    """A short id that no other segment has."""
    return secrets.token_hex(6)


def draw_seed() -> int:
    """A seed for a segment that has none yet."""
    return secrets.randbelow(DRAWN_SEED_BELOW)


def read_document(value: object) -> Document:
    """Check the shape of a document that came from a browser, bring it to this version, and keep only what is known.

    Prompts, seeds and counts keep their values, so that ``to_timeline`` can name what is wrong with them.

    Raises:
        TimelineError: this is no document.
    """
    rows = value.get("segments") if isinstance(value, Mapping) else None
    if not isinstance(rows, list):
        raise TimelineError(
            "The timeline cannot be read: it has no list of segments. Reload the page, or open a project."
        )
    assert isinstance(value, Mapping)
    segments, seen = [], set()
    for index, row in enumerate(rows):
        segment = _read_segment(row, f"Segment {index + 1}")
        if segment["id"] in seen:
            segment["id"] = new_segment_id()
        seen.add(segment["id"])
        segments.append(segment)
    settings, title, story = value.get("settings"), value.get("title"), value.get("story")
    return {
        "version": VERSION,
        "title": title[:MAX_TITLE_CHARS] if isinstance(title, str) else "",
        "story": story if isinstance(story, str) and len(story) <= MAX_ID_CHARS else None,
        "settings": asdict(SamplingConfig())
        | {name: settings[name] for name in _SETTINGS if isinstance(settings, Mapping) and name in settings},
        "footage": _read_footage(value.get("footage")),
        "segments": segments,
    }


def _read_segment(row: object, name: str, depth: int = 0) -> Document:
    if not isinstance(row, Mapping) or not isinstance(row.get("prompt"), str):
        raise TimelineError(f"{name} cannot be read: it needs a prompt (text) and a number of clips.")
    if depth > MAX_BEHIND:
        raise TimelineError(f"{name} grew out of more than {MAX_BEHIND} takes. Heal its seam, or make it anew.")
    segment_id, behind = row.get("id"), row.get("behind")
    usable = isinstance(segment_id, str) and 0 < len(segment_id) <= MAX_ID_CHARS
    return {
        "id": segment_id if usable else new_segment_id(),
        "prompt": row["prompt"],
        "clips": row.get("clips", 1),
        "seed": draw_seed() if row.get("seed") is None else row["seed"],
        "locked": bool(row.get("locked", False)),
        "num_inference_steps": row.get("num_inference_steps"),
        "guidance_scale": row.get("guidance_scale"),
        "picture": row.get("picture"),
        "first_clip": row.get("first_clip", 0),
        "behind": None if behind is None else _read_segment(behind, name, depth + 1),
    }


def _read_footage(value: object) -> Document | None:
    if not isinstance(value, Mapping) or not re.fullmatch(r"[0-9a-f]{64}", str(value.get("id"))):
        return None
    frames, poster = value.get("num_frames"), value.get("poster")
    return {
        "id": value["id"],
        "num_frames": frames if isinstance(frames, int) else 0,
        "poster": poster if isinstance(poster, str) else "",
    }


def to_project(document: Document, shape: ClipShape, model: str, read_footage: ReadFootage) -> Project:
    """The project of a document.

    Raises:
        TimelineError: a prompt, a length or a seed is not accepted; the message names the segment.
        ConfigError: a setting is out of range.
        MediaError: the footage is no longer here.
    """
    rows = document["segments"]
    footage = None if document["footage"] is None else read_footage(document["footage"]["id"])
    segments = []
    for index, row in enumerate(rows):
        try:
            segments.append(_to_segment(row, shape, index, footage is not None))
        except TimelineError as error:
            raise TimelineError(f"Segment {index + 1}: {error}") from None
    timeline = Timeline(tuple(segments), footage=footage)
    return Project(timeline, to_sampling(document), model)


def _to_segment(row: Document, shape: ClipShape, place: int, has_footage: bool) -> Segment:
    """The segment at a place of the timeline; what is behind it stood one place to the left."""
    clips, behind = row["clips"], row["behind"]
    if isinstance(clips, bool) or not isinstance(clips, int) or not 1 <= clips <= MAX_CLIPS:
        raise TimelineError(
            f"It is {clips!r:.40} clips long; use a whole number of 1 or more (each is {shape.step_seconds:g} s)."
        )
    opens = opens_shot(place, picture=row["picture"] is not None, behind=behind is not None, footage=has_footage)
    return Segment(
        row["prompt"],
        shape.segment_frames(clips, first=opens) / shape.fps,
        row["seed"],
        _whole(row["num_inference_steps"]),
        row["guidance_scale"],
        None if row["picture"] is None else _picture_bytes(row["picture"]),
        row["first_clip"],
        None if behind is None else _to_segment(behind, shape, place - 1, has_footage),
    )


def to_sampling(document: Document) -> SamplingConfig:
    """The film's settings.

    Raises:
        ConfigError: one is out of range.
    """
    settings = dict(document["settings"])
    if "num_inference_steps" in settings:
        settings["num_inference_steps"] = _whole(settings["num_inference_steps"])
    return SamplingConfig(**settings)


def from_project(
    project: Project, shape: ClipShape, *, title: str = "", story: str | None = None,
    keep_footage: Callable[[bytes], Document] | None = None,
) -> Document:  # fmt: skip
    """The document of a project, each length moved to the nearest one that the model can make.

    The ids of a ``story`` are the same every time, so that a page which kept its document still finds its film.
    """
    timeline = project.timeline.fit(shape)
    footage = None
    if timeline.footage is not None and keep_footage is not None:
        footage = keep_footage(timeline.footage)
    segments = []
    for index, segment in enumerate(timeline.segments):
        row = _from_segment(segment, shape, timeline, index)
        segments.append(row | {"id": new_segment_id() if story is None else f"{story}.{index}"})
    return {
        "version": VERSION,
        "title": title[:MAX_TITLE_CHARS],
        "story": story,
        "settings": asdict(project.sampling),
        "footage": footage,
        "segments": segments,
    }


def _from_segment(segment: Segment, shape: ClipShape, timeline: Timeline, place: int) -> Document:
    """The row of a segment at a place of the timeline; what is behind it stood one place to the left."""
    return {
        "id": new_segment_id(),
        "prompt": segment.prompt,
        "clips": shape.segment_clips(segment.seconds, first=timeline.opens(segment, place)),
        "seed": timeline.seed_of(segment, place),
        "locked": False,
        "num_inference_steps": segment.num_inference_steps,
        "guidance_scale": segment.guidance_scale,
        "picture": None if segment.start_image is None else _picture_url(segment.start_image),
        "first_clip": segment.first_clip,
        "behind": None if segment.behind is None else _from_segment(segment.behind, shape, timeline, place - 1),
    }


def _whole(value: object) -> Any:
    """Numbers from a browser are whole floats at times; anything odd is left to the check."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _picture_bytes(url: object) -> bytes:
    found = re.fullmatch(r"data:image/[a-z+.-]+;base64,([A-Za-z0-9+/=\s]*)", url) if isinstance(url, str) else None
    try:
        if found is None:
            raise ValueError
        return base64.b64decode(found[1])
    except (ValueError, binascii.Error):
        raise TimelineError("Its picture cannot be read. Choose the picture again, or remove it.") from None


def _picture_url(data: bytes) -> str:
    kind = next((name for start, name in _IMAGE_TYPES if data.startswith(start)), "png")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
