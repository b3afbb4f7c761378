"""Settings: every wrong value is refused with a sentence, every right one survives being saved."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from phenaki.config import PRESETS, CriticConfig, CViViTConfig, MaskGitConfig, ModelConfig, SamplingConfig, preset
from phenaki.errors import ConfigError, PhenakiError, ShapeError
from phenaki.shapes import ClipShape

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_survives_json_and_keeps_its_name(name: str) -> None:
    config = preset(name)
    assert config.name == name
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no preset 'huge'; use one of tiny, toy-64"):
        preset("huge")


def test_what_is_left_out_takes_its_default() -> None:
    config = ModelConfig.from_dict({"name": "mine", "sampling": {"guidance_scale": 1}})
    expected = ModelConfig(name="mine", sampling=SamplingConfig(guidance_scale=1))
    assert config == expected


def test_the_grid_follows_from_pixels_and_patches() -> None:
    assert CViViTConfig(height=128, width=64).grid == (16, 8)


def test_settings_cannot_be_changed_by_accident() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SamplingConfig().guidance_scale = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_inference_steps": 0}, r"num_inference_steps is 0; use a whole number from 1 to 200"),
        ({"num_inference_steps": 201}, r"num_inference_steps is 201; use"),
        ({"num_inference_steps": 8.0}, r"num_inference_steps is 8\.0; use"),
        ({"num_inference_steps": True}, r"num_inference_steps is True; use"),
        ({"num_inference_steps": "8"}, r"num_inference_steps is '8'; use"),
        ({"num_inference_steps": None}, r"num_inference_steps is None; use"),
        ({"num_inference_steps": 10**5000}, r"num_inference_steps is a very large int; use"),
        ({"guidance_scale": -0.1}, r"guidance_scale is -0\.1; use a number from 0 to 50"),
        ({"guidance_scale": NAN}, r"guidance_scale is nan; use"),
        ({"guidance_scale": INF}, r"guidance_scale is inf; use"),
        ({"guidance_scale": 10**400}, r"guidance_scale is 1000.*…; use"),
        ({"guidance_scale": [3]}, r"guidance_scale is \[3\]; use"),
        ({"temperature": 10.5}, r"temperature is 10\.5; use a number from 0 to 10"),
        ({"temperature": "hot"}, r"temperature is 'hot'; use"),
        ({"temperature": False}, r"temperature is False; use"),
        ({"choice_temperature": -1}, r"choice_temperature is -1; use a number from 0 to 100"),
        ({"choice_temperature": NAN}, r"choice_temperature is nan; use"),
    ],
)
def test_sampling_out_of_range_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SamplingConfig(**values)
    with pytest.raises(ConfigError, match=message):
        ModelConfig.from_dict({"sampling": values})


@pytest.mark.parametrize(
    "values",
    [
        {"num_inference_steps": 1, "guidance_scale": 0, "temperature": 0, "choice_temperature": 0},
        {"num_inference_steps": 200, "guidance_scale": 50, "temperature": 10, "choice_temperature": 100},
    ],
)
def test_the_ends_of_each_range_are_accepted(values: dict[str, float]) -> None:
    assert dataclasses.asdict(SamplingConfig(**values)) == values


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"height": 60, "patch_size": 8}, r"height is 60; it must be a multiple of patch_size \(8\)"),
        ({"width": -64}, r"width is -64; use a whole number of 1 or more"),
        ({"patch_size": 0}, r"patch_size is 0; use"),
        ({"dim": 250, "heads": 4}, r"dim is 250; it must be a multiple of twice the heads \(4\)"),
        ({"dim": 15, "heads": 5}, r"dim is 15; it must be a multiple of twice the heads \(5\)"),
        ({"codebook_size": 2**18 + 1}, r"codebook_size is 262145; use at most 262144"),
        ({"patch_size": 1, "channels": ()}, r"channels has 0 entries"),
        ({"heads": 1.0}, r"heads is 1\.0; use"),
        ({"codebook_size": None}, r"codebook_size is None; use"),
        ({"stem": "dense"}, r"stem is 'dense'; use one of conv, patch"),
        ({"head": None}, r"head is None; use one of conv, linear"),
        ({"decoder_spatial_depth": -1}, r"decoder_spatial_depth is -1; use a whole number of 0 or more"),
        ({"decoder_temporal_depth": "1"}, r"decoder_temporal_depth is '1'; use"),
        ({"temporal_window": -1}, r"temporal_window is -1; use"),
        ({"mlp_ratio": NAN}, r"mlp_ratio is nan; use a number from 0\.125 to 64"),
        ({"channels": 48}, r"channels is 48; use a list of whole numbers"),
        ({"channels": "abc"}, r"channels is 'abc'; use a list"),
        ({"channels": (48, 0, 96)}, r"channels is \(48, 0, 96\); use a list"),
        (
            {"channels": (48, 96), "patch_size": 8},
            r"channels has 2 entries.* fits a patch_size of 4, not of 8\. Change one",
        ),
        (
            {"channels": (8, 8, 8), "patch_size": 6, "height": 60, "width": 60},
            r"channels has 3 entries.* of 8, not of 6",
        ),
    ],
)
def test_tokenizer_sizes_that_do_not_fit_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        CViViTConfig(**values)


def test_channels_matter_only_where_there_are_convolutions() -> None:
    CViViTConfig(stem="patch", head="linear", patch_size=4, channels=())
    for part in ({"stem": "patch"}, {"head": "linear"}):
        with pytest.raises(ConfigError, match="channels has 0 entries"):
            CViViTConfig(**part, channels=())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dim": 0}, r"dim is 0; use a whole number of 1 or more"),
        ({"dim": 100, "heads": 3}, r"dim is 100; it must be a multiple of twice the heads \(3\)"),
        ({"depth": 2.5}, r"depth is 2\.5; use"),
        ({"text_dim": "384"}, r"text_dim is '384'; use"),
        ({"mlp_ratio": "4"}, r"mlp_ratio is '4'; use a number"),
    ],
)
def test_transformer_sizes_that_do_not_fit_are_refused(values: dict[str, Any], message: str) -> None:
    for kind in (MaskGitConfig, CriticConfig):
        with pytest.raises(ConfigError, match=message):
            kind(**values)


def test_a_model_from_before_the_critic_does_not_listen_to_one() -> None:
    data = ModelConfig().to_dict()
    del data["critic"]
    assert ModelConfig.from_dict(data) == ModelConfig() and not ModelConfig().critic.used
    with pytest.raises(ConfigError, match="used is 1; use true or false"):
        ModelConfig.from_dict(data | {"critic": {"used": 1}})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], r"ModelConfig is \[\]; it must be an object with named values"),
        (None, r"ModelConfig is None; it must be"),
        ({"clip": None}, r"ClipShape is None; it must be"),
        ({"sampling": [1]}, r"SamplingConfig is \[1\]; it must be"),
        ({"cvivit": {"depth": 3}}, r"CViViTConfig does not know depth; it knows height, width"),
        ({"t5": 1, "extra": 2}, r"ModelConfig does not know extra, t5; it knows name"),
        ({"clip": {"fps": "8"}}, r"fps is '8'; use"),
        (
            {"clip": {"patch_frames": 1}, "cvivit": {"patch_frames": 2}},
            r"clip\.patch_frames is 1 and cvivit\.patch_frames is 2; they must agree",
        ),
        ({"name": 5}, r"name is 5; use a name in quotes"),
        ({"text_encoder": ["minilm"]}, r"text_encoder is \['minilm'\]; use a name"),
    ],
)
def test_data_that_is_no_model_is_refused(data: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ModelConfig.from_dict(data)


def test_clips_that_cannot_be_tokenized_are_refused_by_the_arithmetic() -> None:
    with pytest.raises(ShapeError, match="Use 9 or 11 frames"):
        ModelConfig.from_dict({"clip": {"clip_frames": 10}})


@pytest.mark.parametrize("kind", [SamplingConfig, CViViTConfig, MaskGitConfig, CriticConfig, ClipShape])
@pytest.mark.parametrize(
    "wrong", [NAN, -1, 10**5000, "x" * 10**6, None, [1], {"a": 1}, b"1", object()], ids=lambda v: type(v)
)
def test_any_wrong_value_of_any_setting_is_a_short_sentence(kind: type, wrong: object) -> None:
    for field in dataclasses.fields(kind):
        if wrong == 10**5000 and isinstance(field.default, int) and kind is not SamplingConfig:
            continue  # sizes have no upper end of their own
        with pytest.raises(PhenakiError) as caught:
            kind(**{field.name: wrong})
        assert field.name in str(caught.value) and len(str(caught.value)) < 250


def test_known_words_survive_json_and_hold_words_only() -> None:
    config = ModelConfig(known_words=("a", "fox", "t-rex"))
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    for wrong in ("fox", 5, None, [5], [["fox"]]):
        with pytest.raises(ConfigError, match=r"known_words is .*; use a list of words in quotes"):
            ModelConfig.from_dict({"known_words": wrong})
