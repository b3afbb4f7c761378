"""Clips to write, films that carry projects, and what a player would make of the files."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import imageio_ffmpeg
import numpy as np
from PIL import Image, ImageSequence

from phenaki.config import SamplingConfig
from phenaki.project import Project
from phenaki.timeline import Segment, Timeline
from phenaki.video import ExportConfig, export_film

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 40), (20, 40, 220), (128, 128, 128)
STORY = Timeline((Segment("a fox walks right", 1.375), Segment("it jumps", 1.5, seed=7)), seed=3)

# what a file format, a shell or a page might take for its own
STRANGE_PROMPTS = [
    "a fox walks right",
    "= ; # \\ ; comment=x \\= \\\\ \\n",
    "line one\nline two\r\n;FFMETADATA1\n[CHAPTER]\ttab",
    "\"double\" 'single' `back` ${dollar} {{brace}} <img onerror=x> & 100% $HOME --> {\\an8}",
    "ein Fuchs läuft · 狐狸 · 🦊 👩\u200d🚀 \u2028\u2029\x7f\x01\x00end",
    "  spaces around  ",
]


def project_of(prompt: str) -> Project:
    """A project in which nothing is as it is by default."""
    timeline = Timeline((Segment(prompt, 1.375, seed=1, start_image=b"\x89PNG"), Segment("it jumps", 1.5)), seed=9)
    return Project(timeline, SamplingConfig(num_inference_steps=5, guidance_scale=2.5), "tiny", "Winter")


def project_with(image: bytes) -> Project:
    """A project that begins with this image file."""
    return Project(Timeline((Segment("a fox walks right", 1.375, start_image=image),)))


def colour_clip(*colours: tuple[int, int, int], height: int = 32, width: int = 32) -> np.ndarray:
    """One frame for each colour, (f, height, width, 3) uint8."""
    return np.broadcast_to(np.array(colours, np.uint8)[:, None, None], (len(colours), height, width, 3))


def counting_clip(*numbers: int, height: int = 32, width: int = 32) -> np.ndarray:
    """One grey frame for each number; ``numbers_in`` finds the numbers again."""
    return colour_clip(*((20 * n + 10,) * 3 for n in numbers), height=height, width=width)


def numbers_in(frames: np.ndarray) -> list[int]:
    return [round((float(frame.mean()) - 10) / 20) for frame in frames]


def export(clips: list[np.ndarray], path: Path, config: ExportConfig, fps: float = 8, **options: object) -> list[float]:
    """Export to the end; the parts that were told on the way."""
    return list(export_film(clips, path, fps, config, **options))


def decode(path: Path) -> np.ndarray:
    """Frames of a film, (f, H, W, 3) uint8."""
    if path.suffix == ".gif":
        with Image.open(path) as image:
            return np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)])
    if path.suffix == ".zip":
        with ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".png")]
            return np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in names])
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
