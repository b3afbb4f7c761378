"""How a film leaves: the kind of file, the size of its pictures, its speed, and whether the prompts are drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from phenaki.errors import ConfigError, MediaError, shown

ExportFormat = Literal["mp4", "webm", "gif", "png", "srt", "vtt", "otio"]
Enlargement = Literal["smooth", "nearest"]

# file name extension of each format
EXTENSIONS: dict[str, str] = {
    "mp4": ".mp4",
    "webm": ".webm",
    "gif": ".gif",
    "png": ".zip",
    "srt": ".srt",
    "vtt": ".vtt",
    "otio": ".otio",
}
MIN_SIZE, MAX_SIZE = 32, 2048  # pixels
MAX_FPS = 120.0
MAX_GIF_FPS = 50.0  # browsers slow down a GIF whose pictures stay for less than two hundredths of a second


@dataclass(frozen=True)
class ExportConfig:
    """Options of ``export_film``.

    Raises:
        ConfigError: one of them is out of range.
    """

    format: ExportFormat = "mp4"  # png: a zip of PNG frames; otio: an OpenTimelineIO file for editors
    size: int = 512  # pixels of the longer side, even
    enlarge: Enlargement = "smooth"  # nearest: square pixels, by the greatest whole factor that fits into `size`
    fps: float | None = None  # frames per second; None: the film's own. Frames are repeated or dropped, never slowed
    burn_captions: bool = False  # draw the prompts into the lower part of the picture

    def __post_init__(self) -> None:
        if not isinstance(self.format, str) or self.format not in EXTENSIONS:
            raise ConfigError(f"The format is {shown(self.format)}; use one of {', '.join(EXTENSIONS)}.")
        size_ok = isinstance(self.size, int) and not isinstance(self.size, bool)
        if not size_ok or not MIN_SIZE <= self.size <= MAX_SIZE or self.size % 2:
            raise ConfigError(f"The size is {shown(self.size)}; use an even number from {MIN_SIZE} to {MAX_SIZE}.")
        if self.enlarge not in ("smooth", "nearest"):
            raise ConfigError(f"Enlargement is {shown(self.enlarge)}; use 'smooth' or 'nearest'.")
        fps_ok = isinstance(self.fps, int | float) and not isinstance(self.fps, bool)
        if self.fps is not None and (not fps_ok or not 1 <= self.fps <= self.max_fps):
            raise ConfigError(
                f"A {self.format} file with {shown(self.fps)} frames per second is not made; "
                f"use a number from 1 to {self.max_fps:g}, or none for the film's own."
            )
        if not isinstance(self.burn_captions, bool):
            raise ConfigError(f"burn_captions is {shown(self.burn_captions)}; use True or False.")

    @property
    def extension(self) -> str:
        """What the file's name ends with, such as ``.mp4``."""
        return EXTENSIONS[self.format]

    @property
    def has_pictures(self) -> bool:
        """False for a file of text only: captions, or a timeline for an editor."""
        return self.format in ("mp4", "webm", "gif", "png")

    @property
    def max_fps(self) -> float:
        """The most frames per second that this format shows."""
        return MAX_GIF_FPS if self.format == "gif" else MAX_FPS

    def picture_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width, both even, that pictures of ``height`` x ``width`` leave with.

        Smooth gives exactly ``size``. Nearest enlarges by a whole factor, so the longer side may come out shorter than
        ``size``; only an odd side then grows by one.

        Raises:
            MediaError: the pictures are larger than ``size`` already and would have to be shrunk by nearest.
        """
        longer = max(height, width)
        if self.enlarge == "nearest":
            if longer > self.size:
                raise MediaError(
                    f"The pictures have {longer} pixels on their longer side; 'nearest' cannot shrink them to "
                    f"{self.size}. Use a larger size, or 'smooth'."
                )
            factor = self.size // longer
            return _next_even(height * factor), _next_even(width * factor)
        return _even(height * self.size / longer), _even(width * self.size / longer)


def _even(side: float) -> int:
    return max(2, 2 * round(side / 2))


def _next_even(side: int) -> int:
    return side + side % 2
