"""Clips to write, and what a player would make of the files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 40), (20, 40, 220), (128, 128, 128)


def colour_clip(*colours: tuple[int, int, int], height: int = 32, width: int = 32) -> np.ndarray:
    """One frame for each colour, (f, height, width, 3) uint8."""
    return np.broadcast_to(np.array(colours, np.uint8)[:, None, None], (len(colours), height, width, 3))


def decode(path: Path) -> np.ndarray:
    """Frames of a video file, (f, H, W, 3) uint8."""
    reader = imageio_ffmpeg.read_frames(str(path))
    width, height = next(reader)["size"]
    return np.stack([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader])


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Kind and content of each box of an MP4, or of the content of one box."""
    at = 0
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind.decode("latin-1"), data[at + 8 : at + length]
        at += length
