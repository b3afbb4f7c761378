"""An encoder that takes pictures one by one: moviepy's, which can also be ended in mid-film."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING

import numpy as np

from phenaki.video.ffmpeg import encoder_failed

if TYPE_CHECKING:
    from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter


class Encoder:
    """Pictures of one size in, a video file out. It starts with the first picture."""

    def __init__(self, path: Path, fps: float, codec: str, preset: str, options: list[str]) -> None:
        self.num_frames = 0
        self._path, self._fps, self._codec, self._preset, self._options = path, fps, codec, preset, options
        # the process writes its words to a file: a pipe that nobody reads would fill up and stop it
        self._log = path.with_suffix(".log").open("w+", encoding="utf-8", errors="replace")
        self._writer: FFMPEG_VideoWriter | None = None
        self._process: Popen[bytes] | None = None  # the writer forgets its process when it is closed

    def write(self, picture: np.ndarray) -> None:
        """Add one picture, (H, W, 3) uint8.

        Raises:
            MediaError: the encoder failed.
        """
        if self._writer is None:
            # moviepy takes 0.4 s to import and reads a .env file, so only an export pays for it
            from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter

            size = picture.shape[1], picture.shape[0]
            self._writer = FFMPEG_VideoWriter(
                str(self._path), size, self._fps, self._codec, None, None, self._preset,
                logfile=self._log, ffmpeg_params=self._options,
            )  # fmt: skip
            self._process = self._writer.proc
        try:
            self._writer.write_frame(picture)
        except OSError as error:
            raise encoder_failed(str(error)) from None
        self.num_frames += 1

    def finish(self) -> None:
        """Wait until the file is whole.

        Raises:
            MediaError: the encoder failed.
        """
        assert self._writer is not None and self._process is not None
        with suppress(OSError):  # it died before it had read everything; its exit code tells
            self._writer.close()
        if self._process.wait():
            self._log.seek(0)
            raise encoder_failed(self._log.read())

    def close(self) -> None:
        """End the process if it still runs, whatever it was doing."""
        if self._process is not None:
            self._process.kill()
            with suppress(OSError):
                self._writer.close()
            self._process.wait()
        self._log.close()
