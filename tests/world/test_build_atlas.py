"""The atlases can be rebuilt from the packages of the sprite sets."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from phenaki.errors import MediaError
from phenaki.world.build_atlas import COLUMNS, SOURCES, build_sheet
from phenaki.world.vocabulary import all_sprites, sprites


def colour(number: int) -> tuple[int, int, int]:
    return (number * 37 % 256, number * 91 % 256, number * 151 % 256)


def add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def plain(rgb: tuple[int, int, int], kind: str = "WEBP") -> bytes:
    data = io.BytesIO()
    Image.new("RGBA", (16, 16), (*rgb, 255)).save(data, kind)
    return data.getvalue()


def pictures(path: Path, names: tuple[str, ...], suffix: str = "") -> Path:
    """An npm tarball with a plain picture for each name; the second half of them with ``suffix`` in its name."""
    with tarfile.open(path, "w:gz") as tar:
        for number, name in enumerate(names):
            ending = suffix if number > len(names) // 2 and not name.endswith("fe0f") else ""
            add(tar, f"package/assets/{name}{ending}.webp", plain(colour(number)))
    return path


def vectors(path: Path, names: tuple[str, ...]) -> Path:
    """An Iconify tarball in which each name has a drawing that says its number."""
    icons = {"width": 32, "height": 32, "icons": {f"icon-{i}": {"body": f"<g id='{i}'/>"} for i in range(len(names))}}
    chars = {name.replace("-fe0f", ""): f"icon-{i}" for i, name in enumerate(names)}
    with tarfile.open(path, "w:gz") as tar:
        add(tar, "package/icons.json", json.dumps(icons).encode())
        add(tar, "package/chars.json", json.dumps(chars).encode())
    return path


def draw_number(*, svg_string: str) -> bytes:
    """Stands in for the library that draws vectors."""
    return plain(colour(int(svg_string.split("id='")[1].split("'")[0])), "PNG")


def check(folder: Path, sheet: str, names: tuple[str, ...]) -> None:
    index = json.loads((folder / f"{sheet}.json").read_text())
    cell = SOURCES[sheet].cell
    assert index["sprites"] == list(names)
    assert (index["cell"], index["columns"], index["licence"]) == (cell, COLUMNS, SOURCES[sheet].licence)
    picture = Image.open(folder / f"{sheet}.webp").convert("RGBA")
    for number in range(len(names)):
        row, column = divmod(number, COLUMNS)
        pixel = picture.getpixel((column * cell + cell // 2, row * cell + cell // 2))
        assert all(abs(a - b) <= 10 for a, b in zip(pixel, (*colour(number), 255), strict=True)), number


def test_every_sprite_of_the_core_lands_in_its_cell(tmp_path: Path) -> None:
    build_sheet("atlas", pictures(tmp_path / "set.tgz", sprites(), "-fe0f"), tmp_path / "world")
    check(tmp_path / "world", "atlas", sprites())


def test_the_toy_sheet_has_what_the_core_has_not(tmp_path: Path) -> None:
    names = tuple(n for n in all_sprites() if n not in sprites())
    build_sheet("toy", pictures(tmp_path / "set.tgz", names), tmp_path)
    check(tmp_path, "toy", names)


def test_vector_sets_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", SimpleNamespace(svg_to_bytes=draw_number))
    build_sheet("storybook", vectors(tmp_path / "set.tgz", all_sprites()), tmp_path)
    check(tmp_path, "storybook", all_sprites())


def test_a_missing_sprite_is_named(tmp_path: Path) -> None:
    missing = sprites()[5]
    names = tuple(name for name in sprites() if name != missing)
    with pytest.raises(MediaError, match=missing):
        build_sheet("atlas", pictures(tmp_path / "set.tgz", names), tmp_path / "world")


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MediaError, match="pip install resvg_py"):
        build_sheet("cartoon", vectors(tmp_path / "set.tgz", all_sprites()), tmp_path)


def test_packages_are_named_as_npm_names_them() -> None:
    assert SOURCES["toy"].tarball == "lobehub-fluent-emoji-3d-1.1.0.tgz"
    assert SOURCES["storybook"].tarball == "iconify-json-noto-1.2.9.tgz"
