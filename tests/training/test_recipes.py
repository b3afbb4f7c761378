"""The recipes end to end on the tiny preset: they learn, they resume, they leave a model that loads."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from phenaki import Phenaki
from phenaki.checkpoint import load_part
from phenaki.config import preset
from phenaki.cvivit import CViViT
from phenaki.device import mixed_precision
from phenaki.errors import CheckpointError
from phenaki.pipeline import build_networks
from phenaki.text import load_text_encoder
from phenaki.training.cvivit import measure, train_cvivit, training_batches
from phenaki.training.losses import reconstruction_loss
from phenaki.training.maskgit import mask_some, masked_loss, spoil_primes, train_maskgit
from phenaki.training.source import WORLD
from phenaki.training.tokens import _tokenize, make_chunk, token_coverage
from phenaki.world.render import Rendered
from phenaki.world.windows import render_windows, sample_continuation

CONFIG = preset("tiny")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    train_cvivit(CONFIG, folder, minutes=60, max_steps=40, batch=4, lr=4e-3)
    return folder


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_tokenizer_learns_and_its_encoder_can_be_kept(trained: Path) -> None:
    first = rows(trained)[-1]
    assert first["psnr"] > 10.5 and first["step"] == 40
    encoder = load_weights(trained).stem.rest.weight
    train_cvivit(CONFIG, trained, minutes=60, max_steps=8, batch=4, resume=True, decoder_only=True)
    after = load_weights(trained)
    assert rows(trained)[-1]["step"] == 48
    assert torch.equal(after.stem.rest.weight, encoder)


def load_weights(folder: Path) -> CViViT:
    cvivit, _ = build_networks(CONFIG)
    load_part(cvivit, folder, "cvivit")
    return cvivit


def test_the_decoder_alone_needs_a_trained_encoder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no trained encoder"):
        train_cvivit(CONFIG, tmp_path, minutes=60, max_steps=1, decoder_only=True)


def test_the_transformer_learns_and_the_folder_becomes_a_model(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phenaki.training.maskgit.CHUNK", 64)
    train_maskgit(CONFIG, trained, minutes=60, max_steps=40, batch=16)
    last = rows(trained)[-1]
    assert last["test_loss"] < 4.1  # log(64) = 4.16 is what guessing gives
    assert Phenaki.from_pretrained(trained).config == CONFIG
    train_maskgit(CONFIG, trained, minutes=60, max_steps=4, batch=16, resume=True)
    assert rows(trained)[-1]["step"] == 44


def test_a_finished_model_is_a_place_to_start_from(trained: Path, tmp_path: Path) -> None:
    train_cvivit(CONFIG, tmp_path, minutes=60, max_steps=1, batch=2, start=trained, decoder_only=True)
    load_part(build_networks(CONFIG)[0], tmp_path, "cvivit")
    assert rows(tmp_path)[-1]["psnr"] > 10.5
    with pytest.raises(CheckpointError, match="is missing"):
        train_cvivit(CONFIG, tmp_path, minutes=60, max_steps=1, batch=2, start=tmp_path / "nowhere")


def test_a_batch_depends_on_its_step_alone() -> None:
    one, two = (training_batches(CONFIG, 4, 1, np.random.default_rng([0, 3]))[0][0].video for _ in range(2))
    other = training_batches(CONFIG, 4, 1, np.random.default_rng([0, 4]))[0][0].video
    assert torch.equal(one, two) and not torch.equal(one, other)


def test_an_error_on_the_subject_costs_more() -> None:
    video, mask = torch.zeros(1, 3, 1, 8, 8), torch.zeros(1, 1, 1, 8, 8)
    mask[..., 2:5, 2:5] = 1
    target = Rendered(video, mask)
    on, off = video.clone(), video.clone()
    on[..., 3, 3], off[..., 6, 6] = 0.5, 0.5
    assert reconstruction_loss(on, target) > 2 * reconstruction_loss(off, target)
    assert reconstruction_loss(video, target) == 0


def test_coverage_of_a_token_is_the_share_of_its_pixels() -> None:
    mask = torch.zeros(1, 1, 3, 32, 32)
    mask[0, 0, 0, :8, :4] = 1  # half of one token of the first frame
    mask[0, 0, 1, 8:16, :8] = 1  # one of the two frames of a later token
    coverage = token_coverage(mask, CONFIG)
    assert coverage.shape == (1, 2, 4, 4)
    assert coverage[0, 0, 0, 0] == 0.5 and coverage[0, 1, 1, 0] == 0.5 and coverage.sum() == 1.0


def test_masks_spare_what_came_before_and_what_an_image_lacks() -> None:
    prime, still = torch.tensor([0, 3, 0] * 50), torch.tensor([False, False, True] * 50)
    masked = mask_some(prime, still, (6, 2, 2), np.random.default_rng(0))
    assert not masked[still][:, 1:].any() and masked[still][:, 0].any()
    assert not masked[prime == 3][:, :3].any()
    assert masked[:, 0].any() and masked.flatten(1).any(1).all()


def test_only_what_is_inherited_is_ever_spoilt() -> None:
    ids = torch.arange(400)[:, None, None, None].expand(-1, 6, 4, 4)
    prime = torch.tensor([3, 0] * 200)
    spoilt = spoil_primes(ids, prime, np.random.default_rng(0)) != ids
    assert spoilt[prime == 3][:, :3].any() and spoilt.float().mean() < 0.05
    assert not spoilt[:, 3:].any() and not spoilt[prime == 0].any()


def test_what_a_clip_inherits_are_tokens_from_the_middle_of_a_film() -> None:
    """As sampling hands them on: none of them stands for the one frame that a film begins with."""
    torch.manual_seed(0)
    cvivit = build_networks(CONFIG)[0].eval()
    for parameter in cvivit.stem.parameters():  # untrained, all pictures look alike to it
        parameter.data.mul_(3)
    shape = CONFIG.clip
    window = sample_continuation(np.random.default_rng(0), shape)
    token_ids, coverage = _tokenize([window], CONFIG, cvivit)
    longer = replace(window, start=window.start - shape.patch_frames, num_frames=shape.clip_frames + shape.patch_frames)
    rendered = render_windows([longer], 32)
    with mixed_precision(torch.device("cpu")):
        expected, other = (cvivit.encode(video).to(torch.int32) for video in (rendered.video, rendered.video[:, :, 2:]))
    assert torch.equal(token_ids, expected[:, 1:]) and not torch.equal(token_ids, other)
    assert token_ids.shape[1] == coverage.shape[1] == shape.token_frames(shape.clip_frames)


def test_the_loss_of_a_guess_at_random_is_the_logarithm_of_the_codebook() -> None:
    torch.manual_seed(0)
    cvivit, maskgit = build_networks(CONFIG)
    chunk = make_chunk(CONFIG, cvivit.eval(), load_text_encoder("minilm"), 20, (0, 1))
    assert chunk.still.sum() == 1 and (chunk.prime > 0).sum() == 14
    loss, _ = masked_loss(maskgit.eval(), chunk, torch.arange(20), 1.0, np.random.default_rng(0))
    assert loss.item() == pytest.approx(np.log(64), abs=0.35)
    again = make_chunk(CONFIG, cvivit, load_text_encoder("minilm"), 20, (0, 1))
    assert torch.equal(again.token_ids, chunk.token_ids) and torch.equal(again.text_embeds, chunk.text_embeds)


def test_the_measure_knows_a_perfect_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    model = CViViT(CONFIG.cvivit)
    monkeypatch.setattr(
        model, "forward", lambda video, quantize: (video + 0.02, torch.zeros(1, dtype=torch.int64), torch.zeros(()))
    )
    monkeypatch.setattr(CViViT, "__call__", lambda self, *a, **k: self.forward(*a, **k))
    quality = measure(model, CONFIG, WORLD.held_out(CONFIG.clip, 4))
    assert quality["psnr"] == pytest.approx(40, abs=0.6) and quality["codes"] == 1
