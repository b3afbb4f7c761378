"""One clip as one small file that a page can append to the film it is already playing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from phenaki.video.ffmpeg import H264, check_fps, run_ffmpeg, to_bt709, whole_file
from phenaki.video.frames import check_frames


def write_clip(frames: np.ndarray, path: Path, fps: float, size: int = 256) -> None:
    """Write a clip as a fragmented MP4 that stands on its own.

    Clips of one picture size, ``fps`` and ``size`` have the same codec parameters, so a MediaSource can append them one
    after the other, each at the place where the one before ends. ``path`` appears only once the file is whole.

    Args:
        frames: (f, H, W, 3) uint8, one frame or more. Where a side is odd, its last row or column is doubled.
        path: where to write; its folder must be there.
        fps: frames per second.
        size: the picture is enlarged smoothly by a whole factor until its longer side is at most this many pixels.

    Raises:
        ShapeError: ``frames`` is empty or has another shape or type.
        MediaError: the file cannot be written.
    """
    check_fps(fps)
    check_frames(frames)
    odd = [(0, side % 2) for side in frames.shape[1:3]]
    frames = np.pad(frames, ((0, 0), *odd, (0, 0)), mode="edge")
    _, height, width, _ = frames.shape
    factor = max(1, size // max(height, width))
    source = f"-f rawvideo -pix_fmt rgb24 -video_size {width}x{height} -framerate {fps:g} -i pipe:0".split()
    # a clip is over before a second thread has started
    codec = "-c:v libx264 -preset veryfast -crf 16 -threads 1 -filter_threads 1".split()
    # one key frame and so one fragment; everything that a player needs first comes first
    container = "-g 9999 -movflags frag_keyframe+empty_moov+default_base_moof -f mp4".split()
    with whole_file(Path(path)) as part:
        large = to_bt709(width * factor, height * factor)
        run_ffmpeg([*source, *codec, *large, *H264, *container, str(part)], frames.tobytes())
