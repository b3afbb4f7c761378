"""A video of the user's own as the beginning of a film."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from phenaki.errors import MediaError
from phenaki.video.ffmpeg import check_fps, ffmpeg_binary

# Containers that hold their pictures themselves. Others, such as playlists, name further files or addresses to read.
_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,mpeg,mpegts,mpegvideo,m4v,h264,hevc,av1,ivf,obu,ogg,flv,"
    "asf,nut,mxf,dv,wtv,yuv4mpegpipe"
)
_MAX_PIXELS = 40_000_000  # of one frame: 8K and a little
_MAX_WAIT = 120  # seconds, and as long again for each minute that is read
_REASONS = {  # the decoder's words -> ours
    "not on whitelist": "it is none of the kinds of file that are accepted",
    "matches no streams": "it has no pictures",
    "exceeds specified max pixel": "its pictures are too large",
    "moov atom not found": "it is no video, or it is cut short",
    "Invalid data found": "it is no video, or it is damaged",
}


def read_footage(
    source: bytes | str | Path, height: int, width: int, fps: float, max_seconds: float = 8.0
) -> np.ndarray:
    """Read the beginning of a video file, cropped around its centre.

    Args:
        source: a file, or its content: MP4, MOV, WebM, MKV, AVI, GIF and others.
        height: of the result, in pixels.
        width: of the result, in pixels.
        fps: frames per second of the result; frames of the video are left out or repeated.
        max_seconds: what comes later is left out.

    Returns:
        (f, height, width, 3) uint8, one frame or more.

    Raises:
        MediaError: the file is missing, is no video, or is damaged from the start.
    """
    check_fps(fps)
    if isinstance(source, bytes):
        with TemporaryDirectory(prefix="footage-") as folder:  # some containers are read from their end
            path = Path(folder) / "video"
            path.write_bytes(source)
            return _decode(path, height, width, fps, max_seconds)
    path = Path(source)
    if not path.is_file():
        raise MediaError(f"There is no video {path}. Check the path.")
    return _decode(path.absolute(), height, width, fps, max_seconds)


def _decode(path: Path, height: int, width: int, fps: float, max_seconds: float) -> np.ndarray:
    num_frames = max(1, round(max_seconds * fps))
    filters = (
        f"fps={fps:g},scale=iw*sar:ih,setsar=1,"  # pixels may be oblong
        f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=lanczos+accurate_rnd+full_chroma_int,"
        f"crop={width}:{height}"
    )
    safety = f"-protocol_whitelist file -format_whitelist {_CONTAINERS} -max_pixels {_MAX_PIXELS}".split()
    what = ["-t", f"{max_seconds:g}", "-i", f"file:{path}", "-map", "0:V:0", "-vf", filters]
    output = ["-frames:v", str(num_frames), *"-f rawvideo -pix_fmt rgb24 pipe:1".split()]
    command = [ffmpeg_binary(), *"-hide_banner -loglevel error -nostdin".split(), *safety, *what, *output]
    wait = _MAX_WAIT * (1 + max_seconds / 60)
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=wait)
    except OSError as error:
        raise MediaError(f"The decoder cannot be started ({error}). Reinstall the package imageio-ffmpeg.") from None
    except subprocess.TimeoutExpired:
        raise MediaError(f"The video was not read within {wait:.0f} seconds. Use a smaller one.") from None
    frames = np.frombuffer(done.stdout, np.uint8)
    size = height * width * 3
    if len(frames) < size:
        raise MediaError(
            f"This is no video that can be read ({_reason(done.stderr)}). Use an MP4, WebM, MOV or GIF file."
        )
    return frames[: len(frames) // size * size].reshape(-1, height, width, 3).copy()


def _reason(stderr: bytes) -> str:
    """Why nothing was read; without addresses in memory, and the name of a file that the user never saw."""
    said = stderr.decode(errors="replace").strip()
    for theirs, ours in _REASONS.items():
        if theirs in said:
            return ours
    return said.splitlines()[0].rpartition("] ")[2][:80] if said else "it has no frames"
