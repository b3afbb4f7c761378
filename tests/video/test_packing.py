"""Packed frames come back bit for bit."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from phenaki.errors import MediaError, ShapeError
from phenaki.video import pack_frames, read_image, unpack_frames

RANDOM = np.random.default_rng(0)
NOISE = RANDOM.integers(0, 256, (6, 33, 20, 3), np.uint8)


def one_pixel_changes() -> np.ndarray:
    frames = np.repeat(NOISE[:1], 12, axis=0)
    frames[np.arange(12), np.arange(12), 3, 1] ^= 1
    return frames


FILMS = {
    "noise": NOISE,
    "one frame": NOISE[:1],
    "equal neighbours": NOISE[[0, 0, 0, 1, 2, 2, 0, 0]],
    "all equal": NOISE[[3, 3, 3, 3]],
    "one pixel changes": one_pixel_changes(),
    "one colour": np.full((5, 8, 8, 3), 255, np.uint8),
    "one pixel": np.zeros((3, 1, 1, 3), np.uint8),
    "a view of another array": np.asfortranarray(NOISE)[::-2, ::2],
}


@pytest.mark.parametrize("name", FILMS)
def test_frames_come_back_bit_for_bit(name: str) -> None:
    frames = unpack_frames(pack_frames(FILMS[name]))
    assert frames.dtype == np.uint8 and np.array_equal(frames, FILMS[name])


def test_the_same_frames_give_the_same_bytes() -> None:
    assert pack_frames(NOISE) == pack_frames(NOISE.copy())


def test_still_parts_cost_little() -> None:
    film = np.repeat(NOISE[:1], 50, axis=0)
    film[:, 5:9, 5:9] = RANDOM.integers(0, 256, (50, 4, 4, 3), np.uint8)
    assert len(pack_frames(film)) < len(pack_frames(NOISE[:1])) + 50 * 200


def test_packed_frames_are_a_picture_that_browsers_and_pillow_read() -> None:
    with Image.open(io.BytesIO(pack_frames(NOISE))) as image:
        assert (image.format, image.size, image.n_frames) == ("WEBP", (20, 33), 6)
    assert np.array_equal(read_image(pack_frames(NOISE[:1]), 33, 20), NOISE[0])


def test_damaged_bytes_are_refused() -> None:
    packed = pack_frames(NOISE)
    for number in (b"4", b"8"):
        with pytest.raises(MediaError, match=rf"{number.decode()} packed frames are damaged \(.*6\)\. Pack them again"):
            unpack_frames(packed.replace(b"phenaki 6", b"phenaki " + number))
    start = packed.index(b"ANMF")
    with pytest.raises(MediaError, match=r"6 packed frames are damaged \(.+\)"):
        unpack_frames(packed[:start] + b"JUNK" + packed[start + 4 :])
    with pytest.raises(MediaError, match="These are no packed frames"):
        unpack_frames(packed[: len(packed) // 2])


def test_arrays_that_are_no_frames_are_refused() -> None:
    for wrong in (NOISE[0], NOISE[:0], NOISE.astype(np.float32), NOISE[..., :2]):
        with pytest.raises(ShapeError):
            pack_frames(wrong)


def test_frames_that_are_too_large_or_too_many_are_refused() -> None:
    with pytest.raises(MediaError, match=r"Frames of 1 x 17000 pixels .* cannot be packed\. Use smaller ones"):
        pack_frames(np.zeros((1, 17000, 1, 3), np.uint8))
    with pytest.raises(MediaError, match=r"64 million pixels are accepted"):
        pack_frames(np.broadcast_to(np.zeros(3, np.uint8), (100, 1000, 1000, 3)))
