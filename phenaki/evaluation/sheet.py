"""A contact sheet of uncurated samples: the first films of an evaluation, with prompts and the judge's verdicts."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from phenaki.errors import MediaError
from phenaki.evaluation.adherence import JudgedClip
from phenaki.evaluation.evaluate import Watcher
from phenaki.world.contact_sheet import Panel, contact_sheet

SAMPLES = {"iid": 12, "held-out pairs": 6, "paraphrases": 6}  # clips of each split on a sheet
STORIES = 8  # 32 samples in all
A_ROW = 3  # clips side by side
AROUND = 2  # frames on either side of a seam
LIMIT = 900_000  # bytes of the picture file
SIDES = (128, 96, 64)  # pixels of a frame on the sheet, the next one if the file is too large
KINDS = {".webp": "WEBP", ".png": "PNG"}
SEAM_TEXT = "At the seam: the last two frames before it, the first two behind it"


class SampleCollector(Watcher):
    """Shows progress on stderr and keeps the first films for a contact sheet."""

    def __init__(
        self, *, in_place: bool, keep: bool, prime_frames: int,
        enlarge: Callable[[np.ndarray], np.ndarray] = lambda frames: frames,
    ) -> None:  # fmt: skip
        """Set up.

        Args:
            in_place: each line of progress replaces the one before.
            keep: films; else only progress is shown.
            prime_frames: frames before the cut that are judged with those behind it.
            enlarge: makes pictures larger and sharper, if the model can.
        """
        self._in_place, self._keep, self._prime, self._enlarge = in_place, keep, prime_frames, enlarge
        self._clips: dict[str, list[Panel]] = {split: [] for split in SAMPLES}
        self._stories: list[list[Panel]] = []
        self._lines = 0

    def progress(self, line: str) -> None:
        """Show every line in place, or every sixteenth below the other."""
        if self._in_place:
            sys.stderr.write(f"\r\x1b[K{line}")
        elif self._lines % 16 == 0:
            sys.stderr.write(f"{line}\n")
        self._lines += 1
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line of progress."""
        if self._in_place and self._lines:
            sys.stderr.write("\n")

    def clip(self, split: str, clip: JudgedClip) -> None:
        if self._keep and len(self._clips.get(split, ())) < SAMPLES.get(split, 0):
            self._clips[split].append(Panel(self._enlarge(clip.frames), sample_text(clip)))

    def story(self, first: JudgedClip, second: JudgedClip) -> None:
        if self._keep and len(self._stories) < STORIES:
            prime = self._prime
            before, after = self._enlarge(first.frames), self._enlarge(second.frames)
            self._stories.append(
                [
                    Panel(before, sample_text(first)),
                    Panel(after[prime - AROUND : prime + AROUND], SEAM_TEXT),
                    Panel(after[prime:], sample_text(second)),
                ]
            )

    def rows(self) -> list[list[Panel]]:
        """Clips in rows, split after split, then a row for each story."""
        rows = [panels[i : i + A_ROW] for panels in self._clips.values() for i in range(0, len(panels), A_ROW)]
        return rows + self._stories


def sample_text(clip: JudgedClip) -> str:
    """Prompt and verdict of a clip; what the judge misses is named."""
    wrong = [
        f"{name} {seen}, not {wanted}"
        for name in vars(clip.wanted)
        if (seen := getattr(clip.verdict, name)) != (wanted := getattr(clip.wanted, name))
    ]
    return f"{clip.prompt}\nJudge: {'; '.join(wrong) or 'all right'}"


def check_sheet_file(path: Path) -> None:
    """Raise ``MediaError`` unless a sheet can be written in that format."""
    if path.suffix.lower() not in KINDS:
        raise MediaError(f"A sheet was asked for as {path.name!r}; use a name that ends in {' or '.join(KINDS)}.")


def save_samples(rows: Sequence[Sequence[Panel]], path: Path) -> None:
    """Write a sheet of at most ``LIMIT`` bytes: as good, then as large a picture as that allows.

    Raises:
        ConfigError: there is no row.
        MediaError: the format is another, or the file cannot be written.
    """
    check_sheet_file(path)
    data = b""
    for side in SIDES:
        for data in _encoded(contact_sheet(rows, side=side), KINDS[path.suffix.lower()]):
            if len(data) <= LIMIT:
                break
        if len(data) <= LIMIT:
            break
    try:
        path.write_bytes(data)
    except OSError as error:
        raise MediaError(f"The sheet cannot be written to {path} ({error}). Use a folder that exists.") from None


def _encoded(sheet: Image.Image, kind: str) -> Iterator[bytes]:
    """The file, smaller and coarser each time."""
    if kind == "WEBP":
        choices = [(sheet, {"quality": quality, "method": 4}) for quality in (88, 80, 70)]
    else:
        choices = [(sheet, {"optimize": True}), (sheet.quantize(256), {"optimize": True})]
    for picture, options in choices:
        file = io.BytesIO()
        picture.save(file, kind, **options)
        yield file.getvalue()
