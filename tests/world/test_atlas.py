"""Every art set has every sprite, and the committed sheets are small."""

from __future__ import annotations

import itertools

import pytest
import torch

from phenaki.world.atlas import ART_SETS, ATLAS_FOLDER, art_names, fit, sprite_cell
from phenaki.world.vocabulary import all_sprites


@pytest.mark.parametrize("art", ART_SETS)
def test_every_art_set_has_every_sprite(art: str) -> None:
    assert set(all_sprites()) <= set(art_names(art))
    for name in all_sprites():
        cell = sprite_cell(art, name)
        assert cell[3].mean() > 0.1, name
        assert (cell[:3] <= cell[3:] + 1e-5).all(), name  # premultiplied


def test_art_sets_differ() -> None:
    cells = [fit(sprite_cell(art, "1f98a"), 32) for art in ART_SETS]
    assert all((a - b).abs().mean() > 0.01 for a, b in itertools.pairwise(cells))


def test_sprites_keep_their_leading_dimensions() -> None:
    assert fit(torch.zeros(4, 16, 16), 8).shape == (4, 8, 8)
    assert fit(torch.zeros(2, 7, 4, 16, 16), 8).shape == (2, 7, 4, 8, 8)


def test_the_sheets_take_at_most_three_megabytes() -> None:
    assert sum(file.stat().st_size for file in ATLAS_FOLDER.iterdir()) <= 3 << 20
