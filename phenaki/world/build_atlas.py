"""Pack the sprites that the world uses into one picture.

    npm pack @lobehub/fluent-emoji-3d@1.1.0
    python -m phenaki.world.build_atlas lobehub-fluent-emoji-3d-1.1.0.tgz

writes ``assets/world/atlas.webp`` and ``assets/world/atlas.json``. Pictures: Fluent emoji, MIT, see ``assets/NOTICE``.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from pathlib import Path

from PIL import Image

from phenaki.errors import MediaError
from phenaki.world.atlas import ATLAS_FOLDER
from phenaki.world.vocabulary import sprites

CELL = 128  # pixels on a side of one sprite
COLUMNS = 10
SOURCE = "@lobehub/fluent-emoji-3d 1.1.0"


def build_atlas(package: Path, folder: Path = ATLAS_FOLDER) -> None:
    """Read ``package`` (the npm tarball) and write the atlas into ``folder``.

    Raises:
        MediaError: the tarball lacks a sprite.
    """
    names = sprites()
    rows = -(-len(names) // COLUMNS)
    sheet = Image.new("RGBA", (COLUMNS * CELL, rows * CELL))
    with tarfile.open(package) as tar:
        members = {Path(m.name).name: m for m in tar.getmembers()}
        for i, name in enumerate(names):
            member = members.get(f"{name}.webp") or members.get(f"{name}-fe0f.webp")
            file = member and tar.extractfile(member)
            if not file:
                raise MediaError(f"{package} holds no {name}.webp; use the tarball of {SOURCE}.")
            picture = Image.open(io.BytesIO(file.read())).convert("RGBA").resize((CELL, CELL), Image.Resampling.LANCZOS)
            sheet.paste(picture, (i % COLUMNS * CELL, i // COLUMNS * CELL))
    folder.mkdir(parents=True, exist_ok=True)
    sheet.save(folder / "atlas.webp", quality=90, method=6)
    index = {"source": SOURCE, "licence": "MIT", "cell": CELL, "columns": COLUMNS, "sprites": list(names)}
    (folder / "atlas.json").write_text(json.dumps(index, indent=1) + "\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Pack the world's sprites into assets/world/atlas.webp.")
    parser.add_argument("package", type=Path, help="the .tgz that `npm pack @lobehub/fluent-emoji-3d@1.1.0` wrote")
    build_atlas(parser.parse_args().package)


if __name__ == "__main__":
    main()
