"""Pack the sprites that the world uses into one picture for each art set.

    npm pack @lobehub/fluent-emoji-3d@1.1.0 @iconify-json/fluent-emoji-flat@1.2.6 @iconify-json/noto@1.2.9
    pip install resvg_py==0.5.0                       # draws the vector sets
    python -m phenaki.world.build_atlas .             # the folder with the three tarballs

writes ``toy``, ``cartoon`` and ``storybook``, each a .webp and a .json, into ``assets/world``. The sheet of the core,
``atlas``, is written only with ``--core``: weights were trained on its very pixels. Licences: see ``assets/NOTICE``.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from phenaki.errors import MediaError
from phenaki.world.atlas import ATLAS_FOLDER, CORE_SHEET
from phenaki.world.vocabulary import all_sprites, sprites

COLUMNS = 10


@dataclass(frozen=True)
class Source:
    """A package of pictures, and the sheet that is made of it."""

    package: str  # with its version, as npm names it
    licence: str
    cell: int  # pixels on a side of one sprite
    quality: int

    @property
    def tarball(self) -> str:
        """Name of the file that ``npm pack`` writes."""
        name, _, version = self.package.rpartition("@")
        return f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"


FLUENT_3D = "@lobehub/fluent-emoji-3d@1.1.0"
SOURCES: dict[str, Source] = {
    CORE_SHEET: Source(FLUENT_3D, "MIT", 128, 90),
    "toy": Source(FLUENT_3D, "MIT", 128, 90),
    "cartoon": Source("@iconify-json/fluent-emoji-flat@1.2.6", "MIT", 112, 88),
    "storybook": Source("@iconify-json/noto@1.2.9", "Apache-2.0", 112, 88),
}


def build_sheet(sheet: str, package: Path, folder: Path = ATLAS_FOLDER) -> None:
    """Read ``package`` (the npm tarball) and write one sheet into ``folder``.

    Raises:
        MediaError: the tarball lacks a sprite, or a vector set is to be drawn without ``resvg_py``.
    """
    source, names = SOURCES[sheet], _names(sheet)
    rows = -(-len(names) // COLUMNS)
    picture = Image.new("RGBA", (COLUMNS * source.cell, rows * source.cell))
    with tarfile.open(package) as tar:
        draw = _pictures(tar) if source.package == FLUENT_3D else _vectors(tar)
        for i, name in enumerate(names):
            sprite = draw(name, source.cell)
            if sprite is None:
                raise MediaError(f"{package} holds no {name}; use the tarball of {source.package}.")
            picture.paste(sprite, (i % COLUMNS * source.cell, i // COLUMNS * source.cell))
    folder.mkdir(parents=True, exist_ok=True)
    picture.save(folder / f"{sheet}.webp", quality=source.quality, method=6)
    index = {
        "source": " ".join(source.package.rsplit("@", 1)),
        "licence": source.licence,
        "cell": source.cell,
        "columns": COLUMNS,
        "sprites": list(names),
    }
    (folder / f"{sheet}.json").write_text(json.dumps(index, indent=1) + "\n")


def _names(sheet: str) -> tuple[str, ...]:
    """The sprites of a sheet."""
    if sheet == CORE_SHEET:
        return sprites()
    return tuple(n for n in all_sprites() if sheet != "toy" or n not in sprites())


def _spellings(name: str) -> tuple[str, ...]:
    """A code point with and without the sign that asks for the coloured form."""
    plain = name.replace("-fe0f", "")
    return (name, plain, f"{plain}-fe0f")


def _pictures(tar: tarfile.TarFile) -> Callable[[str, int], Image.Image | None]:
    """Sprites of a package with a picture file for each."""
    members = {Path(m.name).name: m for m in tar.getmembers()}

    def draw(name: str, side: int) -> Image.Image | None:
        member = next((members[f"{n}.webp"] for n in _spellings(name) if f"{n}.webp" in members), None)
        file = member and tar.extractfile(member)
        if not file:
            return None
        return Image.open(io.BytesIO(file.read())).convert("RGBA").resize((side, side), Image.Resampling.LANCZOS)

    return draw


def _vectors(tar: tarfile.TarFile) -> Callable[[str, int], Image.Image | None]:
    """Sprites of an Iconify package: one file with all drawings, one with their code points."""
    try:
        import resvg_py
    except ImportError:
        raise MediaError(
            "Vector pictures are drawn by resvg_py, which is missing. pip install resvg_py==0.5.0"
        ) from None
    icons, codes = (json.load(tar.extractfile(f"package/{n}.json")) for n in ("icons", "chars"))  # type: ignore[arg-type]

    def draw(name: str, side: int) -> Image.Image | None:
        icon = next((codes[n] for n in _spellings(name) if n in codes), None)
        if icon is None:
            return None
        drawing = icons["icons"][icon]
        wide, high = (drawing.get(k, icons[k]) for k in ("width", "height"))
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{2 * side}" '
            f'height="{2 * side}" viewBox="0 0 {wide} {high}">{drawing["body"]}</svg>'
        )
        picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg)))).convert("RGBA")
        return picture.resize((side, side), Image.Resampling.LANCZOS)

    return draw


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Pack the world's sprites into assets/world.")
    parser.add_argument("packages", type=Path, help="the folder with the .tgz files that `npm pack` wrote")
    parser.add_argument("--core", action="store_true", help="also the sheet of version 1, on which models were trained")
    options = parser.parse_args()
    for sheet, source in SOURCES.items():
        if sheet != CORE_SHEET or options.core:
            build_sheet(sheet, options.packages / source.tarball)


if __name__ == "__main__":
    main()
