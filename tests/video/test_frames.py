"""Pictures keep their colours and their centre, and what is no picture is refused with a sentence."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from phenaki.errors import MediaError, ShapeError
from phenaki.video import frames_to_video, read_image, video_to_frames


def every_level() -> np.ndarray:
    """Frames, (2, 16, 16, 3), that hold each of the 256 levels in each colour."""
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    return np.stack([np.stack([levels, levels.T, 255 - levels], -1), np.stack([levels.T, levels, levels], -1)])


def file_of(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def two_halves(width: int, height: int) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    return image


def test_bytes_survive_the_way_through_floats() -> None:
    frames = every_level()
    video = frames_to_video(frames)
    assert video.shape == (1, 3, 2, 16, 16) and video.dtype == torch.float32
    assert video.min() == -1.0 and video.max() == 1.0
    assert np.array_equal(video_to_frames(video), frames)


def test_floats_out_of_range_are_cut_off() -> None:
    video = torch.tensor([-9.0, 9.0]).reshape(1, 1, 2, 1, 1).expand(1, 3, 2, 4, 4)
    assert video_to_frames(video)[:, 0, 0, 0].tolist() == [0, 255]


def test_half_precision_is_shown_too() -> None:
    assert video_to_frames(torch.zeros(1, 3, 1, 2, 2, dtype=torch.bfloat16)).tolist() == [[[[128] * 3] * 2] * 2]


@pytest.mark.parametrize("shape", [(3, 4, 8, 8), (2, 3, 4, 8, 8), (1, 4, 4, 8, 8)])
def test_what_is_no_single_video_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"use \(1, 3, frames, height, width\)"):
        video_to_frames(torch.zeros(shape))


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 3)),
        np.zeros((0, 4, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 1), np.uint8),
        3,
    ],
)
def test_what_are_no_frames_is_refused(frames: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"use \(frames, height, width, 3\) of type uint8"):
        frames_to_video(frames)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (200, 90), (90, 200), (7, 5)])
def test_a_picture_is_cropped_around_its_centre(kind: str, width: int, height: int) -> None:
    picture = read_image(file_of(two_halves(width, height), kind), 32, 48)
    assert picture.shape == (32, 48, 3) and picture.dtype == np.uint8
    assert picture[16, 4, 0] > 200 > 60 > picture[16, 4, 2]
    assert picture[16, 43, 2] > 200 > 60 > picture[16, 43, 0]


def test_an_array_and_its_file_give_the_same_picture() -> None:
    image = two_halves(50, 40)
    assert np.array_equal(read_image(np.asarray(image), 16, 16), read_image(file_of(image), 16, 16))


def test_transparency_becomes_white() -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    for source in (file_of(clear), np.asarray(clear), file_of(clear.convert("P"), transparency=0)):
        assert (read_image(source, 8, 8) == 255).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    grey = Image.fromarray(np.full((8, 8), 128 * 257, np.uint16)) if mode == "I;16" else Image.new("L", (8, 8), 128)
    data = file_of(grey.convert(mode) if mode not in ("I;16", "L") else grey, "JPEG" if mode == "CMYK" else "PNG")
    picture = read_image(data, 8, 8)
    assert picture.shape == (8, 8, 3)
    if mode != "1":
        assert abs(picture.astype(int) - 128).max() <= 3


def test_a_photograph_lying_on_its_side_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn right to show
    picture = read_image(file_of(two_halves(64, 64), "JPEG", exif=exif.tobytes(), quality=95), 32, 32)
    assert picture[4, 16, 0] > 200 and picture[28, 16, 2] > 200


def test_the_first_frame_of_an_animation_counts() -> None:
    later = Image.new("RGB", (8, 8), "blue")
    data = file_of(Image.new("RGB", (8, 8), "red"), "GIF", save_all=True, append_images=[later])
    assert read_image(data, 8, 8)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "it is empty"),
        (b"not a picture at all", "no picture that can be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "no picture that can be read"),
        (file_of(two_halves(64, 64))[:100], "no picture that can be read"),
        (file_of(two_halves(64, 64), "JPEG")[:400], "no picture that can be read"),
        (np.zeros((4, 4, 2), np.uint8), r"shape \(4, 4, 2\) and type uint8 is no picture"),
        (np.zeros((4, 4, 3)), r"type float64 is no picture"),
        (np.zeros((0, 4, 3), np.uint8), r"is no picture"),
        (np.zeros((1, 50_000_001), np.uint8), r"50000001 x 1 pixels; 50 million are accepted\. Use a smaller one"),
        (b"\0" * (32 * 2**20 + 1), r"32\.0 MiB; 32 MiB are accepted"),
    ],
)
def test_what_is_no_picture_is_refused(source: bytes | np.ndarray, message: str) -> None:
    with pytest.raises(MediaError, match=message):
        read_image(source, 8, 8)


def test_a_small_file_with_far_too_many_pixels_is_refused_before_it_is_unpacked() -> None:
    for side in (8_000, 20_000):
        header = file_of(Image.new("1", (1, 1)))
        # PNG: width and height stand at byte 16, the check sum of that chunk at byte 29
        data = bytearray(header)
        data[16:24] = side.to_bytes(4, "big") * 2
        data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
        with pytest.raises(MediaError, match=r"pixels; 50 million are accepted"):
            read_image(bytes(data), 8, 8)
