"""What the app may be told at its start, and the limits that it keeps."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from phenaki import ConfigError

REPOSITORY = Path(__file__).resolve().parent.parent
STORIES = Path(__file__).resolve().parent / "stories"


def default_data_folder() -> Path:
    """Where films live between two starts of the app: the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "phenaki"


@dataclass(frozen=True)
class AppSettings:
    """Options of one running app."""

    model: str = "toy-64"  # name of a shipped model, or a folder of weights
    preset: str | None = None  # sizes with random weights instead of a trained model
    device: str = "auto"
    host: str = "127.0.0.1"
    port: int | None = None  # None: the first free one from 7860
    open_browser: bool = True
    upsampling: bool = True  # show and export the sharper pictures of the model's upsampler, where it has one
    mcp: bool = False  # offer the named endpoints to agents, too
    data: Path = field(default_factory=default_data_folder)  # films of all sessions
    examples: Path = REPOSITORY / "assets" / "examples"
    clip_size: int = 256  # pixels on a side of the clips that the page plays
    max_jobs_waiting: int = 16
    max_session_days: float = 14.0  # a session that nobody opens is removed after this long
    max_session_megabytes: float = 1024.0  # of one session; the clips that were used longest ago go first
    max_total_megabytes: float = 8192.0  # of all sessions; the sessions that were used longest ago go first
    max_footage_megabytes: float = 1024.0  # of all videos that films begin with; those used longest ago go first
    max_upload_megabytes: int = 256  # a film that is opened again, or a video that a film begins with

    def __post_init__(self) -> None:
        if self.clip_size < 16 or self.clip_size % 2:
            raise ConfigError(f"clip_size is {self.clip_size}; use an even number of pixels, 16 or more.")
        if self.port is not None and not 0 < self.port < 65536:
            raise ConfigError(f"The port is {self.port}; use a number from 1 to 65535.")
        for name in (
            "max_session_days", "max_session_megabytes", "max_total_megabytes", "max_footage_megabytes",
            "max_jobs_waiting",
        ):  # fmt: skip
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; use a number above 0.")
