"""What packed frames say about themselves without being decoded: how many there are, and of which size.

Packed frames are one lossless WebP, animated where there are several. Its encoder joins equal neighbours into one that
is shown for longer, so every frame lasts ``FRAME_MS``, and the number of frames stands in the metadata (XMP).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from phenaki.errors import MediaError

FRAME_MS = 100
MAX_PACKED_PIXELS = 64_000_000  # of all frames together


@dataclass(frozen=True)
class PackedShape:
    """Sizes of packed frames, in frames and pixels."""

    num_frames: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.num_frames * self.height * self.width > MAX_PACKED_PIXELS:
            raise MediaError(
                f"{self.num_frames} frames of {self.width} x {self.height} pixels are too many to pack; "
                f"{MAX_PACKED_PIXELS // 10**6} million pixels are accepted in all. Use fewer or smaller frames."
            )

    @property
    def note(self) -> bytes:
        """What the metadata holds."""
        return f"phenaki {self.num_frames}".encode()


def packed_shape(data: bytes) -> PackedShape:
    """Read the sizes from the headers of packed frames.

    Raises:
        MediaError: these are no packed frames, or they would unpack to too much.
    """
    size, note = (0, 0), b""
    for kind, start, length in _chunks(data):
        if kind == b"VP8X" and length >= 10:  # height and width, three bytes each, less one
            height, width = (int.from_bytes(data[start + k : start + k + 3], "little") + 1 for k in (7, 4))
            size = (height, width)
        if kind == b"XMP ":
            note = data[start : start + min(length, 20)]
    name, _, number = note.partition(b" ")
    if not size[0] or name != b"phenaki" or not number.isdigit() or not int(number):
        raise MediaError("These are no packed frames. Use what pack_frames(frames) returned.")
    return PackedShape(int(number), *size)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, first byte and length of each whole chunk of a WebP file; none of anything else."""
    if not isinstance(data, bytes) or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return
    start = 12
    while start + 8 <= len(data):
        length = int.from_bytes(data[start + 4 : start + 8], "little")
        if start + 8 + length > len(data):
            return
        yield data[start : start + 4], start + 8, length
        start += 8 + length + length % 2
