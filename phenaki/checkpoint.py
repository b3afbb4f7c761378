"""Weights on disk: a folder with ``config.json`` and one safetensors file for each part of the model."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from phenaki.config import ModelConfig
from phenaki.errors import CheckpointError, PhenakiError

CONFIG_FILE = "config.json"


def save_part(
    module: nn.Module, folder: Path, part: str, provenance: Mapping[str, object], *, dtype: torch.dtype = torch.float16
) -> None:
    """Write ``folder/part.safetensors``, floats as ``dtype``, with ``provenance`` in its metadata; all or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: (t.to(dtype) if t.is_floating_point() else t).contiguous() for name, t in module.state_dict().items()
    }
    temporary = folder / f".{part}.safetensors.part"
    save_file(tensors, temporary, metadata={k: str(v) for k, v in provenance.items()})
    os.replace(temporary, folder / f"{part}.safetensors")


def load_part(module: nn.Module, folder: Path, part: str) -> dict[str, str]:
    """Fill ``module`` from ``folder/part.safetensors``, as float32.

    Returns:
        The provenance that was saved with it.

    Raises:
        CheckpointError: the file is missing or damaged, or holds other tensors than the module has.
    """
    path = folder / f"{part}.safetensors"
    if not path.is_file():
        raise CheckpointError(
            f"{path} is missing; a folder of weights holds config.json and {part}.safetensors. Check the path."
        )
    try:
        with safe_open(path, framework="pt") as file:
            found = {name: file.get_tensor(name) for name in file.keys()}
            provenance = dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged or cut short ({error}). Copy the file again.") from None
    _check_tensors(path, module.state_dict(), found)
    module.load_state_dict({name: t.float() if t.is_floating_point() else t for name, t in found.items()})
    return provenance


def weights_digest(*modules: nn.Module) -> str:
    """64 hex digits that stand for the tensors of these modules: names, types, shapes and every bit."""
    digest = hashlib.sha256()
    for module in modules:
        for name, tensor in sorted(module.state_dict().items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
            digest.update(tensor.detach().cpu().flatten().contiguous().view(torch.uint8).numpy())
    return digest.hexdigest()


def save_config(config: ModelConfig, folder: Path) -> None:
    """Write ``config.json``, all or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{CONFIG_FILE}.part"
    temporary.write_text(json.dumps(config.to_dict(), indent=1) + "\n")
    os.replace(temporary, folder / CONFIG_FILE)


def update_config(config: ModelConfig, folder: Path) -> None:
    """Write ``config.json``; what a file there says of sampling, and of whether the critic is used, stays."""
    if (folder / CONFIG_FILE).is_file():
        own = load_config(folder)
        critic = dataclasses.replace(config.critic, used=own.critic.used)
        config = dataclasses.replace(config, sampling=own.sampling, critic=critic)
    save_config(config, folder)


def load_config(folder: Path) -> ModelConfig:
    """Read ``config.json``.

    Raises:
        CheckpointError: the folder or the file is missing, or the file is not ours.
    """
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise CheckpointError(f"{folder} is not a folder of weights: it has no {CONFIG_FILE}. Check the path.")
    try:
        return ModelConfig.from_dict(json.loads(path.read_text()))
    except (ValueError, PhenakiError) as error:
        raise CheckpointError(f"{path} is not a Phenaki model: {error}") from None


def _check_tensors(path: Path, wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """Raise ``CheckpointError`` unless names and shapes agree."""
    missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    if missing or extra:
        raise CheckpointError(
            f"{path} belongs to another model: missing {missing[:3] or 'nothing'}, not known {extra[:3] or 'nothing'}. "
            "Use the weights that were saved with this config.json."
        )
    for name, tensor in wanted.items():
        if found[name].shape != tensor.shape:
            raise CheckpointError(
                f"{path}: {name} has shape {tuple(found[name].shape)}, config.json asks for {tuple(tensor.shape)}. "
                "Use the weights that were saved with it."
            )
