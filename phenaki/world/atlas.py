"""The sprite atlas: one committed picture, read once, as a tensor of premultiplied RGBA sprites."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

ATLAS_FOLDER = Path(__file__).resolve().parents[2] / "assets" / "world"


@functools.cache
def sprite_names() -> tuple[str, ...]:
    """Names of the sprites in the atlas, in order."""
    return tuple(json.loads((ATLAS_FOLDER / "atlas.json").read_text())["sprites"])


@functools.cache
def load_sprites(size: int) -> Tensor:
    """All sprites, (count, 4, size, size) float in [0, 1], colour premultiplied by alpha."""
    index = json.loads((ATLAS_FOLDER / "atlas.json").read_text())
    cell, columns, count = index["cell"], index["columns"], len(index["sprites"])
    sheet = torch.from_numpy(np.array(Image.open(ATLAS_FOLDER / "atlas.webp").convert("RGBA")))
    sheet = sheet.permute(2, 0, 1).float() / 255  # (4, rows*cell, columns*cell)
    cells = sheet.unfold(1, cell, cell).unfold(2, cell, cell)  # (4, rows, columns, cell, cell)
    cells = cells.permute(1, 2, 0, 3, 4).reshape(-1, 4, cell, cell)[:count]
    assert cells.shape[0] == count <= columns * sheet.shape[1] // cell
    cells = torch.cat([cells[:, :3] * cells[:, 3:], cells[:, 3:]], dim=1)
    return F.interpolate(cells, size=(size, size), mode="bilinear", antialias=True, align_corners=False)


def sprite_index(name: str) -> int:
    """Place of a sprite in ``load_sprites``."""
    return sprite_names().index(name)
