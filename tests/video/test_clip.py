"""A clip is one small file that a page can append to the film it plays."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from phenaki.errors import MediaError, ShapeError
from phenaki.video import write_clip
from phenaki.video.ffmpeg import ffmpeg_binary
from tests.video.mp4 import BLUE, GREEN, GREY, RED, boxes, colour_clip, decode


def codec_parameters(path: Path) -> bytes:
    """What a MediaSource learns about the codec: the content of the avcC box."""
    data = path.read_bytes()
    at = data.index(b"avcC")
    (length,) = struct.unpack_from(">I", data, at - 4)
    return data[at + 4 : at - 4 + length]


def test_a_clip_plays_its_frames_in_order_with_their_colours(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_clip(colour_clip(RED, GREEN, BLUE, GREY, RED), path, fps=8)
    frames = decode(path)
    assert frames.shape == (5, 256, 256, 3)
    for frame, colour in zip(frames, (RED, GREEN, BLUE, GREY, RED), strict=True):
        assert np.abs(frame.astype(int) - colour).max() <= 6, colour


def test_small_details_keep_their_colour(tmp_path: Path) -> None:
    frames = colour_clip(GREY).copy()
    frames[:, 10:12, 20:22] = RED
    write_clip(frames, tmp_path / "clip.mp4", fps=8, size=128)
    shown = decode(tmp_path / "clip.mp4")[0]  # four times as large
    assert np.abs(shown[44, 84].astype(int) - RED).max() <= 40
    assert np.abs(shown[44, 60].astype(int) - GREY).max() <= 6


def test_a_clip_is_one_fragment_that_begins_at_zero(tmp_path: Path) -> None:
    write_clip(colour_clip(*[RED] * 11), tmp_path / "clip.mp4", fps=8)
    kinds = [kind for kind, _ in boxes((tmp_path / "clip.mp4").read_bytes())]
    assert kinds[:4] == ["ftyp", "moov", "moof", "mdat"]
    assert kinds.count("moof") == kinds.count("mdat") == 1
    moof = dict(boxes(dict(boxes((tmp_path / "clip.mp4").read_bytes()))["moof"]))
    assert dict(boxes(moof["traf"]))["tfdt"][4:] == bytes(8)


@pytest.mark.parametrize("lengths", [(11, 6, 6), (1, 11, 2)])
def test_clips_of_any_length_share_their_codec_parameters(tmp_path: Path, lengths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{i}.mp4" for i in range(len(lengths))]
    for path, length in zip(paths, lengths, strict=True):
        write_clip(rng.integers(0, 255, (length, 64, 64, 3), dtype=np.uint8), path, fps=8)
    assert len({codec_parameters(path) for path in paths}) == 1
    assert [len(decode(path)) for path in paths] == list(lengths)


def test_fragments_appended_to_the_first_clip_play_after_it(tmp_path: Path) -> None:
    """What a MediaSource does, done by hand: the fragment moves to where the clip before ends."""
    write_clip(colour_clip(RED, RED), tmp_path / "a.mp4", fps=8)
    write_clip(colour_clip(BLUE, GREEN), tmp_path / "b.mp4", fps=8)
    second = (tmp_path / "b.mp4").read_bytes()
    fragment = bytearray(second[second.index(b"moof") - 4 :])
    at = fragment.index(b"tfdt")
    ticks = 2 * 16384 // 8  # two frames at the container's clock
    fragment[at + 8 : at + 16] = struct.pack(">Q", ticks)
    (tmp_path / "film.mp4").write_bytes((tmp_path / "a.mp4").read_bytes() + fragment)
    frames = decode(tmp_path / "film.mp4")
    assert frames[:, 128, 128].argmax(1).tolist() == [0, 0, 2, 1]


def test_the_same_frames_give_the_same_file(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write_clip(colour_clip(RED, BLUE), tmp_path / name, fps=8)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_size_and_fps_change_the_file(tmp_path: Path) -> None:
    write_clip(colour_clip(RED, BLUE), tmp_path / "clip.mp4", fps=8, size=64)
    assert decode(tmp_path / "clip.mp4").shape == (2, 64, 64, 3)
    write_clip(colour_clip(RED, BLUE, height=50, width=90), tmp_path / "slow.mp4", fps=4, size=90)
    assert decode(tmp_path / "slow.mp4").shape == (2, 50, 90, 3)
    told = subprocess.run([ffmpeg_binary(), "-i", tmp_path / "slow.mp4"], capture_output=True, text=True).stderr
    assert " 4 fps" in told and "yuv420p(tv, bt709, progressive)" in told and "h264 (High)" in told


def test_odd_sides_become_even(tmp_path: Path) -> None:
    write_clip(colour_clip(RED, height=33, width=35), tmp_path / "clip.mp4", fps=8, size=36)
    assert decode(tmp_path / "clip.mp4").shape == (1, 34, 36, 3)


def test_a_clip_written_twice_leaves_one_file(tmp_path: Path) -> None:
    for colour in (RED, BLUE):
        write_clip(colour_clip(colour), tmp_path / "clip.mp4", fps=8)
    assert os.listdir(tmp_path) == ["clip.mp4"]
    assert decode(tmp_path / "clip.mp4")[0, 0, 0].argmax() == 2


def test_threads_may_write_at_the_same_time(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.mp4" for i in range(4)]
    threads = [threading.Thread(target=write_clip, args=(colour_clip(RED, BLUE), path, 8)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({path.read_bytes() for path in paths}) == 1


@pytest.mark.parametrize("frames", [np.zeros((0, 32, 32, 3), np.uint8), np.zeros((2, 32, 32), np.uint8)])
def test_no_frames_are_refused(tmp_path: Path, frames: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="use \\(frames, height, width, 3\\)"):
        write_clip(frames, tmp_path / "clip.mp4", fps=8)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("fps", [0, -8, float("nan"), 1000])
def test_an_impossible_speed_is_refused(tmp_path: Path, fps: float) -> None:
    with pytest.raises(MediaError, match="use a number from 1 to 240"):
        write_clip(colour_clip(RED), tmp_path / "clip.mp4", fps=fps)


def test_places_that_cannot_be_written_to_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    for path, message in [
        (tmp_path / "missing" / "clip.mp4", "There is no folder"),
        (tmp_path / "file" / "clip.mp4", "There is no folder"),
        (tmp_path / "folder", "is a folder; name a file in it"),
        (tmp_path / ("x" * 300), "cannot be written"),
        (tmp_path / "a\0b", "cannot be written"),
    ]:
        with pytest.raises(MediaError, match=message):
            write_clip(colour_clip(RED), path, fps=8)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_an_encoder_that_fails_leaves_the_old_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mp4"
    write_clip(colour_clip(RED), path, fps=8)
    before = path.read_bytes()
    monkeypatch.setattr("phenaki.video.clip.H264", ["-profile:v", "nonsense"])
    with pytest.raises(MediaError, match=r"The video cannot be written \(.+\)\. Check that the disk has room"):
        write_clip(colour_clip(BLUE), path, fps=8)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["clip.mp4"]


def test_a_missing_encoder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phenaki.video.ffmpeg.ffmpeg_binary", lambda: str(tmp_path / "nowhere"))
    with pytest.raises(MediaError, match="The encoder cannot be started"):
        write_clip(colour_clip(RED), tmp_path / "clip.mp4", fps=8)


def test_no_other_ffmpeg_is_needed(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from phenaki.video import write_clip; "
        "write_clip(np.zeros((2, 8, 8, 3), np.uint8), Path(sys.argv[1]), 8); assert 'moviepy' not in sys.modules"
    )
    clean = {"PATH": "", "PYTHONPATH": os.getcwd()}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "clip.mp4")], check=True, env=clean)
    assert len(decode(tmp_path / "clip.mp4")) == 2
