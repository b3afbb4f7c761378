"""Draw stories of the world: python -m phenaki.world world.png --part full --style neon"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from phenaki.errors import PhenakiError
from phenaki.world.contact_sheet import write_world_sheet
from phenaki.world.names import STYLE_NAMES
from phenaki.world.parts import PARTS, find_part


def main(arguments: list[str] | None = None) -> int:
    """Command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m phenaki.world", description="Draw stories of the world.")
    parser.add_argument("output", type=Path, help="a .png")
    parser.add_argument("--part", default="full", choices=list(PARTS), help="how much of the world (default: full)")
    parser.add_argument("--style", choices=STYLE_NAMES, help="all stories in one style")
    parser.add_argument("--seed", type=int, default=0, help="of the stories")
    parser.add_argument("--count", type=int, default=8, help="stories")
    parser.add_argument("--stages", type=int, default=3, help="of each story")
    parser.add_argument("--frames", type=int, default=3, help="shown of each stage")
    parser.add_argument("--size", type=int, default=64, help="pixels on a side of the renders")
    options = parser.parse_args(arguments)
    try:
        write_world_sheet(
            options.output, seed=options.seed, size=options.size, count=options.count, part=find_part(options.part),
            style=options.style, stages=options.stages, frames_per_panel=options.frames,
        )  # fmt: skip
    except PhenakiError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Wrote {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
