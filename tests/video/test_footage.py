"""Videos of any kind become frames of the model's size and rate, and what is no video is refused with a sentence."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phenaki.errors import MediaError
from phenaki.video import ExportConfig, read_footage
from phenaki.video.ffmpeg import ffmpeg_binary
from tests.video.mp4 import BLUE, GREEN, RED, colour_clip, export


def make_video(path: Path, source: str = "color=c=red:size=48x32:rate=25:duration=1", *options: str) -> Path:
    command = [ffmpeg_binary(), "-y", "-loglevel", "error", "-f", "lavfi", "-i", source, *options, str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """A second of red, one of green and one of blue, 4 frames a second, wider than high."""
    path = tmp_path / "colours.mp4"
    frames = colour_clip(*[RED] * 4, *[GREEN] * 4, *[BLUE] * 4, height=32, width=64)
    export([frames], path, ExportConfig(size=64), fps=4)
    return path


def near(frame: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(frame.astype(int) - colour).max() <= 14)


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm", "mkv", "avi", "gif", "mpg"])
def test_videos_of_many_kinds_are_read(kind: str, tmp_path: Path) -> None:
    frames = read_footage(make_video(tmp_path / f"video.{kind}"), 16, 24, fps=8)
    assert frames.dtype == np.uint8 and frames.shape == (8, 16, 24, 3)
    assert near(frames[4], (254, 0, 0))


@pytest.mark.parametrize("fps", [2, 4, 8])
def test_frames_are_left_out_or_repeated_to_keep_the_pace(colours: Path, fps: int) -> None:
    frames = read_footage(colours, 32, 32, fps)
    assert len(frames) == 3 * fps
    for second, colour in enumerate((RED, GREEN, BLUE)):
        assert all(near(frame, colour) for frame in frames[second * fps : (second + 1) * fps])


def test_only_the_beginning_of_a_long_video_is_read(colours: Path) -> None:
    frames = read_footage(colours, 32, 32, fps=4, max_seconds=1.5)
    assert len(frames) == 6 and near(frames[3], RED) and near(frames[5], GREEN)


def test_the_picture_is_cropped_around_its_centre_and_not_stretched(tmp_path: Path) -> None:
    frame = colour_clip(RED, height=32, width=96).copy()
    frame[:, :, 32:64] = GREEN
    frame[:, :, 64:] = BLUE
    export([frame], tmp_path / "wide.mp4", ExportConfig(size=96), fps=4)
    (square,) = read_footage(tmp_path / "wide.mp4", 32, 32, fps=4)
    assert near(square[:, 3:-3], GREEN)


def test_oblong_pixels_are_made_square(tmp_path: Path) -> None:
    """Left half red, right half blue, each pixel twice as wide as high: cropping leaves a quarter on each side."""
    half = "color=c=red:size=32x32:rate=4:duration=1,drawbox=x=16:w=16:h=32:color=blue:t=fill,setsar=2"
    frames = read_footage(make_video(tmp_path / "oblong.mp4", half), 32, 32, fps=4)
    assert near(frames[0][:, :12], (254, 0, 0)) and near(frames[0][:, 20:], (0, 0, 254))
    wide = read_footage(make_video(tmp_path / "oblong.mp4", half), 32, 64, fps=4)
    assert near(wide[0][:, :26], (254, 0, 0)) and near(wide[0][:, 38:], (0, 0, 254))


def test_the_content_of_a_file_will_do(colours: Path) -> None:
    content = read_footage(colours.read_bytes(), 32, 32, fps=4)
    assert np.array_equal(content, read_footage(str(colours), 32, 32, fps=4))


def test_frames_belong_to_the_caller(colours: Path) -> None:
    read_footage(colours, 32, 32, fps=4)[:] = 0


def test_what_is_no_video_is_refused_with_a_sentence(tmp_path: Path, colours: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "picture.png")
    (tmp_path / "words.mp4").write_text("once upon a time " * 50)
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "cut.mp4").write_bytes(colours.read_bytes()[:900])
    make_video(tmp_path / "sound.m4a", "sine=duration=1")
    for name, message in [
        ("picture.png", r"it is none of the kinds of file that are accepted"),
        ("words.mp4", r"it is no video"),
        ("empty.mp4", r"it is no video"),
        ("cut.mp4", r"it is no video|no frames"),
        ("sound.m4a", r"it has no pictures"),
        ("missing.mp4", r"There is no video .*missing\.mp4\. Check the path"),
        (".", r"There is no video"),
    ]:
        with pytest.raises(MediaError, match=message):
            read_footage(tmp_path / name, 32, 32, fps=4)
    with pytest.raises(MediaError, match=r"This is no video that can be read \(it is no video.*Use an MP4"):
        read_footage(b"junk", 32, 32, fps=4)
    with pytest.raises(MediaError, match="frames per second"):
        read_footage(colours, 32, 32, fps=0)


def test_a_list_of_other_files_is_not_followed(tmp_path: Path, colours: Path) -> None:
    """Or a stranger's playlist would show files of the machine it is read on."""
    ts = make_video(tmp_path / "part.ts")
    (tmp_path / "list.m3u8").write_text(f"#EXTM3U\n#EXTINF:1,\nfile:{ts}\n#EXT-X-ENDLIST\n")
    (tmp_path / "list.ffconcat").write_text(f"ffconcat version 1.0\nfile {colours.name}\n")
    for name in ("list.m3u8", "list.ffconcat"):
        with pytest.raises(MediaError, match="no video that can be read"):
            read_footage(tmp_path / name, 32, 32, fps=4)
        with pytest.raises(MediaError, match="no video that can be read"):
            read_footage((tmp_path / name).read_bytes(), 32, 32, fps=4)
