"""The encoder process: where its binary is, how it is run, and files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE
from tempfile import TemporaryFile

from phenaki.errors import MediaError

# H.264 that every browser plays
H264 = "-profile:v high -bf 0 -fflags +bitexact -flags:v +bitexact".split()


def to_bt709(width: int | str = "iw", height: int | str = "ih") -> list[str]:
    """Options that bring RGB pictures to a size, and to the colours that browsers play.

    They are converted to and labelled as BT.709: left unsaid, players guess by size. The cubic is that of Pillow. Video
    is stored with half the colour resolution; both steps being one keeps the colours of a small picture sharp.
    """
    smooth = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp:param0=0:param1=0.5"
    filters = (
        f"scale={width}:{height}:{smooth}:out_color_matrix=bt709:out_range=tv",
        "setparams=color_primaries=bt709:color_trc=bt709",
        "format=yuv420p",
    )
    return ["-vf", ",".join(filters)]


def ffmpeg_binary() -> str:
    """Path of the ffmpeg that comes with the imageio-ffmpeg package.

    Raises:
        MediaError: there is none for this platform.
    """
    import imageio_ffmpeg

    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise MediaError(f"No video can be written: {error} Reinstall the package imageio-ffmpeg.") from None


def run_ffmpeg(arguments: list[str], data: bytes) -> None:
    """Run ffmpeg to its end.

    Args:
        arguments: all but the binary; ``pipe:0`` is an input that reads ``data``.
        data: what its standard input gets.

    Raises:
        MediaError: it failed, with its own last words.
    """
    command = [ffmpeg_binary(), "-y", "-hide_banner", "-loglevel", "error", *arguments]
    try:
        done = subprocess.run(command, input=data, capture_output=True, check=False)
    except OSError as error:
        raise _no_encoder(error) from None
    if done.returncode:
        raise encoder_failed(done.stderr.decode(errors="replace"))


def follow_ffmpeg(arguments: list[str], num_frames: int) -> Iterator[float]:
    """Run ffmpeg to its end on files; leaving early ends it at once.

    Args:
        arguments: all but the binary.
        num_frames: how many frames it is going to write, or to read if it writes a single one.

    Yields:
        The part that is done, now and then.

    Raises:
        MediaError: it failed, with its own last words.
    """
    told = "-nostdin -loglevel error -progress pipe:1 -stats_period 0.1".split()
    command = [ffmpeg_binary(), "-y", "-hide_banner", *told, *arguments]
    # its words go to a file: a pipe that nobody reads would fill up and stop it
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as words:
        try:
            process = subprocess.Popen(command, stdin=DEVNULL, stdout=PIPE, stderr=words, text=True)
        except OSError as error:
            raise _no_encoder(error) from None
        assert process.stdout is not None
        try:
            part = 0.0
            for line in process.stdout:
                name, _, value = line.strip().partition("=")
                if name == "frame" and value.isdecimal():
                    part = min(1.0, int(value) / num_frames)
                elif name == "progress":
                    yield part
            process.wait()
        finally:
            process.kill()
            process.stdout.close()
            process.wait()
        if process.returncode:
            words.seek(0)
            raise encoder_failed(words.read())


def _no_encoder(error: OSError) -> MediaError:
    return MediaError(f"The encoder cannot be started ({error}). Reinstall the package imageio-ffmpeg.")


def encoder_failed(stderr: str) -> MediaError:
    """The error for a run of ffmpeg that ended badly."""
    last = (stderr.strip().splitlines() or ["it gave no reason"])[-1]
    return MediaError(f"The video cannot be written ({last:.200}). Check that the disk has room for it.")


def check_fps(fps: float) -> None:
    """Raise ``MediaError`` unless ``fps`` is a number of frames per second that players show."""
    if not 1 <= fps <= 240:
        raise MediaError(f"A video with {fps!r} frames per second cannot be written; use a number from 1 to 240.")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a name to write to; at the end that file takes the place of ``path``, or is deleted if anything was raised.

    Raises:
        MediaError: the folder is missing or cannot be written to.
    """
    path = path.absolute()
    part = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        if path.is_dir():
            raise MediaError(f"{path} is a folder; name a file in it, such as {path / 'film.mp4'}.")
        if not path.parent.is_dir():
            raise MediaError(f"There is no folder {path.parent} for {path.name}. Create it, or name another.")
        part.touch(exist_ok=False)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    try:
        yield part
        try:
            os.replace(part, path)
        except (OSError, ValueError) as error:
            raise _unwritable(path, error) from None
    finally:
        part.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError | ValueError) -> MediaError:
    reason = getattr(error, "strerror", None) or error
    return MediaError(f"{path} cannot be written ({reason}). Name a file in a folder that you can write to.")
