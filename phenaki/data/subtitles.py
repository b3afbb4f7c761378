"""Subtitles as captions that change along a video: SubRip (.srt) and WebVTT (.vtt)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLOCK = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"{_CLOCK}[ \t]*-->[ \t]*{_CLOCK}")
_MARKS = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")  # <i>, <c.yellow>, {\an8}


@dataclass(frozen=True)
class Cue:
    """A text, and the seconds of the video between which it holds."""

    start: float
    end: float
    text: str


def read_subtitles(text: str) -> tuple[Cue, ...]:
    """The cues of a file, by their start; marks of style are left out, and so are cues without words or duration."""
    cues = []
    for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = block.split("\n")
        times = [(i, found) for i, line in enumerate(lines) if (found := _TIMES.search(line))]
        if not times:
            continue
        place, found = times[0]
        words = " ".join(_MARKS.sub("", " ".join(lines[place + 1 :])).split())
        start, end = _seconds(found.groups()[:4]), _seconds(found.groups()[4:])
        if words and start < end:
            cues.append(Cue(start, end, words))
    return tuple(sorted(cues, key=lambda cue: cue.start))


def _seconds(clock: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = clock
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + int(seconds or 0) + float(f"0.{fraction}")
