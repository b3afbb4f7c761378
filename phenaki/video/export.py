"""A finished film as an MP4 that every browser plays, with the project that made it inside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from phenaki.errors import MediaError, ProjectError, ShapeError
from phenaki.project import MAX_PROJECT_BYTES, Project
from phenaki.video.ffmpeg import H264, check_fps, encoder_failed, run_ffmpeg, whole_file
from phenaki.video.frames import enlarge

if TYPE_CHECKING:
    from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter


def export_mp4(
    clips: Iterable[np.ndarray], path: Path, fps: float, project: Project | None = None, size: int = 512
) -> int:
    """Write a film clip by clip; memory does not grow with its length.

    Args:
        clips: each (f, H, W, 3) uint8, all of one picture size.
        path: where to write; the file appears there once it is whole.
        fps: frames per second.
        project: goes into the file's comment tag as JSON; ``read_project`` gets it back.
        size: the picture is enlarged by a whole factor until its longer side is at most this many pixels.

    Returns:
        The number of frames written.

    Raises:
        ShapeError: a clip is empty, or differs from the first in its picture size.
        MediaError: there is no clip, or the file cannot be written.
        ProjectError: the project is too large to be read back.
    """
    check_fps(fps)
    tags = _tags(project)
    with whole_file(Path(path)) as part, TemporaryDirectory(prefix=".film-", dir=part.parent) as scratch:
        film = Path(scratch) / "film.mp4"
        num_frames = _encode(clips, film, fps, size)
        # a second pass without re-encoding: it takes a tag of any length and moves the index to the front
        inputs = ["-i", str(film), "-f", "ffmetadata", "-i", "pipe:0"]
        copy = "-map 0:v -map_metadata 1 -c copy -fflags +bitexact -movflags +faststart -f mp4".split()
        run_ffmpeg([*inputs, *copy, str(part)], tags)
    return num_frames


def _encode(clips: Iterable[np.ndarray], path: Path, fps: float, size: int) -> int:
    """Encode ``clips`` to ``path``; return the number of frames."""
    # moviepy takes 0.4 s to import and reads a .env file, so only an export pays for it
    from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter

    # a key frame every two seconds lets a viewer jump about in a long film
    options = [*H264, "-crf", "14", "-g", str(max(1, round(2 * fps)))]
    writer: FFMPEG_VideoWriter | None = None
    process: Popen[bytes] | None = None  # the writer forgets its process when it is closed
    shape: tuple[int, ...] = ()
    num_frames = 0
    # the process writes its words to a file: a pipe that nobody reads would fill up and stop it
    with path.with_suffix(".log").open("w+", encoding="utf-8", errors="replace") as log:
        try:
            for clip in clips:
                large = enlarge(clip, size)
                if writer is None:
                    shape = clip.shape[1:]
                    writer = FFMPEG_VideoWriter(str(path), large.shape[2:0:-1], fps, logfile=log, ffmpeg_params=options)
                    process = writer.proc
                elif clip.shape[1:] != shape:
                    raise ShapeError(f"A clip has pictures of shape {clip.shape[1:]}; the film began with {shape}.")
                _write_frames(writer, large)
                num_frames += len(large)
        finally:
            if writer is not None:
                writer.close()
        if process is None:
            raise MediaError("There is no clip to export. Generate at least one segment first.")
        if process.returncode:
            log.seek(0)
            raise encoder_failed(log.read())
    return num_frames


def _write_frames(writer: FFMPEG_VideoWriter, frames: np.ndarray) -> None:
    try:
        for frame in frames:
            writer.write_frame(frame)
    except OSError as error:
        raise encoder_failed(str(error)) from None


def _tags(project: Project | None) -> bytes:
    """A metadata file for ffmpeg with the project in its comment tag."""
    if project is None:
        return b";FFMETADATA1\n"
    text = project.to_json()
    if len(text.encode()) > MAX_PROJECT_BYTES:
        raise ProjectError(
            f"The project has {len(text.encode())} bytes; {MAX_PROJECT_BYTES} are accepted. Use a smaller start image."
        )
    for special in "\\=;#\n":  # the backslash first, or it would escape the others' escapes
        text = text.replace(special, "\\" + special)
    return f";FFMETADATA1\ncomment={text}\n".encode()
