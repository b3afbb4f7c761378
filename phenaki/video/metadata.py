"""Reading a project back out of a film, straight from the file's bytes: no process, and no limit on its length."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

from phenaki.errors import ProjectError
from phenaki.project import MAX_PROJECT_BYTES, Project
from phenaki.video.boxes import read_mp4_comment
from phenaki.video.ebml import read_webm_comment
from phenaki.video.gif import read_gif_comment
from phenaki.video.otio import METADATA_KEY
from phenaki.video.png_zip import PROJECT_NAME

# one byte more than is accepted, so that what is too long is seen to be so
_READ = MAX_PROJECT_BYTES + 1


def read_project(path: Path) -> Project:
    """The project in an exported film (MP4, WebM, GIF, zip of frames or OpenTimelineIO), or in a JSON file.

    Raises:
        ProjectError: there is no such file, it is something else, or it carries no project.
        TimelineError, ConfigError: a value in the project is out of range.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = _read_text(file)
    except OSError as error:
        raise ProjectError(f"{path} cannot be read ({error.strerror or error}). Choose another file.") from None
    if text is None:
        raise ProjectError(
            f"{path.name} carries no project. Choose a film exported by this program, or a saved project."
        )
    if len(text) > MAX_PROJECT_BYTES:
        raise ProjectError(
            f"{path.name} has more than {MAX_PROJECT_BYTES} bytes of text, the most that a project has. "
            "Choose a saved project, or a film exported by this program."
        )
    return Project.from_json(text)


def _read_text(file: BinaryIO) -> bytes | None:
    """The JSON of the project; None where there is none."""
    head = file.read(12)
    if head[4:8] == b"ftyp":
        return read_mp4_comment(file, _READ)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return read_webm_comment(file, _READ)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return read_gif_comment(file, _READ)
    if head.startswith(b"PK"):
        return _read_zip(file)
    file.seek(0)
    text = file.read(2 * _READ)  # a timeline has more in it than the project
    return _from_otio(text) if b'"OTIO_SCHEMA"' in text else text


def _read_zip(file: BinaryIO) -> bytes | None:
    try:
        with ZipFile(file) as archive, archive.open(PROJECT_NAME) as entry:
            return entry.read(_READ)
    except (BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error):
        return None  # damaged, without a project, or locked


def _from_otio(text: bytes) -> bytes | None:
    """The project in the metadata of a timeline; the text itself where it is no timeline."""
    try:
        timeline = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(timeline, Mapping) or "OTIO_SCHEMA" not in timeline:
        return text
    metadata = timeline.get("metadata")
    ours = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    project = ours.get("project") if isinstance(ours, Mapping) else None
    return project.encode(errors="replace") if isinstance(project, str) else None
