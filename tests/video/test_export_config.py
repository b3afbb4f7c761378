"""Options of an export are checked when they are built, and tell the size of the pictures beforehand."""

from __future__ import annotations

import pytest

from phenaki.errors import ConfigError, MediaError
from phenaki.video import ExportConfig


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "avi"}, "The format is 'avi'; use one of mp4, webm, gif, png, srt, vtt, otio"),
        ({"format": ["mp4"]}, "The format is \\['mp4'\\]"),
        ({"size": 255}, "The size is 255; use an even number from 32 to 2048"),
        ({"size": 8}, "The size is 8"),
        ({"size": 4096}, "The size is 4096"),
        ({"size": 256.0}, "The size is 256.0"),
        ({"size": True}, "The size is True"),
        ({"enlarge": "cubic"}, "Enlargement is 'cubic'; use 'smooth' or 'nearest'"),
        ({"fps": 0}, "A mp4 file with 0 frames per second is not made; use a number from 1 to 120"),
        ({"fps": float("nan")}, "nan frames per second"),
        ({"fps": "8"}, "'8' frames per second"),
        ({"fps": True}, "True frames per second"),
        ({"fps": 51, "format": "gif"}, "use a number from 1 to 50, or none for the film's own"),
        ({"burn_captions": "yes"}, "burn_captions is 'yes'; use True or False"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ExportConfig(**options)


def test_a_format_knows_its_extension_and_whether_it_has_pictures() -> None:
    told = {kind: (ExportConfig(kind).extension, ExportConfig(kind).has_pictures) for kind in ("mp4", "png", "otio")}
    assert told == {"mp4": (".mp4", True), "png": (".zip", True), "otio": (".otio", False)}


@pytest.mark.parametrize(
    ("height", "width", "size", "smooth", "nearest"),
    [
        (64, 64, 256, (256, 256), (256, 256)),
        (64, 64, 1000, (1000, 1000), (960, 960)),
        (64, 48, 256, (256, 192), (256, 192)),
        (48, 64, 200, (150, 200), (144, 192)),
        (72, 128, 256, (144, 256), (144, 256)),
        (64, 64, 64, (64, 64), (64, 64)),
        (64, 64, 100, (100, 100), (64, 64)),
        (33, 7, 34, (34, 8), (34, 8)),
        (1, 500, 512, (2, 512), (2, 500)),
    ],
)
def test_smooth_gives_the_size_and_nearest_the_greatest_whole_factor(
    height: int, width: int, size: int, smooth: tuple[int, int], nearest: tuple[int, int]
) -> None:
    assert ExportConfig(size=size).picture_size(height, width) == smooth
    assert ExportConfig(size=size, enlarge="nearest").picture_size(height, width) == nearest


def test_only_smooth_shrinks() -> None:
    assert ExportConfig(size=256).picture_size(512, 512) == (256, 256)
    with pytest.raises(MediaError, match=r"cannot shrink them to 256\. Use a larger size, or 'smooth'"):
        ExportConfig(size=256, enlarge="nearest").picture_size(512, 512)
