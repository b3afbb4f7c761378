"""The upsampler enlarges what it is given, keeps what is there, and is optional in a folder of weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from phenaki import Phenaki
from phenaki.errors import CheckpointError, ConfigError, ShapeError
from phenaki.shapes import ClipShape
from phenaki.training.source import WORLD
from phenaki.upsampler import PART, Upsampler, UpsamplerConfig, load_upsampler, save_upsampler
from phenaki.video.frames import frames_to_video, video_to_frames
from phenaki.world.windows import render_windows

SMALL = UpsamplerConfig(channels=(8, 12), blocks=(1, 1), blocks_back=(1,), late_channels=4)
SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "toy-64"


def random_upsampler(seed: int = 0) -> Upsampler:
    """One that adds something of its own."""
    torch.manual_seed(seed)
    upsampler = Upsampler(SMALL)
    for p in upsampler.parameters():
        torch.nn.init.normal_(p, std=0.1)
    return upsampler.eval()


def random_frames(count: int, height: int = 64, width: int = 64) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def test_before_training_it_is_the_bicubic_enlargement() -> None:
    frames = random_frames(2)
    pictures = frames_to_video(frames)[0].transpose(0, 1)
    plain = F.interpolate(pictures, scale_factor=4, mode="bicubic", align_corners=False)
    large = Upsampler(SMALL).enlarge(frames)
    assert large.shape == (2, 256, 256, 3) and large.dtype == np.uint8
    assert np.array_equal(large, video_to_frames(plain.transpose(0, 1)[None]))


def test_a_frame_does_not_depend_on_the_frames_around_it_or_on_the_batch() -> None:
    frames = random_frames(7, 16, 16)
    upsampler = random_upsampler()
    whole = upsampler.enlarge(frames)
    for parts in ([upsampler.enlarge(f[None]) for f in frames], [upsampler.enlarge(frames, batch=3)]):
        assert np.abs(np.concatenate(parts).astype(int) - whole).max() <= 1  # convolutions of other batches round apart


@pytest.mark.parametrize("size", [(64, 64), (33, 47), (1, 3)])
def test_pictures_of_any_size_are_enlarged(size: tuple[int, int]) -> None:
    assert random_upsampler().enlarge(random_frames(1, *size)).shape == (1, 4 * size[0], 4 * size[1], 3)


def test_low_precision_changes_little() -> None:
    frames = random_frames(1, 32, 32)
    exact = random_upsampler().enlarge(frames)
    rounded = random_upsampler().to(torch.bfloat16).enlarge(frames)
    assert 0 < np.abs(exact.astype(int) - rounded).mean() < 1


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 8, 8), np.uint8), np.zeros((0, 8, 8, 3), np.uint8), np.ones((1, 8, 8, 3))]
)
def test_what_are_no_frames_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ShapeError):
        Upsampler(SMALL).enlarge(wrong)


@pytest.mark.parametrize("name", ["channels", "blocks", "blocks_back", "late_channels", "late_blocks"])
def test_sizes_are_checked(name: str) -> None:
    for wrong in (-1, [-1], [1], "12", None):
        with pytest.raises(ConfigError, match=name):
            UpsamplerConfig.from_dict({name: wrong})
    with pytest.raises(ConfigError, match="does not know"):
        UpsamplerConfig.from_dict({"depth": 3})


def test_it_comes_back_from_its_folder(tmp_path: Path) -> None:
    upsampler = random_upsampler().half().float()  # as files hold it
    save_upsampler(upsampler, tmp_path, {"step": 3})
    again = load_upsampler(tmp_path)
    assert again is not None and again.config == SMALL and not again.training
    frames = random_frames(1, 16, 16)
    assert np.array_equal(again.enlarge(frames), upsampler.enlarge(frames))


def test_a_folder_without_one_has_none_and_half_of_one_is_an_error(tmp_path: Path) -> None:
    assert load_upsampler(tmp_path) is None
    save_upsampler(Upsampler(SMALL), tmp_path, {})
    sizes = tmp_path / f"{PART}.json"
    sizes.write_text(json.dumps({"channels": [9, 9, 9]}))
    with pytest.raises(CheckpointError, match=r"has shape|belongs to another"):
        load_upsampler(tmp_path)
    sizes.write_text("[]")
    with pytest.raises(CheckpointError, match="does not describe"):
        load_upsampler(tmp_path)
    sizes.unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        load_upsampler(tmp_path)
    save_upsampler(Upsampler(SMALL), tmp_path, {})
    (tmp_path / f"{PART}.safetensors").unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        load_upsampler(tmp_path)


def test_a_model_loads_with_it_and_without_it(tmp_path: Path) -> None:
    for path in SHIPPED.iterdir():
        if not path.name.startswith(PART):
            shutil.copy(path, tmp_path)
    assert load_upsampler(tmp_path) is None
    assert Phenaki.from_pretrained(tmp_path).config.name == "toy-64"
    save_upsampler(Upsampler(SMALL), tmp_path, {})
    assert Phenaki.from_pretrained(tmp_path).config.name == "toy-64"


def shipped() -> Upsampler:
    upsampler = load_upsampler(SHIPPED)
    assert upsampler is not None
    return upsampler


def test_the_shipped_one_is_small() -> None:
    assert (SHIPPED / f"{PART}.safetensors").stat().st_size < 2 * 2**20


def test_the_shipped_one_sharpens_what_the_world_shows() -> None:
    windows = WORLD.held_out(ClipShape(), 2)
    small, large = (render_windows(windows, size).video[:, :, ::5].transpose(1, 2).flatten(0, 1) for size in (64, 256))
    soft = F.avg_pool2d(small, 3, stride=1, padding=1, count_include_pad=False)
    plain = F.interpolate(soft, scale_factor=4, mode="bicubic", align_corners=False)
    with torch.inference_mode():
        made = shipped()(soft)
    assert (made - large).square().mean() < 0.9 * (plain - large).square().mean()


def test_the_shipped_one_adds_nothing_where_nothing_is() -> None:
    frames = np.empty((3, 64, 64, 3), np.uint8)
    frames[0], frames[1], frames[2] = 0, (200, 120, 40), 255
    large = shipped().enlarge(frames)
    assert np.abs(large[:, 32:-32, 32:-32].astype(int) - frames[:, :1, :1].astype(int)).max() <= 6
