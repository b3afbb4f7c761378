"""A film as a GIF that loops, with its project in a comment."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from phenaki.project import Project
from phenaki.video.encoder import Encoder

_EXTENSION, _COMMENT, _APPLICATION = 0x21, 0xFE, 0xFF

# A palette for each picture, chosen from a smaller one. On the example films that is 4 dB closer to the pictures than
# one palette for the film, flickers less and takes less time. With so many colours dithering only adds noise and bytes.
_COLOURS = (
    "split[small][whole];[small]scale='min(iw,256)':-1:flags=area,palettegen=stats_mode=single[palette];"
    "[whole][palette]paletteuse=new=1:dither=none"
)
# Whole pictures: the encoder would leave out what has the same numbers of colours as before, under another palette.
_WHOLE = ["-gifflags", "-transdiff-offsetting"]


class GifWriter:
    """Takes the pictures of a film, then writes the file."""

    share = 0.98  # of the work, that is done when the last picture has been taken

    def __init__(self, path: Path, scratch: Path, fps: float, project: Project | None) -> None:
        self._path, self._project = path, project
        self._bare = scratch / "film.gif"
        self._encoder = Encoder(self._bare, fps, "gif", "medium", ["-vf", _COLOURS, *_WHOLE, "-loop", "0"])

    def write(self, picture: np.ndarray) -> None:
        """Add one picture."""
        self._encoder.write(picture)

    def finish(self) -> Iterator[float]:
        """Write the file; yields the part done of what was left to do."""
        self._encoder.finish()
        yield 0.5
        with self._bare.open("rb") as source, self._path.open("wb") as target:
            _copy_with_comment(source, target, self._project)

    def close(self) -> None:
        """End what still runs."""
        self._encoder.close()


def _copy_with_comment(source: BinaryIO, target: BinaryIO, project: Project | None) -> None:
    """The project as a comment block in front of the pictures, in ASCII as the format asks."""
    start = _first_block(source)
    source.seek(start)
    marker = source.read(2)
    if marker == bytes([_EXTENSION, _APPLICATION]):  # the one that makes it loop stays first
        start = _skip_blocks(source)
    source.seek(0)
    target.write(source.read(start))
    if project is not None:
        text = json.dumps(json.loads(project.to_json())).encode()
        target.write(bytes([_EXTENSION, _COMMENT]))
        for at in range(0, len(text), 255):
            piece = text[at : at + 255]
            target.write(bytes([len(piece)]) + piece)
        target.write(b"\0")
    shutil.copyfileobj(source, target)


def read_gif_comment(file: BinaryIO, limit: int) -> bytes | None:
    """The first comment in front of the first picture, up to ``limit`` bytes; None where there is none."""
    file.seek(_first_block(file))
    while (marker := file.read(2)) and marker[0] == _EXTENSION:
        text = bytearray()
        while length := int.from_bytes(file.read(1), "big"):
            text += file.read(length)
            if len(text) > limit:
                break
        if marker[1:] == bytes([_COMMENT]):
            return bytes(text)
    return None


def _first_block(file: BinaryIO) -> int:
    """Where the first block behind the header and the palette begins."""
    file.seek(10)
    (flags,) = struct.unpack("B", file.read(1) or b"\0")
    return 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)


def _skip_blocks(file: BinaryIO) -> int:
    """The place behind the pieces of a block."""
    while length := int.from_bytes(file.read(1), "big"):
        file.seek(length, 1)
    return file.tell()
