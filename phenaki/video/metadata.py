"""Reading a project back out of a film, straight from the file's boxes: no process, and no limit on its length."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from phenaki.errors import ProjectError
from phenaki.project import MAX_PROJECT_BYTES, Project

# where an MP4 keeps its comment: the boxes to go down through, the last of which holds the text
_COMMENT = (b"moov", b"udta", b"meta", b"ilst", b"\xa9cmt", b"data")
_EXTRA_HEADER = {b"meta": 4, b"data": 8}  # bytes that these boxes have in front of their content


def read_project(path: Path) -> Project:
    """The project in an exported MP4, or in a JSON file.

    Raises:
        ProjectError: there is no such file, it is something else, or it carries no project.
        TimelineError, ConfigError: a value in the project is out of range.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            text = _read_text(file, path.name)
    except OSError as error:
        raise ProjectError(f"{path} cannot be read ({error.strerror or error}). Choose another file.") from None
    return Project.from_json(text)


def _read_text(file: BinaryIO, name: str) -> bytes:
    start, size = 0, file.seek(0, 2)
    file.seek(4)
    if file.read(4) == b"ftyp":
        start, size = _find_comment(file, size, name)
    if size - start > MAX_PROJECT_BYTES:
        raise ProjectError(
            f"{name} has {size - start} bytes of text; a project has at most {MAX_PROJECT_BYTES}. "
            "Choose a saved project, or a film exported by this program."
        )
    file.seek(start)
    return file.read(size - start)


def _find_comment(file: BinaryIO, size: int, name: str) -> tuple[int, int]:
    """First byte of the comment's text and the byte behind its last."""
    start, end = 0, size
    for wanted in _COMMENT:
        found = next(((a, b) for kind, a, b in _boxes(file, start, end) if kind == wanted), None)
        if found is None:
            raise ProjectError(
                f"{name} carries no project. Choose a film exported by this program, or a saved project."
            )
        start, end = found[0] + _EXTRA_HEADER.get(wanted, 0), found[1]
    return start, end


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, first byte of the content and end of each box between two places of the file; stops at a damaged one."""
    while start + 8 <= end:
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if length == 1 and start + 16 <= end:  # too long for 32 bits
            (length,) = struct.unpack(">Q", file.read(8))
            header = 16
        elif length == 0:  # up to the end
            length = end - start
        if length < header or start + length > end:
            return
        yield kind, start + header, start + length
        start += length
