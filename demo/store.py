"""Finished clips on disk, under keys that say all that decides their pixels (``PlannedClip.key``)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from phenaki import FramesReady, write_clip

THUMBNAIL_PIXELS = 128

Enlarge = Callable[[np.ndarray], np.ndarray]  # (f, H, W, 3) uint8 to larger pictures


@dataclass(frozen=True)
class ClipFiles:
    """A finished clip."""

    movie: Path  # fragmented MP4 for the page
    thumbnail: Path
    read: Callable[[], np.ndarray]  # (f, H, W, 3) uint8, as the model made them
    read_end: Callable[[], np.ndarray]  # what the next clip inherits: ``FramesReady.end_token_ids``


class ClipStore:
    """The clips of one session. Reading is safe from any thread, writing is left to one.

    Args:
        folder: where they lie.
        shipped: clips that came with the app, which every session has from the start.
    """

    def __init__(self, folder: Path, shipped: Mapping[str, ClipFiles]) -> None:
        self.folder = folder
        self._shipped = shipped
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.npy"):  # of versions that kept no tokens; nothing finds these clips any more
            for part in self._parts(path):
                part.unlink(missing_ok=True)
        self._keys = {path.stem for path in folder.glob("*.npz")}

    def __contains__(self, key: object) -> bool:
        return key in self._keys or key in self._shipped

    def find(self, key: str) -> ClipFiles | None:
        """The files of a clip, if it is finished."""
        if key in self._keys:
            path = self.folder / f"{key}.npz"
            movie, thumbnail = path.with_suffix(".mp4"), path.with_suffix(".webp")
            return ClipFiles(movie, thumbnail, lambda: _load(path, "frames"), lambda: _load(path, "end"))
        return self._shipped.get(key)

    def add(self, key: str, clip: FramesReady, size: int, enlarge: Enlarge) -> None:
        """Keep a clip. It is found only when all of its files are whole.

        Args:
            key: what decides its pixels.
            clip: what the model made.
            size: pixels on a side of the movie.
            enlarge: makes the pictures of movie and thumbnail out of the frames.
        """
        path = self.folder / f"{key}.npz"
        large = enlarge(clip.frames)
        write_clip(large, path.with_suffix(".mp4"), clip.fps, size=size)
        write_thumbnail(large, path.with_suffix(".webp"))
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, frames=clip.frames, end=clip.end_token_ids)
        os.replace(part, path)
        self._keys.add(key)

    def touch(self, key: str) -> None:
        """Note that a clip is in use."""
        if key in self._keys:
            with contextlib.suppress(OSError):
                os.utime(self.folder / f"{key}.npz")

    def take(self, key: str) -> Path:
        """Where the movie of a whole take lies, and how long: it is named after its last clip, and goes with it."""
        return self.folder / f"{key}.take.mp4"

    def shrink(self, max_bytes: float) -> None:
        """Remove the clips that were used longest ago, each with all of its files, until the rest fits."""
        found: list[tuple[float, int, Path]] = []
        for key in {path.name.partition(".")[0] for path in self.folder.iterdir()}:
            path = self.folder / f"{key}.npz"
            with contextlib.suppress(OSError):  # it has vanished meanwhile
                stats = [part.stat() for part in self._parts(path)]
                if stats:
                    found.append((stats[0].st_mtime, sum(stat.st_size for stat in stats), path))
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= max_bytes:
                return
            total -= size
            self._keys.discard(path.stem)
            with contextlib.suppress(OSError):  # Windows keeps a file that is being read; its turn comes again
                for part in self._parts(path):
                    part.unlink(missing_ok=True)

    def _parts(self, path: Path) -> list[Path]:
        """The files of a clip that are there, first the one that is touched when the clip is used."""
        others = [path.with_suffix(suffix) for suffix in (".mp4", ".webp", ".take.mp4")]
        return [part for part in (path, *others) if part.is_file()]


def _load(path: Path, name: str) -> np.ndarray:
    with np.load(path, allow_pickle=False) as arrays:
        return arrays[name]


def write_thumbnail(frames: np.ndarray, path: Path) -> None:
    """A small picture of a clip's middle frame; ``frames`` is (f, H, W, 3) uint8."""
    image = Image.fromarray(frames[len(frames) // 2])
    image.resize((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Image.Resampling.BICUBIC).save(path, quality=85)
