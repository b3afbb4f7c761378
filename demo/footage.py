"""Videos that films begin with, on disk under a hash of what is in them."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from io import BytesIO
from pathlib import Path

from PIL import Image

from demo.document import Document
from phenaki import MediaError, unpack_frames

POSTER_PIXELS = 96


class FootageStore:
    """The packed frames of videos that were sent here.

    Args:
        folder: where they lie.
        max_seconds: what nobody has used for so long is removed.
        max_bytes: of all of them.
    """

    def __init__(self, folder: Path, max_seconds: float, max_bytes: float) -> None:
        self.folder = folder
        self._max_seconds, self._max_bytes = max_seconds, max_bytes

    def keep(self, data: bytes) -> Document:
        """Keep packed frames, as the document names them."""
        name = hashlib.sha256(data).hexdigest()
        self.folder.mkdir(exist_ok=True)
        self._path(name).write_bytes(data)
        frames = unpack_frames(data)
        poster = BytesIO()
        Image.fromarray(frames[0]).resize((POSTER_PIXELS, POSTER_PIXELS)).save(poster, "webp")
        url = f"data:image/webp;base64,{base64.b64encode(poster.getvalue()).decode()}"
        return {"id": name, "num_frames": len(frames), "poster": url}

    def read(self, name: str) -> bytes:
        """Packed frames by their name.

        Raises:
            MediaError: they are no longer here.
        """
        path = self._path(name)
        try:
            os.utime(path)  # it is in use
            return path.read_bytes()
        except OSError:
            raise MediaError(
                "The video that this film begins with is no longer here. Choose it again, or remove it."
            ) from None

    def clean(self) -> None:
        """Remove what is too old or too much; what was used longest ago goes first."""
        oldest, room = time.time() - self._max_seconds, self._max_bytes
        files = [(path.stat(), path) for path in self.folder.glob("*")]
        for stat, path in sorted(files, key=lambda file: file[0].st_mtime, reverse=True):
            room -= stat.st_size
            if stat.st_mtime < oldest or room < 0:
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.webp"
