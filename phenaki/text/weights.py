"""Weights with int8 rows in shards: a quarter of the size of float32, dequantised when they are read.

A matrix is stored as ``name`` (int8) and ``name.scale`` (float32, one number for each row); other tensors as they are.
Shards follow Hugging Face's naming, with the map from name to file in ``model.safetensors.index.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from phenaki.errors import CheckpointError

INDEX_NAME = "model.safetensors.index.json"
MAX_SHARD_BYTES = 15 * 2**20
_SCALE = ".scale"


def quantize_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Round each row to 255 levels.

    Args:
        weight: (rows, columns) float.

    Returns:
        (rows, columns) int8 from -127 to 127, and (rows, 1) float32; their product is near ``weight``.
    """
    scale = weight.float().abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / 127.0  # (rows, 1)
    return (weight.float() / scale).round().to(torch.int8), scale


def write_weights(folder: Path, weights: Mapping[str, Tensor], provenance: Mapping[str, str]) -> list[Path]:
    """Write ``weights`` to shards of at most ``MAX_SHARD_BYTES`` each, matrices with int8 rows.

    Args:
        folder: an existing folder.
        weights: float tensors by name.
        provenance: where they come from, kept in each shard's header.

    Returns:
        The shards, in order.
    """
    tensors: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if weight.ndim == 2:
            tensors[name], tensors[name + _SCALE] = (t.contiguous() for t in quantize_rows(weight))
        else:
            tensors[name] = weight.float().contiguous()

    groups: list[dict[str, Tensor]] = [{}]
    room = limit = MAX_SHARD_BYTES - 64 * 1024  # the header's share
    for name, tensor in tensors.items():
        if tensor.nbytes > room and groups[-1]:
            groups.append({})
            room = limit
        groups[-1][name] = tensor
        room -= tensor.nbytes

    paths = [folder / f"model-{i:05d}-of-{len(groups):05d}.safetensors" for i in range(1, len(groups) + 1)]
    for path, group in zip(paths, groups, strict=True):
        # one entry: the library writes several in an order that changes from run to run
        save_file(group, path, metadata={"provenance": json.dumps(provenance)})
    index = {
        "metadata": {"total_size": sum(t.nbytes for t in tensors.values())},
        "weight_map": {name: path.name for path, group in zip(paths, groups, strict=True) for name in group},
    }
    (folder / INDEX_NAME).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    return paths


def read_weights(folder: Path) -> dict[str, Tensor]:
    """All weights of ``folder`` as float32.

    Raises:
        CheckpointError: a file is missing, truncated or not what the index says.
    """
    shards = _shard_names(folder)
    tensors: dict[str, Tensor] = {}
    for name in shards:
        try:
            tensors |= load_file(folder / name)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"The weights {folder / name} cannot be read ({error}). {_FETCH_AGAIN}") from None
    for name in [n for n in tensors if n.endswith(_SCALE)]:
        scale, matrix = tensors.pop(name), name.removesuffix(_SCALE)
        if matrix not in tensors or scale.shape != (tensors[matrix].shape[0], 1):
            raise CheckpointError(f"The weights in {folder} do not fit together: {name} has no matrix. {_FETCH_AGAIN}")
        tensors[matrix] = tensors[matrix].float() * scale
    return {name: tensor.float() for name, tensor in tensors.items()}


_FETCH_AGAIN = "Fetch the folder again; a truncated copy is the usual cause."


def _shard_names(folder: Path) -> list[str]:
    """Names of the shards that the index lists, each checked to be a plain file name."""
    path = folder / INDEX_NAME
    try:
        names = set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values())
    except FileNotFoundError:
        raise CheckpointError(f"There is no {path}. Name a folder with a text encoder's weights.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} cannot be read ({error!r:.80}). {_FETCH_AGAIN}") from None
    if not names or not all(isinstance(n, str) and n == Path(n).name for n in names):
        raise CheckpointError(f"{path} names no shards of its own folder. {_FETCH_AGAIN}")
    return sorted(names)
