"""Example stories, each with a film made by the shipped model where there is one.

A story is a project file in ``demo/stories``. Its film lives in a folder of the same name under ``assets/examples``:
``project.json`` (with the seeds that made the film), ``film.mp4`` (fragmented, for the player), ``poster.webp`` and
``thumbnails/NNN.webp``, one for each clip. ``python -m demo.make_examples`` writes these folders.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from demo.settings import STORIES
from phenaki import ClipShape, PhenakiError, Project, read_project

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Example:
    """A story to start from."""

    name: str
    title: str
    project: Project
    film: Path | None = None
    poster: Path | None = None
    thumbnails: tuple[Path, ...] = ()


def load_examples(films: Path, shape: ClipShape, stories: Path = STORIES) -> list[Example]:
    """All stories, with their films from the folder ``films`` where these exist and fit the model's clip shape."""
    return [_load(path, films / path.stem, shape) for path in sorted(stories.glob("*.json"))]


def _load(story: Path, folder: Path, shape: ClipShape) -> Example:
    name = story.stem
    title = name.split("-", 1)[-1].replace("-", " ").capitalize()
    try:
        project = read_project(folder / "project.json")
        num_clips = sum(planned.num_clips for planned in project.timeline.plan(shape))
    except PhenakiError as error:
        if folder.exists():
            logger.warning("The example in %s is left out: %s", folder, error)
        return Example(name, title, read_project(story))
    film, poster = folder / "film.mp4", folder / "poster.webp"
    thumbnails = tuple(sorted((folder / "thumbnails").glob("*.webp")))
    if not film.is_file() or len(thumbnails) != num_clips:
        return Example(name, title, read_project(story))
    return Example(name, title, project, film, poster if poster.is_file() else None, thumbnails)
