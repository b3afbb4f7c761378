"""The tokenizer: causality above all."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from phenaki.config import PRESETS, CViViTConfig
from phenaki.cvivit import CViViT
from phenaki.errors import ConfigError, ShapeError

VARIANTS = [(name, stem, head) for name in PRESETS for stem in ("conv", "patch") for head in ("conv", "linear")]


def small(config: CViViTConfig, **changes: object) -> CViViTConfig:
    """The same design with less of everything that costs time, but not of what decides causality."""
    return dataclasses.replace(
        config, height=32, width=32, dim=32, heads=2, channels=(8, 16, 16), codebook_size=128, **changes
    )


PAIRS = small(CViViTConfig())  # two frames of a token, and an encoder that looks back


def make(config: CViViTConfig, seed: int = 0) -> CViViT:
    torch.manual_seed(seed)
    model = CViViT(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # residual branches start at zero; give every path a say
            if not parameter.any():
                parameter.normal_(std=0.1)
        for parameter in model.stem.parameters():  # untrained convolutions make all places look alike
            parameter.mul_(3)
    return model


@pytest.mark.parametrize(("preset_name", "stem", "head"), VARIANTS)
@torch.inference_mode()
def test_tokens_of_a_prefix_are_a_prefix_of_the_tokens(preset_name: str, stem: str, head: str) -> None:
    model = make(small(PRESETS[preset_name].cvivit, stem=stem, head=head))
    video = torch.rand(1, 3, 11, 32, 32) * 2 - 1
    whole = model.encode(video)
    for frames in (1, 3, 5, 9):
        token_frames = 1 + (frames - 1) // model.config.patch_frames
        assert torch.equal(model.encode(video[:, :, :frames]), whole[:, :token_frames])
    assert whole.unique().numel() > 8  # the comparison is not of one id with itself


@pytest.mark.parametrize(("preset_name", "stem", "head"), VARIANTS)
@torch.inference_mode()
def test_frames_of_a_token_prefix_are_a_prefix_of_the_frames(preset_name: str, stem: str, head: str) -> None:
    model = make(small(PRESETS[preset_name].cvivit, stem=stem, head=head))
    token_ids = torch.randint(128, (1, 6, 4, 4))
    whole, together = model.decode(token_ids), model.config.patch_frames
    assert whole.shape == (1, 3, 1 + 5 * together, 32, 32)
    for frames in (1, 2, 4):
        last = 1 + (frames - 1) * together
        torch.testing.assert_close(model.decode(token_ids[:, :frames]), whole[:, :, :last], rtol=0, atol=2e-6)


@torch.inference_mode()
def test_a_change_of_the_last_frame_changes_the_last_tokens_only() -> None:
    model = make(PAIRS)
    video = torch.rand(1, 3, 7, 32, 32) * 2 - 1
    other = video.clone()
    other[:, :, -1] *= -1
    same = model.encode(video) == model.encode(other)
    assert same[:, :-1].all() and not same[:, -1].all()


@torch.inference_mode()
def test_the_past_reaches_later_tokens_where_the_encoder_looks_back() -> None:
    video = torch.rand(1, 3, 7, 32, 32) * 2 - 1
    other = video.clone()
    other[:, :, 0] *= -1
    for config, looks_back in ((PAIRS, True), (small(PRESETS["toy-64"].cvivit), False)):
        model = make(config)
        same = torch.equal(model.features(video)[:, -1], model.features(other)[:, -1])
        assert same != looks_back


@torch.inference_mode()
def test_a_window_as_long_as_the_film_changes_nothing() -> None:
    token_ids = torch.randint(128, (1, 5, 4, 4))
    all_seen, five, four = (
        make(small(PRESETS["toy-64"].cvivit, temporal_window=window)).decode(token_ids) for window in (0, 5, 4)
    )
    assert torch.equal(all_seen, five) and not torch.equal(five, four)


def test_the_shipped_decoder_looks_back_no_further_than_a_clip_inherits() -> None:
    config = PRESETS["toy-64"]
    size, shape = config.cvivit, config.clip
    assert size.encoder_temporal_depth == 0
    assert size.decoder_temporal_depth * (size.temporal_window - 1) <= shape.prime_token_frames


@torch.inference_mode()
def test_a_window_bounds_how_far_the_decoder_looks_back() -> None:
    token_ids = torch.randint(128, (1, 9, 4, 4))
    other = token_ids.clone()
    other[:, 2] = (other[:, 2] + 1) % 128
    for window in (2, 4):
        model = make(small(PRESETS["toy-64"].cvivit, temporal_window=window))
        change = (model.decode(token_ids) - model.decode(other)).abs().amax((0, 1, 3, 4))  # of each frame
        assert (change[2 : 2 + window] > 0).all()
        assert change[:2].max() == 0 and change[2 + window :].max() == 0


@torch.inference_mode()
def test_without_spatial_attention_a_token_depends_on_its_surroundings_only() -> None:
    model = make(small(PRESETS["toy-64"].cvivit))
    video = torch.rand(1, 3, 5, 32, 32) * 2 - 1
    other = video.clone()
    other[..., :8, :8] *= -1  # the pixels of the first token
    change = (model.features(video) - model.features(other)).abs().amax((0, 1, 4))  # (h, w)
    assert change[:2, :2].min() > 0 and change[2:].max() == 0 and change[:, 2:].max() == 0
    looks_around = make(small(PRESETS["paper"].cvivit))
    assert (looks_around.features(video) - looks_around.features(other)).abs().amax((0, 1, 4)).min() > 0


@pytest.mark.parametrize("patch_frames", [1, 2])
@torch.inference_mode()
def test_decoding_from_a_later_token_frame_gives_the_later_frames(patch_frames: int) -> None:
    model = make(small(PRESETS["toy-64"].cvivit, patch_frames=patch_frames))
    token_ids = torch.randint(128, (2, 6, 4, 4))
    later = model.decode(token_ids, start=3)
    torch.testing.assert_close(later, model.decode(token_ids)[:, :, 1 + 2 * patch_frames :], rtol=0, atol=2e-6)


@pytest.mark.parametrize("patch_frames", [1, 2])
@torch.inference_mode()
def test_an_image_is_a_video_of_one_frame_and_any_length_works(patch_frames: int) -> None:
    model = make(small(PRESETS["toy-64"].cvivit, patch_frames=patch_frames))
    for frames in (1, 3, 21):
        token_ids = model.encode(torch.rand(1, 3, frames, 32, 32))
        assert token_ids.shape == (1, 1 + (frames - 1) // patch_frames, 4, 4)
        assert model.decode(token_ids).shape == (1, 3, frames, 32, 32)


@pytest.mark.parametrize("shape", [(1, 3, 4, 32, 32), (1, 3, 5, 32, 64), (3, 5, 32, 32), (1, 1, 5, 32, 32)])
def test_a_video_of_the_wrong_shape_is_refused_in_words(shape: tuple[int, ...]) -> None:
    model = CViViT(PAIRS)
    with pytest.raises(ShapeError, match="takes"):
        model.encode(torch.zeros(shape))


def test_a_start_outside_the_tokens_is_refused() -> None:
    model = CViViT(small(PRESETS["toy-64"].cvivit))
    with pytest.raises(ShapeError, match="start is 3"):
        model.decode(torch.zeros(1, 3, 4, 4, dtype=torch.int64), start=3)


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="channels has 2 entries"):
        CViViTConfig(channels=(8, 16))
    with pytest.raises(ConfigError, match="multiple of patch_size"):
        CViViTConfig(height=60)


def test_gradients_reach_the_encoder_through_the_quantizer() -> None:
    model = make(small(PRESETS["toy-64"].cvivit)).train()
    out, _, commitment = model(torch.rand(1, 3, 3, 32, 32))
    (out.square().mean() + commitment).backward()
    assert model.stem.first.weight.grad is not None and model.stem.first.weight.grad.abs().sum() > 0
