"""Folders of weights: what is written comes back, what is damaged is refused with a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from phenaki.errors import CheckpointError
from phenaki.text import load_text_encoder, weights
from phenaki.text.minilm import MINILM_FOLDER
from phenaki.text.weights import INDEX_NAME, quantize_rows, read_weights, write_weights

SHARD = "model-00001-of-00002.safetensors"


def test_rows_lose_at_most_half_a_level() -> None:
    weight = torch.randn(37, 53, generator=torch.Generator().manual_seed(0)) * torch.logspace(-6, 3, 37)[:, None]
    rows, scale = quantize_rows(weight)
    assert rows.dtype == torch.int8 and rows.abs().amax(1).eq(127).all()
    assert ((rows.float() * scale - weight).abs() <= scale * 0.5001).all()


def test_rows_of_zeros_stay_zero() -> None:
    rows, scale = quantize_rows(torch.zeros(2, 3))
    assert (rows.float() * scale == 0).all() and scale.isfinite().all()


def test_weights_come_back_from_their_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "MAX_SHARD_BYTES", 64 * 1024 + 3000)
    generator = torch.Generator().manual_seed(0)
    tensors = {f"layer.{i}.weight": torch.randn(40, 30, generator=generator) for i in range(5)}
    tensors["bias"] = torch.randn(7, generator=generator)
    shards = write_weights(tmp_path, tensors, {"source": "here"})
    assert len(shards) > 1 and all(path.stat().st_size <= 64 * 1024 + 3000 for path in shards)
    back = read_weights(tmp_path)
    assert set(back) == set(tensors)
    assert torch.equal(back["bias"], tensors["bias"])
    for name, tensor in tensors.items():
        assert (back[name] - tensor).abs().max() < 0.02


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINILM_FOLDER, tmp_path / "minilm"))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def edit_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / SHARD).unlink(), r"cannot be read .*Fetch the folder again"),
        (lambda f: truncate(f / SHARD), r"cannot be read .*Fetch the folder again"),
        (lambda f: (f / SHARD).write_bytes(b""), r"cannot be read"),
        (lambda f: (f / INDEX_NAME).unlink(), r"There is no .*index\.json\. Name a folder"),
        (lambda f: (f / INDEX_NAME).write_text("{"), r"index\.json cannot be read"),
        (lambda f: (f / INDEX_NAME).write_text("[]"), r"index\.json cannot be read"),
        (lambda f: (f / INDEX_NAME).write_text('{"weight_map": {}}'), r"names no shards"),
        (lambda f: (f / INDEX_NAME).write_text('{"weight_map": {"a": "../x.safetensors"}}'), r"names no shards"),
        (
            lambda f: (f / INDEX_NAME).write_text(json.dumps({"weight_map": {"a": SHARD}})),
            r"has no matrix|are not those",
        ),
        (lambda f: (f / "config.json").unlink(), r"does not describe a MiniLM"),
        (lambda f: (f / "config.json").write_text('{"encoder": "t5"}'), r"does not describe a MiniLM"),
        (lambda f: edit_config(f, depth=5), r"are not those of a MiniLM of the sizes in its config\.json"),
        (lambda f: edit_config(f, dim=100), r"does not describe a MiniLM"),
        (lambda f: edit_config(f, heads=0), r"does not describe a MiniLM"),
        (lambda f: edit_config(f, max_length="64"), r"does not describe a MiniLM"),
        (lambda f: (f / "tokenizer.json").unlink(), r"tokenizer .* cannot be read"),
        (lambda f: truncate(f / "tokenizer.json"), r"tokenizer .* cannot be read"),
    ],
)
def test_a_damaged_folder_is_refused(folder: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=message):
        load_text_encoder("minilm", folder)


def test_a_missing_folder_and_an_unknown_encoder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        load_text_encoder("minilm", tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match="There is no text encoder 'clip'; use 'minilm'"):
        load_text_encoder("clip")
