"""A finished film as a file: a movie, pictures, captions or a timeline for an editor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import closing
from fractions import Fraction
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from phenaki.errors import MediaError, ShapeError
from phenaki.project import Project
from phenaki.video.burn import CaptionBurner
from phenaki.video.captions import Caption, cut, srt_text, vtt_text
from phenaki.video.export_config import ExportConfig
from phenaki.video.ffmpeg import check_fps, whole_file
from phenaki.video.frames import check_frames
from phenaki.video.gif import GifWriter
from phenaki.video.movie import MovieWriter
from phenaki.video.otio import otio_text
from phenaki.video.png_zip import PngZipWriter
from phenaki.video.resize import resize

Upscale = Callable[[np.ndarray], np.ndarray]


def export_film(
    clips: Iterable[np.ndarray],
    path: Path,
    fps: float,
    config: ExportConfig,
    *,
    captions: Iterable[Caption] = (),
    project: Project | None = None,
    num_frames: int | None = None,
    upscale: Upscale | None = None,
    movie: str | None = None,
) -> Iterator[float]:
    """Write a film clip by clip; memory does not grow with its length.

    The work is done while the result is gone through. Leaving it early (``close``) ends the encoder and leaves no file;
    a file that was there before stays as it was.

    Args:
        clips: each (f, H, W, 3) uint8, all of one picture size. Captions and timelines for editors do without them.
        path: where to write; the file appears there once it is whole, whatever its name ends with.
        fps: frames per second of the clips.
        config: the kind of file, its size and its speed.
        captions: the prompts; also what ``srt``, ``vtt`` and ``otio`` files are made of.
        project: goes into the file, except into captions; ``read_project`` gets it back.
        num_frames: of all clips; without it the parts are counted in clips, if ``clips`` has a length.
        upscale: enlarges a clip, (f, H, W, 3) to (f, kH, kW, 3), before it is brought to ``config.size``.
        movie: name of the movie that an ``otio`` file refers to; by default that of ``path`` with ``.mp4``.

    Yields:
        The part that is done, from 0 to 1.

    Raises:
        ShapeError: a clip is empty, or differs from the first in its picture size.
        MediaError: there is nothing to export, the file cannot be written, or ``nearest`` would have to shrink.
        ProjectError: the project is too large to be read back.
    """
    path = Path(path)
    check_fps(fps)
    captions = cut(captions, num_frames / fps) if num_frames else list(captions)
    rate = _exact(config.fps or fps)
    if rate > config.max_fps:
        raise MediaError(f"A {config.format} shows {config.max_fps:g} frames per second at most; choose a lower rate.")
    if project is not None:
        project.to_json()  # refuses one that is too large to be read back
    yield 0.0
    with whole_file(path) as part, TemporaryDirectory(prefix=".film-", dir=part.parent) as scratch:
        if not config.has_pictures:
            seconds = num_frames / fps if num_frames else max((c.end for c in captions), default=0.0)
            movie = movie or path.with_suffix(".mp4").name
            text = _text(config, captions, seconds, float(rate), movie, project)
            part.write_text(text, encoding="utf-8", newline="\n")
        else:
            with closing(_writer(part, Path(scratch), float(rate), config, captions, project)) as writer:
                burner = CaptionBurner(captions if config.burn_captions else ())
                for done, picture in _pictures(clips, fps, rate, config, burner, num_frames, upscale):
                    yield writer.share * done
                    writer.write(picture)
                yield writer.share
                for done in writer.finish():
                    yield writer.share + (1 - writer.share) * done
    yield 1.0


def _writer(
    path: Path, scratch: Path, fps: float, config: ExportConfig, captions: list[Caption], project: Project | None
) -> MovieWriter | GifWriter | PngZipWriter:
    if config.format == "gif":
        return GifWriter(path, scratch, fps, project)
    if config.format == "png":
        return PngZipWriter(path, project, captions)
    return MovieWriter(path, scratch, config.format, fps, project)


def _pictures(
    clips: Iterable[np.ndarray],
    fps: float,
    rate: Fraction,
    config: ExportConfig,
    burner: CaptionBurner,
    num_frames: int | None,
    upscale: Upscale | None,
) -> Iterator[tuple[float, np.ndarray]]:
    """Each picture of the file, with the part of the film that lies before it."""
    faster = rate / _exact(fps)
    num_clips = len(clips) if isinstance(clips, Sized) else None
    shape: tuple[int, ...] | None = None
    index = 0
    for i, clip in enumerate(clips):
        check_frames(clip)
        shape = shape or clip.shape[1:]
        if clip.shape[1:] != shape:
            raise ShapeError(f"A clip has pictures of shape {clip.shape[1:]}; the film began with {shape}.")
        large = _upscaled(clip, upscale) if upscale else clip
        for j, picture in enumerate(large):
            # frame k of the file shows what is seen at its moment, so this picture is shown by all k in between
            times = ceil((index + 1) * faster) - ceil(index * faster)
            if times:
                shown = burner.draw(resize(picture, config), (index + 0.5) / fps)
                if num_frames:
                    done = min(1.0, index / num_frames)
                else:
                    done = (i + j / len(large)) / num_clips if num_clips else 0.0
                for _ in range(times):
                    yield done, shown
            index += 1
    if not index:
        raise MediaError("There is no clip to export. Generate at least one segment first.")


def _upscaled(clip: np.ndarray, upscale: Upscale) -> np.ndarray:
    large = upscale(clip)
    check_frames(large)
    if len(large) != len(clip):
        raise ShapeError(
            f"Enlarging made {len(large)} frames of a clip of {len(clip)}; each frame must stay one frame."
        )
    return large


def _exact(fps: float) -> Fraction:
    """A rate as the encoder takes it: in hundredths."""
    return Fraction(round(100 * fps), 100)


def _text(
    config: ExportConfig, captions: list[Caption], seconds: float, fps: float, movie: str, project: Project | None
) -> str:
    if not captions:
        raise MediaError("There is no prompt to write. Add a segment first.")
    if config.format == "srt":
        return srt_text(captions)
    if config.format == "vtt":
        return vtt_text(captions)
    return otio_text(captions, fps, ceil(round(seconds * fps, 6)), movie, project)
