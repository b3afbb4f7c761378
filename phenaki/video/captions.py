"""The prompts as captions: when each is shown, and the files that players read them from."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from phenaki.errors import MediaError, shown
from phenaki.timeline import Timeline

LINE_CHARS = 42  # what broadcasters put into a line


@dataclass(frozen=True)
class Caption:
    """A text and the seconds of the film between which it is shown.

    Raises:
        MediaError: the times are no stretch of a film, or the text is no text.
    """

    start: float
    end: float
    text: str
    seed: int | None = None  # what the pictures were made with; only a file for an editor tells it

    def __post_init__(self) -> None:
        try:
            in_order = 0 <= self.start < self.end < float("inf")
            self.text.encode()
        except (TypeError, AttributeError, UnicodeEncodeError):
            in_order = False
        if not in_order:
            raise MediaError(
                f"A caption from {shown(self.start)} to {shown(self.end)} seconds with the text {shown(self.text)} "
                "cannot be shown; use a start of 0 or more, a later end, and text."
            )


def captions_of(timeline: Timeline, start: float = 0.0) -> list[Caption]:
    """One caption for each segment, with its prompt and seed.

    Args:
        timeline: its lengths are taken as they stand, so ``fit`` it first.
        start: seconds of film before the first segment.
    """
    captions = []
    for i, segment in enumerate(timeline.segments):
        end = start + segment.seconds
        captions.append(Caption(start, end, segment.prompt, timeline.segment_seed(i)))
        start = end
    return captions


def in_order(captions: Iterable[Caption]) -> list[Caption]:
    """By their start, each ending when the next begins if not before; those without a word or a moment are left out."""
    given = sorted((c for c in captions if text_lines(c.text)), key=lambda c: c.start)
    shown_until = [min(c.end, after.start) for c, after in pairwise(given)]
    return [
        replace(c, end=end)
        for c, end in zip(given, [*shown_until, *(c.end for c in given[-1:])], strict=True)
        if round(1000 * end) > round(1000 * c.start)
    ]


def cut(captions: Iterable[Caption], seconds: float) -> list[Caption]:
    """What is seen of them in a film that lasts so many seconds."""
    return [replace(c, end=min(c.end, seconds)) for c in captions if c.start < seconds]


def text_lines(text: str) -> list[str]:
    """The lines of a text that hold a word, without control characters and spaces that show nothing."""
    printable = "".join(c if c.isprintable() or c in "\u200d\ufe0f" or c.isspace() else " " for c in text)
    return [" ".join(line.split()) for line in printable.splitlines() if line.split()]


def srt_text(captions: Iterable[Caption]) -> str:
    """A SubRip file. It has no escapes: an invisible space keeps what looks like markup from being taken for it."""
    cues = []
    for i, caption in enumerate(in_order(captions), 1):
        text = re.sub(r"<(?=[\w/!])|\{(?=\\)|\\(?=[nNh])|--(?=>)", "\\g<0>\u200b", _wrapped(caption.text))
        cues.append(f"{i}\n{_clock(caption.start, ',')} --> {_clock(caption.end, ',')}\n{text}\n")
    return "\n".join(cues)


def vtt_text(captions: Iterable[Caption]) -> str:
    """A WebVTT file."""
    cues = ["WEBVTT\n"]
    for caption in in_order(captions):
        text = _wrapped(caption.text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        cues.append(f"{_clock(caption.start, '.')} --> {_clock(caption.end, '.')}\n{text}\n")
    return "\n".join(cues)


def _wrapped(text: str) -> str:
    return "\n".join(part for line in text_lines(text) for part in textwrap.wrap(line, LINE_CHARS))


def _clock(seconds: float, comma: str) -> str:
    whole, thousandths = divmod(round(1000 * seconds), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{comma}{thousandths:03d}"
