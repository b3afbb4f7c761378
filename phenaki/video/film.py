"""The frames of a movie file, read little by little."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from phenaki.errors import MediaError

CLIP_FRAMES = 8  # how many are in memory at a time


@dataclass(frozen=True)
class Film:
    """A movie that is being read. Its clips can be gone through once."""

    clips: Iterator[np.ndarray]  # each (f, H, W, 3) uint8
    fps: float
    height: int
    width: int
    num_frames: int  # as the file's length tells; one that is damaged may hold fewer


@contextmanager
def open_film(path: Path) -> Iterator[Film]:
    """Read a movie; at the end the decoder is ended, however far it came.

    Raises:
        MediaError: there is no such file, or it is no movie.
    """
    import imageio_ffmpeg

    path = Path(path)
    if not path.is_file():
        raise MediaError(f"There is no file {path}. Check the path.")
    reader = imageio_ffmpeg.read_frames(str(path))
    try:
        try:
            about = next(reader)
        except (OSError, RuntimeError, StopIteration):
            raise MediaError(f"{path.name} is no movie that can be read. Use one exported by this program.") from None
        num_frames = max(1, round(about["duration"] * about["fps"]))
        width, height = about["size"]
        yield Film(_clips(reader, height, width), about["fps"], height, width, num_frames)
    finally:
        reader.close()


def _clips(reader: Iterator[bytes], height: int, width: int) -> Iterator[np.ndarray]:
    clip: list[np.ndarray] = []
    for frame in reader:
        clip.append(np.frombuffer(frame, np.uint8).reshape(height, width, 3))
        if len(clip) == CLIP_FRAMES:
            yield np.stack(clip)
            clip = []
    if clip:
        yield np.stack(clip)
