"""The upsampler's lessons: pieces that match, losses that say what they should, a run that learns and goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from phenaki.checkpoint import save_config, save_part
from phenaki.cli import main
from phenaki.config import preset
from phenaki.cvivit import CViViT
from phenaki.errors import CheckpointError
from phenaki.evaluation.judge import load_judge
from phenaki.evaluation.pictures import flicker, perceptual_distance, picture_distances, ssim
from phenaki.pipeline import ASSETS, build_networks
from phenaki.training import pairs as lessons
from phenaki.training.pairs import CROP, Pairs, Pieces, draw_pieces, make_pairs, many_shapes, to_bytes
from phenaki.training.source import WORLD
from phenaki.training.upsampler import (
    Critic,
    LossWeights,
    critic_losses,
    measure,
    pixel_loss,
    sharpness_loss,
    train_upsampler,
)
from phenaki.upsampler import Upsampler, UpsamplerConfig, load_upsampler
from phenaki.world.render import render
from phenaki.world.spec import Stage, StorySpec

CONFIG = preset("tiny")
SMALL = UpsamplerConfig(channels=(8, 12), blocks=(1, 1), blocks_back=(1,), late_channels=8)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    cvivit, _ = build_networks(CONFIG)
    save_config(CONFIG, folder)
    save_part(cvivit, folder, "cvivit", {})
    return folder


@pytest.fixture(scope="module")
def sharp() -> tuple[Pairs, torch.Tensor]:
    """Clips whose small pictures are the renders, as a perfect tokenizer would give them back."""
    specs = [StorySpec("fox", scene, (Stage("jump", 5),)) for scene in ("forest", "moon")]
    small, large = render(specs, size=64), render(specs, size=256)
    mask = (large.subject_mask * 255).to(torch.uint8)
    return Pairs(to_bytes(small.video), to_bytes(large.video), mask), to_bytes(
        many_shapes(2, 256, np.random.default_rng(0))
    )


def pieces(sharp: tuple[Pairs, torch.Tensor], seed: int = 0, count: int = 16) -> Pieces:
    return draw_pieces(*sharp, count, np.random.default_rng(seed))


def psnr(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return -10 * ((a - b).square().mean((1, 2, 3)) / 4).log10()


def test_small_and_large_pieces_show_the_same_place(sharp: tuple[Pairs, torch.Tensor]) -> None:
    drawn = pieces(sharp)
    assert drawn.small.shape == (16, 3, CROP, CROP) and drawn.large.shape == (16, 3, 4 * CROP, 4 * CROP)
    agree = psnr(F.avg_pool2d(drawn.large, 4), drawn.small)
    assert agree.min() > 24  # noise of 5 % allows 26
    assert psnr(F.avg_pool2d(drawn.large, 4).roll(2, -1), drawn.small).median() < agree.median() - 6


def test_pieces_depend_on_the_seed_alone_and_hold_the_subject(sharp: tuple[Pairs, torch.Tensor]) -> None:
    one, two, other = pieces(sharp, 1), pieces(sharp, 1), pieces(sharp, 2)
    assert torch.equal(one.small, two.small) and not torch.equal(one.small, other.small)
    assert one.mask[: 2 * one.pairs].mean() > sharp[0].mask.float().mean() / 255


def test_pairs_of_pieces_are_neighbouring_frames_of_one_place(sharp: tuple[Pairs, torch.Tensor]) -> None:
    drawn = pieces(sharp)
    before, after = drawn.large[: 2 * drawn.pairs].unflatten(0, (-1, 2)).unbind(1)
    same = ((before - after).abs().amax(1) < 0.01).float().mean()
    assert 0.5 < same < 1  # the backdrop stands still, the fox jumps


def test_what_is_far_from_the_tokenizer_comes_from_the_tokenizer(tokenizer: Path) -> None:
    torch.manual_seed(0)
    cvivit = build_networks(CONFIG)[0].eval()
    made = make_pairs(WORLD.held_out(CONFIG.clip, 1), CONFIG, cvivit)
    assert made.small.shape == (1, 3, 5, 32, 32) and made.large.shape == (1, 3, 5, 128, 128)
    assert made.small.float().std() < made.large.float().std()  # random weights show next to nothing


def test_losses_are_zero_for_the_target_and_greater_on_the_subject() -> None:
    large, mask = torch.zeros(2, 3, 32, 32), torch.zeros(2, 1, 32, 32)
    mask[..., 8:16, 8:16] = 1
    target = Pieces(torch.zeros(2, 3, 8, 8), large, mask, 1)
    on, off = large.clone(), large.clone()
    on[..., 10, 10], off[..., 20, 20] = 0.5, 0.5
    assert pixel_loss(large, target) == 0
    assert pixel_loss(on, target) > 2 * pixel_loss(off, target)
    once = large.clone()
    once[0, :, 20, 20] = 1.0  # the same error in sum, but in one frame of two
    assert pixel_loss(once, target) > 1.05 * pixel_loss(off, target)


def test_a_soft_edge_costs_more_sharpness_than_one_that_lies_aside() -> None:
    def edge(at: int, width: int) -> torch.Tensor:
        line = ((torch.arange(64.0) - at) / width).clamp(-0.5, 0.5)
        return line.expand(1, 3, 64, 64)

    target = Pieces(torch.zeros(1, 3, 16, 16), edge(30, 1), torch.zeros(1, 1, 64, 64), 0)
    same, aside, soft = (sharpness_loss(edge(*e), target) for e in ((30, 1), (28, 1), (30, 8)))
    assert same == 0 and aside < 0.5 * soft
    assert pixel_loss(edge(28, 1), target) > pixel_loss(edge(30, 4), target)  # which pixels alone would prefer


def test_each_side_of_the_contest_gets_its_own_gradients() -> None:
    torch.manual_seed(0)
    critic = Critic()
    target = Pieces(torch.rand(2, 3, 8, 8), torch.rand(2, 3, 32, 32), torch.zeros(2, 1, 32, 32), 1)
    for name, mine in (("fooled", False), ("critic", True)):
        out = torch.rand(2, 3, 32, 32).requires_grad_()
        critic.zero_grad()
        critic_losses(critic, out, target, 1.0)[name].backward()
        assert (out.grad is None) == mine
        assert (critic.layers[0].weight.grad is not None) == mine


def test_distances_know_what_is_the_same_what_is_soft_and_what_is_wrong(sharp: tuple[Pairs, torch.Tensor]) -> None:
    judge = load_judge()
    target = sharp[0].large[:, :, 2].float() / 127.5 - 1
    soft = F.interpolate(F.avg_pool2d(target, 4), scale_factor=4, mode="bicubic")
    same, near, far = (picture_distances(x, target, judge) for x in (target + 1e-4, soft, target.flip(-1)))
    assert same.psnr > 60 and same.ssim > 0.999 and same.edges < 1e-6 and same.edge_energy == pytest.approx(1, abs=1e-3)
    assert near.edge_energy < 0.95 and near.edges > 0 and near.ssim < 0.99
    assert same.perceptual < 1e-4 < near.perceptual < far.perceptual
    assert far.psnr < near.psnr and far.ssim < near.ssim
    assert ssim(target, target) == pytest.approx(1)


def test_the_perceptual_distance_says_which_way_to_go(sharp: tuple[Pairs, torch.Tensor]) -> None:
    judge = load_judge()
    target = sharp[0].large[:1, :, 0, ::2, ::2].float() / 127.5 - 1
    x = F.avg_pool2d(F.pad(target, (1, 1, 1, 1), mode="replicate"), 3, 1).requires_grad_()
    begin = perceptual_distance(judge, x, target)
    begin.backward()
    assert x.grad is not None
    step = 1e-3 * begin.detach() / x.grad.square().sum()
    assert perceptual_distance(judge, x.detach() - step * x.grad, target) < begin


def test_flicker_counts_only_what_should_stand_still() -> None:
    target, made = torch.zeros(1, 3, 3, 4, 4), torch.zeros(1, 3, 3, 4, 4)
    target[:, :, 1, :2], made[:, :, 1, :2] = 1, 1
    assert flicker(made, target) == 0
    made[:, :, 1, 3] = 0.1
    assert flicker(made, target) == pytest.approx(0.05)


def test_figures_of_bicubic_enlargement_are_those_of_an_untrained_network(sharp: tuple[Pairs, torch.Tensor]) -> None:
    judge = load_judge()
    plain, untrained = measure(None, sharp[0], judge), measure(Upsampler(SMALL), sharp[0], judge)
    assert untrained == pytest.approx(plain, rel=0.02, abs=0.05) and plain["psnr"] > 20


def test_a_run_learns_leaves_an_upsampler_and_goes_on(
    tokenizer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "CLIPS", 2)
    monkeypatch.setattr(lessons, "LEAVES", 2)
    monkeypatch.setattr(lessons, "CROP", 32)
    # a tokenizer that only blurs, since one that has learned nothing shows nothing
    monkeypatch.setattr(CViViT, "encode", lambda self, video: video)
    monkeypatch.setattr(CViViT, "decode", lambda self, video: F.avg_pool3d(video, (1, 3, 3), 1, (0, 1, 1)))
    options = {"minutes": 60, "model": tokenizer, "sizes": SMALL, "batch": 6, "test_clips": 1}
    train_upsampler(tmp_path, max_steps=4, losses=LossWeights(0.5, 0.1, 0.01), **options)
    begun = rows(tmp_path)[-1]
    train_upsampler(tmp_path, max_steps=90, resume=True, lr=8e-3, **options)
    ended = rows(tmp_path)[-1]
    assert (begun["step"], ended["step"]) == (4, 94)
    assert ended["psnr"] > begun["psnr"] + 0.05
    upsampler = load_upsampler(tmp_path)
    assert upsampler is not None and upsampler.config == SMALL
    other = tmp_path / "other"
    train_upsampler(other, max_steps=1, start=tmp_path, **options)
    assert rows(other)[-1]["psnr"] == pytest.approx(ended["psnr"], abs=0.3)


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_without_a_tokenizer_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        train_upsampler(tmp_path, minutes=60, max_steps=1)


def test_the_command_takes_the_tokenizer_of_the_folder_or_the_shipped_one(
    tokenizer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("phenaki.training.upsampler.train_upsampler", lambda folder, **k: asked.append((folder, k)))
    for folder in (tokenizer, tmp_path):
        assert main(["train", "upsampler", "--minutes", "3", "--folder", str(folder), "--lr", "0.01"]) == 0
    assert [(folder, k["model"]) for folder, k in asked] == [(tokenizer, tokenizer), (tmp_path, ASSETS / "toy-64")]
    assert asked[0][1]["minutes"] == 3 and asked[0][1]["lr"] == 0.01
