"""How the command line writes films: the options of an export, and ``python -m phenaki export``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import numpy as np
from tqdm import tqdm

from phenaki.errors import PhenakiError, ProjectError
from phenaki.project import Project
from phenaki.shapes import ClipShape
from phenaki.video import ExportConfig, captions_of, export_film, open_film, read_project
from phenaki.video.export import Upscale
from phenaki.video.export_config import EXTENSIONS


def add_export_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """``export``: a finished film as another kind of file."""
    export = commands.add_parser("export", help="write a film made here as another kind of file")
    export.add_argument("film", type=Path, help="an .mp4 or .webm made by this program")
    kinds = ", ".join(EXTENSIONS.values())
    export.add_argument("-o", "--output", type=Path, required=True, help=f"its ending says what is made: {kinds}")
    add_export_options(export)
    export.set_defaults(run=_export)


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``ExportConfig`` besides the format, which the file's name tells."""
    default = ExportConfig()
    parser.add_argument(
        "--size", type=int, default=default.size, help="pixels of the film's longer side (default: %(default)s)"
    )
    parser.add_argument(
        "--enlarge",
        default=default.enlarge,
        choices=("smooth", "nearest"),
        help="nearest: square pixels, by the greatest whole factor that fits into the size (default: %(default)s)",
    )
    parser.add_argument("--fps", type=float, help="frames are repeated or dropped, never slowed (default: the film's)")
    parser.add_argument(
        "--captions",
        default="none",
        choices=("none", "burn", "srt", "vtt"),
        help="the prompts: drawn into the picture, or in a file beside the film (default: %(default)s)",
    )


def export_config(arguments: argparse.Namespace) -> ExportConfig:
    """The options, with the format that the output's name ends with.

    Raises:
        PhenakiError: that is no format of a film, or an option is out of range.
    """
    formats = {extension: name for name, extension in EXTENSIONS.items()}
    ending = arguments.output.suffix.lower()
    if ending not in formats:
        raise PhenakiError(f"{arguments.output} ends with no known format; use one of {', '.join(formats)}.")
    return ExportConfig(
        formats[ending], arguments.size, arguments.enlarge, arguments.fps, burn_captions=arguments.captions == "burn"
    )


def check_size(arguments: argparse.Namespace, height: int, width: int) -> None:
    """Say so if pictures of ``height`` x ``width`` cannot leave with the size that was asked for.

    Raises:
        MediaError: they cannot leave at all.
    """
    config = export_config(arguments)
    if config.has_pictures:
        tall, wide = config.picture_size(height, width)
        if max(tall, wide) != config.size:
            print(f"Pictures of {width} x {height} become {wide} x {tall}: nearest enlarges by whole factors.")


def write_film(
    clips: Iterable[np.ndarray], num_frames: int, fps: float, project: Project | None, arguments: argparse.Namespace,
    *, upscale: Upscale | None = None, footage_fps: float = ClipShape.fps,
) -> None:  # fmt: skip
    """Export with a progress bar, and say what was written; an interrupt leaves no file.

    ``upscale`` is for pictures as a model makes them, where people want them smooth. ``footage_fps`` is the model's
    rate, which the footage of a project has too, whatever that of the film is.
    """
    config = export_config(arguments)
    captions = []
    if project is not None:
        captions = captions_of(project.timeline, project.timeline.footage_frames / footage_fps)
    outputs = [(arguments.output, config)]
    if arguments.captions in ("srt", "vtt"):
        beside = ExportConfig(arguments.captions)
        outputs.append((arguments.output.with_suffix(beside.extension), beside))
    for path, options in outputs:
        parts = export_film(
            clips, path, fps, options, captions=captions, project=project, num_frames=num_frames,
            upscale=upscale if config.enlarge == "smooth" else None,
        )  # fmt: skip
        bar_format = "writing {desc} {bar} {percentage:3.0f} %, {remaining} left"
        try:
            with closing(parts), tqdm(total=1.0, desc=path.name, bar_format=bar_format, leave=False) as bar:
                for part in parts:
                    bar.update(part - bar.n)
        except KeyboardInterrupt:
            raise PhenakiError(f"Stopped; {path} was not written.") from None
        print(f"Wrote {path}")


def _export(arguments: argparse.Namespace) -> None:
    export_config(arguments)
    with open_film(arguments.film) as film:
        check_size(arguments, film.height, film.width)
        try:
            project = read_project(arguments.film)
        except ProjectError:
            project = None
            print(f"{arguments.film.name} carries no project, so it is written without one.")
        write_film(film.clips, film.num_frames, film.fps, project, arguments)
