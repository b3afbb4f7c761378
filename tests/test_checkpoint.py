"""Folders of weights: round trip, and what is wrong with a foreign one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from phenaki import CheckpointError, DeviceError, Phenaki
from phenaki.checkpoint import load_config, load_part, save_config, save_part, update_config, weights_digest
from phenaki.config import SamplingConfig, preset
from phenaki.pipeline import build_networks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = preset("tiny")
    torch.manual_seed(1)
    cvivit, maskgit = build_networks(config)
    save_config(config, tmp_path)
    save_part(cvivit, tmp_path, "cvivit", {"step": 5})
    save_part(maskgit, tmp_path, "maskgit", {"step": 7})
    return tmp_path


def test_a_saved_model_loads_with_its_provenance(folder: Path) -> None:
    assert load_config(folder) == preset("tiny")
    cvivit, _ = build_networks(preset("tiny"))
    assert load_part(cvivit, folder, "cvivit") == {"step": "5"}
    model = Phenaki.from_pretrained(folder)
    assert model.config.name == "tiny"
    torch.testing.assert_close(model._parts.cvivit.to_code.weight, cvivit.to_code.weight)


def test_weights_keep_their_values_to_half_precision(folder: Path) -> None:
    torch.manual_seed(1)
    cvivit, _ = build_networks(preset("tiny"))
    wanted = {k: v.clone() for k, v in cvivit.state_dict().items()}
    load_part(cvivit, folder, "cvivit")
    for name, value in cvivit.state_dict().items():
        torch.testing.assert_close(value, wanted[name], rtol=1e-3, atol=1e-4)


def test_what_a_folder_says_of_sampling_outlives_further_training(folder: Path) -> None:
    config = preset("tiny")
    own = replace(config, sampling=SamplingConfig(7, 2.0), critic=replace(config.critic, used=True))
    save_config(own, folder)
    update_config(replace(config, known_words=("fox",)), folder)
    assert load_config(folder) == replace(own, known_words=("fox",))
    update_config(config, folder / "new")
    assert load_config(folder / "new") == config


def test_a_missing_folder_names_what_there_is() -> None:
    with pytest.raises(CheckpointError, match="There is no model 'nowhere'"):
        Phenaki.from_pretrained("nowhere")


def test_a_folder_without_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        Phenaki.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        '{"name": "x", "wings": 2}',
        '{"cvivit": {"dim": "wide"}}',
        '{"cvivit": 3}',
        '{"clip": {"clip_frames": 10}}',
    ],
)
def test_a_config_that_is_not_ours_is_refused(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match="not a Phenaki model"):
        Phenaki.from_pretrained(folder)


def test_a_truncated_file_is_refused(folder: Path) -> None:
    path = folder / "maskgit.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged or cut short"):
        Phenaki.from_pretrained(folder)


def test_a_missing_part_is_refused(folder: Path) -> None:
    (folder / "maskgit.safetensors").unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        Phenaki.from_pretrained(folder)


def test_weights_of_another_part_are_refused(folder: Path) -> None:
    (folder / "maskgit.safetensors").write_bytes((folder / "cvivit.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match="belongs to another model"):
        Phenaki.from_pretrained(folder)


def test_weights_of_other_sizes_are_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["maskgit"]["dim"] = 64
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="has shape"):
        Phenaki.from_pretrained(folder)


def test_an_unknown_device_is_refused(folder: Path) -> None:
    with pytest.raises(DeviceError, match="cannot be used"):
        Phenaki.from_pretrained(folder, device="abacus")


def test_a_digest_stands_for_every_bit_of_the_weights() -> None:
    def digest(change: float = 0.0, dtype: torch.dtype = torch.float32) -> str:
        layer = torch.nn.Linear(3, 2)
        torch.nn.init.ones_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        layer.weight.data[1, 2] += change
        return weights_digest(layer.to(dtype), torch.nn.BatchNorm1d(2))

    assert digest() == digest()
    assert len({digest(), digest(1e-6), digest(dtype=torch.bfloat16)}) == 3
