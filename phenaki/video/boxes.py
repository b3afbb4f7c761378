"""The comment of an MP4 file, straight from its boxes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

# where an MP4 keeps its comment: the boxes to go down through, the last of which holds the text
_COMMENT = (b"moov", b"udta", b"meta", b"ilst", b"\xa9cmt", b"data")
_EXTRA_HEADER = {b"meta": 4, b"data": 8}  # bytes that these boxes have in front of their content


def read_mp4_comment(file: BinaryIO, limit: int) -> bytes | None:
    """The text of the comment, up to ``limit`` bytes; None where there is none."""
    start, end = 0, file.seek(0, 2)
    for wanted in _COMMENT:
        found = next(((a, b) for kind, a, b in _boxes(file, start, end) if kind == wanted), None)
        if found is None:
            return None
        start, end = found[0] + _EXTRA_HEADER.get(wanted, 0), found[1]
    file.seek(start)
    return file.read(max(0, min(end - start, limit)))


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
