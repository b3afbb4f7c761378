"""Videos of one's own: any stretch can be drawn, with what is said of it, and a model learns from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phenaki import Phenaki, write_clip
from phenaki.cli import main
from phenaki.config import preset
from phenaki.errors import MediaError
from phenaki.training.own_videos import OwnVideos

CONFIG = preset("tiny")
SHAPE = CONFIG.clip


def ramp(frames: int) -> np.ndarray:
    """Each frame in a grey of its own, 4 lighter than the one before."""
    return np.broadcast_to((4 * np.arange(frames, dtype=np.uint8))[:, None, None, None], (frames, 48, 64, 3))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    write_clip(ramp(40), folder / "long.mp4", SHAPE.fps)
    (folder / "long.srt").write_text(
        "1\n00:00:00,000 --> 00:00:02,500\nit is dark\n\n2\n00:00:02,500 --> 00:00:05,000\nit gets light\n"
    )
    write_clip(ramp(3), folder / "short.mp4", SHAPE.fps)
    (folder / "short.txt").write_text("hardly anything")
    Image.new("RGB", (50, 40), "red").save(folder / "red.png")
    (folder / "red.txt").write_text("all red")
    (folder / "broken.mp4").write_bytes(b"no video")
    (folder / "broken.txt").write_text("never seen")
    write_clip(ramp(20), folder / "silent.mp4", SHAPE.fps)
    return folder


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def videos(folder: Path, told: list[str], tmp_path_factory: pytest.TempPathFactory) -> OwnVideos:
    return OwnVideos(folder, CONFIG, tmp_path_factory.mktemp("decoded"), told.append)


def test_what_is_left_out_is_told(videos: OwnVideos, told: list[str]) -> None:
    assert [file.path.name for file in videos.files] == ["long.mp4", "red.png", "short.mp4"]
    assert any("1 files have no caption" in line and "silent.mp4" in line for line in told)
    assert any("broken.mp4 is left out. This is no video" in line for line in told)
    assert videos.facts == {"data": "own videos", "videos": 2, "pictures": 1, "seconds": 5}
    assert {"dark", "red", "anything"} <= set(videos.known_words) and not videos.vocabulary


def test_every_stretch_can_be_drawn_and_says_what_its_new_frames_show(videos: OwnVideos) -> None:
    rng = np.random.default_rng(0)
    for draw, before, prime in ((videos.opening, 0, 0), (videos.continuation, SHAPE.patch_frames, SHAPE.prime_frames)):
        samples = [draw(rng, SHAPE) for _ in range(300)]
        assert {s.start for s in samples} == set(range(before, 40 - SHAPE.clip_frames + 1))
        for sample in samples:
            middle = (sample.start + prime + (SHAPE.clip_frames - prime) / 2) / SHAPE.fps
            assert sample.caption == ("it is dark" if middle <= 2.5 else "it gets light")
            assert (sample.num_frames, sample.prime_frames, sample.file) == (SHAPE.clip_frames, prime, 0)


def test_pixels_are_those_of_the_video(videos: OwnVideos) -> None:
    sample = videos.continuation(np.random.default_rng(1), SHAPE)
    rendered = videos.pixels([sample, sample], CONFIG.cvivit.height)
    assert rendered.video.shape == (2, 3, SHAPE.clip_frames, CONFIG.cvivit.height, CONFIG.cvivit.width)
    grey = (rendered.video[0].mean((0, 2, 3)) + 1) * 127.5
    assert np.abs(grey.numpy() - 4 * (sample.start + np.arange(SHAPE.clip_frames))).max() < 4
    assert not rendered.subjects_mask.any()
    longer = videos.pixels([sample.earlier(SHAPE.patch_frames)], CONFIG.cvivit.height).video
    assert (longer[:, :, SHAPE.patch_frames :] == rendered.video[:1]).all()


def test_pictures_are_stills(videos: OwnVideos) -> None:
    rng = np.random.default_rng(2)
    captions = [videos.still(rng).caption for _ in range(60)]
    assert 15 < captions.count("all red") < 45 and {"it is dark", "it gets light"} <= set(captions)


def test_nothing_is_decoded_twice(folder: Path, videos: OwnVideos, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("phenaki.training.own_videos.read_image", refuse)
    again = OwnVideos(folder, CONFIG, videos._decoded[0].parent, lambda line: None)
    assert again.facts == videos.facts


def test_some_of_many_files_are_kept_from_training(folder: Path, tmp_path: Path) -> None:
    for i in range(40):
        (tmp_path / f"{i}.mp4").write_bytes((folder / "long.mp4").read_bytes())
        (tmp_path / f"{i}.txt").write_text(f"video {i}")
    videos = OwnVideos(tmp_path, CONFIG, tmp_path / "decoded")
    rng = np.random.default_rng(3)
    learned = {videos.opening(rng, SHAPE).caption for _ in range(400)}
    kept = {sample.caption for sample in videos.held_out(SHAPE, 100)}
    assert kept and not kept & learned and len(kept | learned) == 40
    unseen = videos.unseen
    drawn = {draw(rng, SHAPE).caption for _ in range(100) for draw in (unseen.opening, unseen.continuation)}
    assert drawn <= kept and {unseen.still(rng).caption for _ in range(50)} <= kept


def test_of_files_with_one_name_in_many_folders_only_some_are_kept_from_training(folder: Path, tmp_path: Path) -> None:
    for i in range(25):
        (tmp_path / str(i)).mkdir()
        (tmp_path / str(i) / "video.mp4").write_bytes((folder / "long.mp4").read_bytes())
        (tmp_path / str(i) / "video.txt").write_text(f"video {i}")
    videos = OwnVideos(tmp_path, CONFIG, tmp_path / "decoded")
    assert 0 < len(videos.unseen._videos) < 8 and len(videos._videos) + len(videos.unseen._videos) == 25


def test_with_few_files_figures_are_of_those_that_are_learned(videos: OwnVideos) -> None:
    assert videos.unseen is videos and {s.file for s in videos.held_out(SHAPE, 20)} == {0}


def test_a_caption_that_is_too_long_to_read_is_shortened(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes((folder / "long.mp4").read_bytes())
    (tmp_path / "a.txt").write_text("a fox " * 200 + "\n" + "狐" * 300 + "\n" + "internationalization " * 21)
    told: list[str] = []
    (file,) = OwnVideos(tmp_path, CONFIG, tmp_path / "decoded", told.append).files
    words = file.captions[0].split()
    assert 20 < len(words) < 62 and words[:3] == ["a", "fox", "a"] and told[0].startswith("3 captions are longer")
    assert 20 < len(file.captions[1]) < 100 and set(file.captions[1]) == {"狐"}  # no spaces to cut at
    assert len(file.captions[2]) <= 400


def test_videos_that_are_too_short_are_told(folder: Path, tmp_path: Path) -> None:
    for name in ("short.mp4", "short.txt"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(MediaError, match=r"long enough: clips take .* and the longest has 0\.375 s"):
        OwnVideos(tmp_path, CONFIG, tmp_path / "decoded")


@pytest.mark.slow
def test_a_model_learns_from_them_with_one_command(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    for name, value in (("cvivit.TEST_CLIPS", 2), ("maskgit.CHUNK", 16)):
        monkeypatch.setattr(f"phenaki.training.{name}", value)
    out = tmp_path / "mine"
    train = ["train", "--preset", "tiny", "--minutes", "0.1", "--videos", str(folder), "--folder", str(out)]
    assert main([*train, "--batch", "2", "--losses", "paper", "--sheets", "0"]) == 0
    model = Phenaki.from_pretrained(out, "cpu")
    assert "dark" in model.known_words
    film = tmp_path / "film.mp4"
    assert main(["generate", "-p", "it is dark", "--seconds", "1", "--model", str(out), "-o", str(film)]) == 0
    assert film.stat().st_size
    assert main(["evaluate", "--model", str(out), "--prompts", "1"]) == 2
    assert "videos of your own" in capsys.readouterr().err
    assert main(["train", "judge", "--minutes", "1", "--videos", str(folder)]) == 2
