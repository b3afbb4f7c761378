"""A folder of videos and pictures with a caption for each: which there are, and what is said of them.

A caption is, in this order: subtitles beside the file (``cat.srt`` or ``cat.vtt`` for ``cat.mp4``), which make a story
of it; a text beside it (``cat.txt``), in which each line is another way to say the same; or a row of ``metadata.csv``
or ``metadata.jsonl``, with ``file_name`` and ``text`` (or ``caption``, or ``prompt``).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from phenaki.data.subtitles import Cue, read_subtitles
from phenaki.errors import MediaError

VIDEOS = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_TEXTS = ("text", "caption", "prompt")  # names of the column with the words


@dataclass(frozen=True)
class CaptionedFile:
    """A video or a picture, and what is said of it: ``captions`` of the whole, or ``cues`` along a video."""

    path: Path
    captions: tuple[str, ...] = ()
    cues: tuple[Cue, ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether it is a single picture."""
        return self.path.suffix.lower() in PICTURES

    def caption_at(self, seconds: float, rng: np.random.Generator) -> str:
        """What is said of this moment: the cue that holds there, or else the one nearest to it, or any caption."""
        if not self.cues:
            return self.captions[int(rng.integers(len(self.captions)))]
        return min(self.cues, key=lambda cue: max(cue.start - seconds, seconds - cue.end, 0.0)).text

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is said of it."""
        return self.captions + tuple(cue.text for cue in self.cues)


def find_captioned(folder: Path) -> tuple[list[CaptionedFile], list[Path]]:
    """All videos and pictures in a folder and the folders in it, by name.

    Returns:
        Those with a caption, and the paths of those without.

    Raises:
        MediaError: there is no such folder, nothing in it has a caption, or a list of captions cannot be read.
    """
    if not folder.is_dir():
        raise MediaError(f"There is no folder {folder}. Name one with videos, and a caption beside each.")
    listed: dict[Path, tuple[str, ...]] = {}
    for path, texts in _listed(folder):  # several rows of one file are several ways to say it
        listed[path] = listed.get(path, ()) + texts
    found, bare = [], []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in VIDEOS + PICTURES or not path.is_file():
            continue
        file = _captioned(path, listed.get(path, ()))
        if file.texts:
            found.append(file)
        else:
            bare.append(path)
    if not found:
        what = f"{bare[0].name} has no caption" if bare else f"it has no file that ends with {', '.join(VIDEOS)}"
        raise MediaError(
            f"There is nothing to learn from in {folder}: {what}. Put a text beside each video, such as cat.txt beside "
            "cat.mp4, or a metadata.csv with file_name and text into the folder."
        )
    return found, bare


def _captioned(path: Path, listed: tuple[str, ...]) -> CaptionedFile:
    if path.suffix.lower() in VIDEOS:
        for ending in (".srt", ".vtt"):
            cues = read_subtitles(_text(path.with_suffix(ending)))
            if cues:
                return CaptionedFile(path, cues=cues)
    return CaptionedFile(path, _lines(_text(path.with_suffix(".txt"))) or listed)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig", errors="replace") if path.is_file() else ""


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in (" ".join(raw.split()) for raw in text.splitlines()) if line)


def _listed(folder: Path) -> Iterable[tuple[Path, tuple[str, ...]]]:
    """Paths and captions of all lists of captions."""
    for path in sorted(folder.rglob("metadata.csv")):
        rows = csv.DictReader(io.StringIO(_text(path), newline=""))
        yield from _rows(path, enumerate(rows, start=2))
    for path in sorted(folder.rglob("metadata.jsonl")):
        lines = [(i, line) for i, line in enumerate(_text(path).splitlines(), start=1) if line.strip()]
        try:
            yield from _rows(path, [(i, json.loads(line)) for i, line in lines])
        except ValueError as error:
            raise MediaError(f"{path} cannot be read: {error}. Write one JSON object a line.") from None


def _rows(path: Path, rows: Iterable[tuple[int, object]]) -> Iterable[tuple[Path, tuple[str, ...]]]:
    for number, row in rows:
        name = row.get("file_name") if isinstance(row, Mapping) else None
        text = next((row[k] for k in _TEXTS if row.get(k)), None) if isinstance(row, Mapping) else None
        if not isinstance(name, str) or not isinstance(text, str):
            raise MediaError(f"Line {number} of {path} lacks file_name or text. Give both for each video.")
        words = " ".join(text.split())
        yield path.parent / name, (words,) if words else ()
