"""The sprite atlases: committed pictures, read once, as tensors of premultiplied RGBA sprites."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

ATLAS_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "world"
CORE_SHEET = "atlas"  # what version 1 is drawn with; its pixels stay as they are

# Sheets of each art set. The core has its own, so that what is added cannot change a pixel of it.
ART_SETS: dict[str, tuple[str, ...]] = {
    "toy": (CORE_SHEET, "toy"),
    "cartoon": ("cartoon",),
    "storybook": ("storybook",),
}


@dataclass(frozen=True)
class _Sheet:
    names: tuple[str, ...]
    cells: Tensor  # (count, 4, cell, cell) float in [0, 1], colour premultiplied by alpha


@functools.cache
def _read_sheet(sheet: str) -> _Sheet:
    index = json.loads((ATLAS_FOLDER / f"{sheet}.json").read_text())
    cell, columns, count = index["cell"], index["columns"], len(index["sprites"])
    picture = torch.from_numpy(np.array(Image.open(ATLAS_FOLDER / f"{sheet}.webp").convert("RGBA")))
    picture = picture.permute(2, 0, 1).float() / 255  # (4, rows*cell, columns*cell)
    cells = picture.unfold(1, cell, cell).unfold(2, cell, cell)  # (4, rows, columns, cell, cell)
    cells = cells.permute(1, 2, 0, 3, 4).reshape(-1, 4, cell, cell)[:count]
    assert cells.shape[0] == count <= columns * picture.shape[1] // cell
    return _Sheet(tuple(index["sprites"]), torch.cat([cells[:, :3] * cells[:, 3:], cells[:, 3:]], dim=1))


def sprite_names() -> tuple[str, ...]:
    """Names of the core's sprites, in order."""
    return _read_sheet(CORE_SHEET).names


@functools.cache
def load_sprites(size: int) -> Tensor:
    """The core's sprites, (count, 4, size, size) float in [0, 1], colour premultiplied by alpha."""
    return fit(_read_sheet(CORE_SHEET).cells, size)


def sprite_index(name: str) -> int:
    """Place of a sprite in ``load_sprites``."""
    return sprite_names().index(name)


@functools.cache
def _places(art: str) -> dict[str, tuple[str, int]]:
    """Sheet and place of every sprite of an art set."""
    return {name: (sheet, i) for sheet in ART_SETS[art] for i, name in enumerate(_read_sheet(sheet).names)}


def art_names(art: str) -> tuple[str, ...]:
    """Names of all sprites of an art set."""
    return tuple(_places(art))


def sprite_cell(art: str, name: str) -> Tensor:
    """One sprite of an art set as it is stored, (4, cell, cell) float in [0, 1], colour premultiplied by alpha."""
    sheet, place = _places(art)[name]
    return _read_sheet(sheet).cells[place]


def fit(cells: Tensor, size: int) -> Tensor:
    """Sprites (..., 4, s, s) at another size, (..., 4, size, size)."""
    flat = cells.flatten(0, -4) if cells.ndim > 4 else cells.view(-1, *cells.shape[-3:])
    small = F.interpolate(flat, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    return small.view(*cells.shape[:-2], size, size)
