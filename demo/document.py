"""The document that the timeline editor edits, and its way to and from a ``Timeline``.

A segment holds a whole number of clips, never seconds, so a length that the model cannot make cannot be written down:

    {"seed": int | None, "segments": [{"id": str, "prompt": str, "clips": int, "seed": int | None}]}

A seed of None is open: the film's is drawn anew for every run, a segment's follows from the film's.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from phenaki import ClipShape, Segment, Timeline, TimelineError

MAX_ID_CHARS = 64
MAX_CLIPS = 10_000  # of one segment; far above what a timeline accepts, low enough for exact arithmetic

Document = dict[str, Any]


def new_segment_id() -> str:
    """A short id that no other segment has."""
    return secrets.token_hex(6)


def read_document(value: object) -> Document:
    """Check the shape of a document that came from a browser, and keep only what is known.

    Prompts, seeds and counts keep their values, so that ``to_timeline`` can name what is wrong with them.

    Raises:
        TimelineError: this is no document.
    """
    rows = value.get("segments") if isinstance(value, Mapping) else None
    if not isinstance(rows, list):
        raise TimelineError(
            "The timeline cannot be read: it has no list of segments. Reload the page, or open a project."
        )
    segments, seen = [], set()
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping) or not isinstance(row.get("prompt"), str):
            raise TimelineError(f"Segment {index + 1} cannot be read: it needs a prompt (text) and a number of clips.")
        segment_id = row.get("id")
        if not isinstance(segment_id, str) or not 0 < len(segment_id) <= MAX_ID_CHARS or segment_id in seen:
            segment_id = new_segment_id()
        seen.add(segment_id)
        segments.append(
            {"id": segment_id, "prompt": row["prompt"], "clips": row.get("clips", 1), "seed": row.get("seed")}
        )
    assert isinstance(value, Mapping)
    story = value.get("story")
    return {
        "seed": value.get("seed"),
        "segments": segments,
        "story": story if isinstance(story, str) and len(story) <= MAX_ID_CHARS else None,
    }


def to_timeline(document: Document, shape: ClipShape, film_seed: int) -> Timeline:
    """The timeline of a document; ``film_seed`` is used where the document leaves its seed open.

    Raises:
        TimelineError: a prompt, a length or a seed is not accepted; the message names the segment.
    """
    segments = []
    for index, row in enumerate(document["segments"]):
        clips = row["clips"]
        if isinstance(clips, bool) or not isinstance(clips, int) or not 1 <= clips <= MAX_CLIPS:
            raise TimelineError(
                f"Segment {index + 1} is {clips!r:.40} clips long; use a whole number of 1 or more "
                f"(each is {shape.step_seconds:g} s)."
            )
        seconds = shape.segment_frames(clips, first=index == 0) / shape.fps
        try:
            segments.append(Segment(row["prompt"], seconds, row["seed"]))
        except TimelineError as error:
            raise TimelineError(f"Segment {index + 1}: {error}") from None
    seed = document["seed"]
    return Timeline(tuple(segments), film_seed if seed is None else seed)


def from_timeline(
    timeline: Timeline, shape: ClipShape, *, keep_seed: bool = True, story: str | None = None
) -> Document:
    """The document of a timeline, each length moved to the nearest one that the model can make.

    ``keep_seed=False`` leaves the film's seed open, so that each run draws another. The ids of a ``story`` are the
    same every time, so that a page which kept its document still finds the pictures of the story's film.
    """
    return {
        "seed": timeline.seed if keep_seed else None,
        "segments": [
            {
                "id": new_segment_id() if story is None else f"{story}.{index}",
                "prompt": segment.prompt,
                "clips": shape.segment_clips(segment.seconds, first=index == 0),
                "seed": segment.seed,
            }
            for index, segment in enumerate(timeline.segments)
        ],
        "story": story,
    }
