"""The comment of a WebM file, straight from its elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_TAGS, _TAG, _SIMPLE, _NAME, _TEXT = 0x1254C367, 0x7373, 0x67C8, 0x45A3, 0x4487


def read_webm_comment(file: BinaryIO, limit: int) -> bytes | None:
    """The text of the tag named COMMENT, up to ``limit`` bytes; None where there is none."""
    end = file.seek(0, 2)
    for segment in _places(file, [(0, end)], _SEGMENT):
        for simple in _places(file, _places(file, _places(file, [segment], _TAGS), _TAG), _SIMPLE):
            names = [_content(file, place, 16) for place in _places(file, [simple], _NAME)]
            if b"COMMENT" in names:
                for place in _places(file, [simple], _TEXT):
                    return _content(file, place, limit)
    return None


def _places(
    file: BinaryIO, within: Iterator[tuple[int, int]] | list[tuple[int, int]], wanted: int
) -> Iterator[tuple[int, int]]:
    """First byte and end of the content of each element of one kind that lies directly in others."""
    for start, end in within:
        while start < end:
            file.seek(start)
            kind = _number(file, keep_marker=True)
            length = _number(file, keep_marker=False)
            if kind is None or length is None:
                return
            begin = file.tell()
            # all bits set: a length that the writer did not know, so up to the end
            stop = end if length < 0 else begin + length
            if stop > end:
                return
            if kind == wanted:
                yield begin, stop
            start = stop


def _number(file: BinaryIO, keep_marker: bool) -> int | None:
    """A number that tells its own length by its leading zero bits; -1 where all its bits are set."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    rest = file.read(more)
    if len(rest) < more:
        return None
    value = int.from_bytes(first + rest, "big")
    if keep_marker:
        return value
    value -= 1 << 7 * (more + 1)
    return -1 if value == (1 << 7 * (more + 1)) - 1 else value


def _content(file: BinaryIO, place: tuple[int, int], limit: int) -> bytes:
    start, end = place
    file.seek(start)
    return file.read(min(end - start, limit))
