"""Pictures: between the model's floats, the edge's bytes and image files."""

from __future__ import annotations

import io
import struct

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from phenaki.errors import MediaError, ShapeError

MAX_IMAGE_BYTES = 32 * 2**20
MAX_IMAGE_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")  # others need programs or decoders that strangers should not reach


def video_to_frames(video: Tensor) -> np.ndarray:
    """Bytes of one video.

    Args:
        video: (1, 3, f, H, W) float in [-1, 1]; what lies outside is cut off.

    Returns:
        (f, H, W, 3) uint8.

    Raises:
        ShapeError: this is no single video with three colours.
    """
    if video.ndim != 5 or video.shape[:2] != (1, 3):
        raise ShapeError(f"A video of shape {tuple(video.shape)} cannot be shown; use (1, 3, frames, height, width).")
    levels = (video[0].float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)  # (3, f, H, W)
    return levels.permute(1, 2, 3, 0).contiguous().cpu().numpy()


def frames_to_video(frames: np.ndarray) -> Tensor:
    """The inverse of ``video_to_frames``.

    Args:
        frames: (f, H, W, 3) uint8.

    Returns:
        (1, 3, f, H, W) float32 in [-1, 1], on the CPU.

    Raises:
        ShapeError: the array has another shape or type.
    """
    check_frames(frames)
    video = torch.from_numpy(np.array(frames)).permute(3, 0, 1, 2)[None]  # (1, 3, f, H, W)
    return (video.float() / 127.5 - 1.0).contiguous()


def read_image(source: bytes | np.ndarray, height: int, width: int) -> np.ndarray:
    """Crop a picture around its centre and resize it.

    Args:
        source: the content of a PNG, JPEG, WebP, GIF or BMP file (of an animation, the first frame counts), or
            (H, W), (H, W, 3) or (H, W, 4) uint8. What is transparent becomes white.
        height: of the result, in pixels.
        width: of the result, in pixels.

    Returns:
        (height, width, 3) uint8.

    Raises:
        MediaError: this is no picture, it is damaged, or it is too large.
    """
    if not isinstance(source, np.ndarray):
        return _read_image_file(bytes(source), height, width)
    shape = source.shape
    known = source.ndim == 2 or (source.ndim == 3 and shape[2] in (3, 4))
    if not known or source.dtype != np.uint8 or not source.size:
        raise MediaError(
            f"An array of shape {shape} and type {source.dtype} is no picture; use (height, width, 3) of type uint8."
        )
    _check_pixels(shape[1], shape[0])
    return _fit(Image.fromarray(source), height, width)


def check_frames(frames: np.ndarray) -> None:
    """Raise ``ShapeError`` unless ``frames`` is (f, H, W, 3) uint8 with at least one frame."""
    ok = isinstance(frames, np.ndarray) and frames.ndim == 4 and frames.shape[-1] == 3 and frames.dtype == np.uint8
    if not ok or not frames.size:
        given = (
            f"shape {frames.shape} and type {frames.dtype}" if isinstance(frames, np.ndarray) else repr(type(frames))
        )
        raise ShapeError(
            f"Frames of {given} are not accepted; use (frames, height, width, 3) of type uint8, not empty."
        )


def _read_image_file(data: bytes, height: int, width: int) -> np.ndarray:
    if len(data) > MAX_IMAGE_BYTES:
        raise MediaError(
            f"The picture has {len(data) / 2**20:.1f} MiB; {MAX_IMAGE_BYTES // 2**20} MiB are accepted. "
            "Use a smaller one."
        )
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_pixels(*image.size)
            image.draft("RGB", (4 * width, 4 * height))  # a large JPEG is read at a fraction of its size
            return _fit(ImageOps.exif_transpose(image), height, width)
    except Image.DecompressionBombError:
        raise MediaError(_too_many_pixels("too many")) from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, OverflowError) as error:
        reason = "it is empty" if not data else str(error).replace("<_io.BytesIO object", "<data")
        raise MediaError(f"This is no picture that can be read ({reason:.80}). Use a PNG, JPEG or WebP file.") from None


def _fit(image: Image.Image, height: int, width: int) -> np.ndarray:
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut to white
        image = Image.fromarray((np.asarray(image).clip(0, 65535) // 256).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(ImageOps.fit(image.convert("RGB"), (width, height), Image.Resampling.LANCZOS))


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_IMAGE_PIXELS:
        raise MediaError(_too_many_pixels(f"{width} x {height}"))


def _too_many_pixels(given: str) -> str:
    return f"The picture has {given} pixels; {MAX_IMAGE_PIXELS // 10**6} million are accepted. Use a smaller one."
