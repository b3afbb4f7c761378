"""What the app may be told at its start, and the limits that it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phenaki import ConfigError

REPOSITORY = Path(__file__).resolve().parent.parent
STORIES = Path(__file__).resolve().parent / "stories"


@dataclass(frozen=True)
class AppSettings:
    """Options of one running app."""

    model: str = "toy-64"  # name of a shipped model, or a folder of weights
    preset: str | None = None  # sizes with random weights instead of a trained model
    device: str = "auto"
    host: str = "127.0.0.1"
    port: int | None = None  # None: the first free one from 7860
    open_browser: bool = True
    examples: Path = REPOSITORY / "assets" / "examples"
    clip_size: int = 256  # pixels on a side of the clips that the page plays
    export_size: int = 512  # pixels on a side of an exported film
    max_jobs_waiting: int = 16
    max_job_hours: float = 12.0  # finished films are removed after this long without anyone looking
    max_upload_megabytes: int = 256  # a long film that is opened again

    def __post_init__(self) -> None:
        for name in ("clip_size", "export_size"):
            size = getattr(self, name)
            if size < 16 or size % 2:
                raise ConfigError(f"{name} is {size}; use an even number of pixels, 16 or more.")
        if self.port is not None and not 0 < self.port < 65536:
            raise ConfigError(f"The port is {self.port}; use a number from 1 to 65535.")
        if self.max_job_hours <= 0 or self.max_jobs_waiting < 1:
            raise ConfigError("max_job_hours must be above 0 and max_jobs_waiting at least 1.")
