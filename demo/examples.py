"""Example stories, each with the clips of its film where these were made by the weights that the app runs.

A story is a project file in ``demo/stories``. Its film lives in a folder of the same name under ``assets/examples``:
``project.json`` (with the seeds that made it), ``weights.txt`` (of the model that did), ``poster.webp``, and for each
clip ``NNN.mp4`` (for the player), ``NNN.webp`` (its thumbnail), ``NNN.frames`` (what the model made, packed) and
``NNN.end`` (an array of the tokens that the next clip goes on from).
``python -m demo.make_examples`` writes these folders.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from demo.document import Document, from_project
from demo.settings import STORIES
from demo.store import ClipFiles
from phenaki import Phenaki, PhenakiError, Project, read_project, unpack_frames

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Example:
    """A story to start from."""

    name: str
    title: str
    project: Project
    document: Document
    poster: Path | None = None
    clips: dict[str, ClipFiles] = field(default_factory=dict)  # by key


def load_examples(films: Path, model: Phenaki, stories: Path = STORIES) -> list[Example]:
    """All stories, with their films from the folder ``films`` where the model's weights made them."""
    return [_load(path, films / path.stem, model) for path in sorted(stories.glob("*.json"))]


def shipped_clips(examples: Sequence[Example]) -> dict[str, ClipFiles]:
    """The clips of all examples by their keys."""
    return {key: files for example in examples for key, files in example.clips.items()}


def weights_of(model: Phenaki) -> str:
    """What stands for a model's weights, wherever and in whatever precision it runs."""
    return " ".join(model.fingerprint.split()[:2])


def _load(story: Path, folder: Path, model: Phenaki) -> Example:
    name = story.stem
    title = name.split("-", 1)[-1].replace("-", " ").capitalize()
    project, clips, poster = read_project(story), {}, None
    try:
        weights = folder / "weights.txt"
        if weights.is_file() and weights.read_text().strip() == weights_of(model):
            made = read_project(folder / "project.json")
            clips = _clips(folder, made, model)
            project, poster = made, folder / "poster.webp"
    except (PhenakiError, OSError) as error:
        logger.warning("The example in %s is left out: %s", folder, error)
    return Example(name, title, project, from_project(project, model.clip, title=title, story=name), poster, clips)


def _clips(folder: Path, project: Project, model: Phenaki) -> dict[str, ClipFiles]:
    """The files of each clip of a film, under the keys that this machine gives them."""
    plan = model.plan(project.timeline.fit(model.clip), project.sampling)
    clips = {}
    for number, clip in enumerate(plan):
        stem = folder / f"{number:03d}"
        frames, end = stem.with_suffix(".frames"), stem.with_suffix(".end")
        for path in (frames, end):
            if not path.is_file():
                raise PhenakiError(f"{path} is missing. Make the example again: python -m demo.make_examples.")
        clips[clip.key] = ClipFiles(
            stem.with_suffix(".mp4"), stem.with_suffix(".webp"), lambda path=frames: unpack_frames(path.read_bytes()),
            lambda path=end: np.load(path, allow_pickle=False),
        )  # fmt: skip
    return clips
