"""A film as a zip of PNG files, with its project and its captions."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from PIL import Image

from phenaki.project import Project
from phenaki.video.captions import Caption, srt_text

PROJECT_NAME, CAPTIONS_NAME = "project.json", "captions.srt"


class PngZipWriter:
    """Takes the pictures of a film, each of which goes into the file at once."""

    share = 1.0  # of the work, that is done when the last picture has been taken

    def __init__(self, path: Path, project: Project | None, captions: Iterable[Caption]) -> None:
        self._zip = ZipFile(path, "w")
        self._project, self._captions = project, list(captions)
        self._num_frames = 0

    def write(self, picture: np.ndarray) -> None:
        """Add one picture."""
        data = io.BytesIO()
        Image.fromarray(picture).save(data, "PNG", compress_level=4)
        self._add(f"{self._num_frames:05d}.png", data.getvalue(), ZIP_STORED)
        self._num_frames += 1

    def finish(self) -> Iterator[float]:
        """Write what is no picture."""
        if self._captions:
            self._add(CAPTIONS_NAME, srt_text(self._captions).encode(), ZIP_DEFLATED)
        if self._project is not None:
            self._add(PROJECT_NAME, self._project.to_json().encode(), ZIP_DEFLATED)
        self._zip.close()
        yield 1.0

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def _add(self, name: str, data: bytes, compression: int) -> None:
        entry = ZipInfo(name)  # with the format's first day as its date: the same film gives the same file
        entry.compress_type = compression
        self._zip.writestr(entry, data)
