"""The atlas can be rebuilt from the sprite set's package."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from phenaki.errors import MediaError
from phenaki.world.build_atlas import CELL, COLUMNS, build_atlas
from phenaki.world.vocabulary import sprites


def colour(number: int) -> tuple[int, int, int]:
    return (number * 37 % 256, number * 91 % 256, number * 151 % 256)


def package(path: Path, names: tuple[str, ...], suffix: str = "") -> Path:
    """An npm tarball with a plain picture for each name; the second half of them with ``suffix`` in its name."""
    with tarfile.open(path, "w:gz") as tar:
        for number, name in enumerate(names):
            data = io.BytesIO()
            Image.new("RGBA", (16, 16), (*colour(number), 255)).save(data, "WEBP", lossless=True)
            ending = suffix if number > len(names) // 2 else ""
            member = tarfile.TarInfo(f"package/assets/{name}{ending}.webp")
            member.size = data.tell()
            data.seek(0)
            tar.addfile(member, data)
    return path


def test_every_sprite_lands_in_its_cell(tmp_path: Path) -> None:
    build_atlas(package(tmp_path / "set.tgz", sprites(), "-fe0f"), tmp_path / "world")
    index = json.loads((tmp_path / "world" / "atlas.json").read_text())
    assert index["sprites"] == list(sprites())
    assert (index["cell"], index["columns"], index["licence"]) == (CELL, COLUMNS, "MIT")
    sheet = Image.open(tmp_path / "world" / "atlas.webp").convert("RGBA")
    for number in range(len(sprites())):
        row, column = divmod(number, COLUMNS)
        pixel = sheet.getpixel((column * CELL + CELL // 2, row * CELL + CELL // 2))
        assert all(abs(a - b) <= 6 for a, b in zip(pixel, (*colour(number), 255), strict=True)), number


def test_a_missing_sprite_is_named(tmp_path: Path) -> None:
    missing = sprites()[5]
    names = tuple(name for name in sprites() if name != missing)
    with pytest.raises(MediaError, match=missing):
        build_atlas(package(tmp_path / "set.tgz", names), tmp_path / "world")
