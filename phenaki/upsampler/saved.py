"""The upsampler in a folder of weights: ``upsampler.json`` with its sizes and ``upsampler.safetensors``.

It is not a part that a model must have: a folder without the two files is complete.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

from phenaki.checkpoint import load_part, save_part
from phenaki.errors import CheckpointError, ConfigError
from phenaki.upsampler.model import Upsampler, UpsamplerConfig

PART = "upsampler"


def save_upsampler(upsampler: Upsampler, folder: Path, provenance: Mapping[str, object]) -> None:
    """Write both files; weights as float16, with ``provenance`` in their metadata."""
    save_part(upsampler, folder, PART, provenance)
    (folder / f"{PART}.json").write_text(json.dumps(dataclasses.asdict(upsampler.config), indent=1) + "\n")


def load_upsampler(folder: Path) -> Upsampler | None:
    """The upsampler of a folder of weights, in float32, ready to enlarge; None if the folder has none.

    Raises:
        CheckpointError: only one of its files is there, or one is damaged.
    """
    sizes, weights = folder / f"{PART}.json", folder / f"{PART}.safetensors"
    if not sizes.is_file() and not weights.is_file():
        return None
    try:
        upsampler = Upsampler(UpsamplerConfig.from_dict(json.loads(sizes.read_text())))
    except OSError:
        raise CheckpointError(f"{sizes} is missing; it belongs to {weights.name}. Copy it too, or neither.") from None
    except (ValueError, ConfigError) as error:
        raise CheckpointError(f"{sizes} does not describe an upsampler: {error}") from None
    load_part(upsampler, folder, PART)
    return upsampler.eval().requires_grad_(False)
