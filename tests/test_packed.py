"""The headers of packed frames tell their sizes, and nothing else passes for packed frames."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from phenaki.errors import MediaError
from phenaki.packed import MAX_PACKED_PIXELS, PackedShape, packed_shape
from phenaki.video import pack_frames

NOISE = np.random.default_rng(0).integers(0, 256, (5, 6, 9, 3), np.uint8)
PACKED = pack_frames(NOISE)


@pytest.mark.parametrize("frames", [NOISE, NOISE[:1], NOISE[[0, 0, 1, 1, 1]], np.zeros((7, 3, 5, 3), np.uint8)])
def test_headers_tell_how_many_frames_there_are_and_how_large(frames: np.ndarray) -> None:
    assert packed_shape(pack_frames(frames)) == PackedShape(*frames.shape[:3])


def webp(**options: object) -> bytes:
    file = io.BytesIO()
    images = [Image.fromarray(frame) for frame in NOISE]
    images[0].save(file, "WEBP", save_all=True, append_images=images[1:], **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"RIFF", b"RIFF\0\0\0\0WEBP", b"not a film" * 9, None, "RIFF", bytearray(PACKED), PACKED[:40], PACKED[:-2],
        PACKED.replace(b"phenaki 5", b"phenaki 0"), PACKED.replace(b"phenaki 5", b"phenaki x"),
        webp(), webp(xmp=b"<x:xmpmeta/>"), webp(lossless=True, xmp=b"phenaki -5"),
    ],
)  # fmt: skip
def test_what_is_not_packed_frames_is_refused(data: object) -> None:
    with pytest.raises(MediaError, match=r"These are no packed frames\. Use what pack_frames"):
        packed_shape(data)  # type: ignore[arg-type]


def test_more_than_memory_should_hold_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(MediaError, match=r"64 million pixels are accepted in all"):
        PackedShape(MAX_PACKED_PIXELS // 64**2 + 1, 64, 64)
    bomb = PACKED.replace(b"phenaki 5", b"phenaki 9")
    assert packed_shape(bomb).num_frames == 9  # as it claims; unpacking finds out
    head = len("RIFF....WEBPVP8X....flag")
    huge = PACKED[:head] + b"\xff\x3f\x00\xff\x3f\x00" + PACKED[head + 6 :]
    with pytest.raises(MediaError, match=r"5 frames of 16384 x 16384 pixels are too many"):
        packed_shape(huge)
