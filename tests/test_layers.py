"""Imports flow one way. Read from the import lines, so that a layer is checked before it can be run."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("phenaki", "kernels", "demo")

# each part of phenaki may import those before its own line; parts of one line do not know each other
ORDER: list[set[str]] = [
    {"errors"},
    {"device", "shapes", "packed"},
    {"config", "events"},
    {"segment"},
    {"timeline"},
    {"plan", "project"},
    {"nn"},
    {"text", "cvivit", "maskgit", "video", "world", "data"},
    {"checkpoint", "story"},
    {"upsampler"},
    {"pipeline"},
    {"evaluation"},
    {"training", "benchmark"},
    {"cli_export", "cli_train"},
    {"cli"},
    {"__main__"},
]
WITHOUT_A_MODEL = ("world", "data")
ARITHMETIC = {"errors", "shapes"}  # all of phenaki that those two may import besides themselves
ONLY_IN = {
    "gradio": ("demo",),
    "triton": ("kernels",),
    "moviepy": ("phenaki/video",),
    "webdataset": ("phenaki/data", "phenaki/training"),
    "torchmetrics": ("phenaki/evaluation",),
}


def source_files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything that a file imports, inside functions and type checks too."""
    package = path.relative_to(ROOT).parts[:-1]
    return names_in(path.read_text(encoding="utf-8"), package)


def names_in(source: str, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def part_of(dotted: str) -> str | None:
    """The part of phenaki that a name belongs to; '' is the package's own list of names, None is foreign."""
    words = dotted.split(".")
    if words[0] != "phenaki":
        return None
    known = set().union(*ORDER)
    return words[1] if len(words) > 1 and words[1] in known else ""


def own_part(path: Path) -> str:
    relative = path.relative_to(ROOT / "phenaki")
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def rank(part: str) -> int:
    return next(i for i, parts in enumerate(ORDER) if part in parts)


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_import_lines_of_every_form_are_read() -> None:
    source = """
import phenaki.video as v, os
from phenaki import story
from . import blocks
from ..text.encoder import TextEncoder
def later():
    from moviepy import VideoClip
"""
    assert [name for _, name in names_in(source, ("phenaki", "nn"))] == [
        "phenaki.video",
        "os",
        "phenaki.story",
        "phenaki.nn.blocks",
        "phenaki.text.encoder.TextEncoder",
        "moviepy.VideoClip",
    ]
    assert [part_of(name) for name in ("phenaki.video", "phenaki.Phenaki", "os")] == ["video", "", None]


def test_every_part_of_phenaki_has_its_place_in_the_order() -> None:
    parts = {own_part(path) for path in source_files("phenaki")} - {"__init__"}
    assert parts <= set().union(*ORDER), "put the new part into ORDER above"


def test_inside_phenaki_imports_flow_one_way() -> None:
    wrong = []
    for path in source_files("phenaki"):
        own = own_part(path)
        if own == "__init__":
            continue  # it gathers the public names
        for line, name in imported(path):
            part = part_of(name)
            if part is None or part == own:
                continue
            # a part that imports the package's own names would import everything
            if part == "" or rank(part) >= rank(own):
                wrong.append(f"{where(path, line)} ({own}) imports {name}")
    assert not wrong, "\n".join(wrong)


def test_the_world_and_the_data_know_no_model() -> None:
    for own in WITHOUT_A_MODEL:
        for path in source_files(f"phenaki/{own}"):
            for line, name in imported(path):
                assert part_of(name) in {None, own, *ARITHMETIC}, f"{where(path, line)} imports {name}"


def test_packages_point_one_way() -> None:
    """demo -> phenaki -> kernels."""
    forbidden = {"kernels": {"phenaki", "demo"}, "phenaki": {"demo"}, "demo": {"kernels"}}
    for package, others in forbidden.items():
        for path in source_files(package):
            for line, name in imported(path):
                assert name.split(".")[0] not in others, f"{where(path, line)} imports {name}"


def test_the_demo_uses_only_public_names() -> None:
    import phenaki

    for path in source_files("demo"):
        for line, name in imported(path):
            if name.split(".")[0] == "phenaki" and name != "phenaki":
                assert name.removeprefix("phenaki.") in phenaki.__all__, f"{where(path, line)} imports {name}"


def test_every_public_name_exists() -> None:
    import phenaki

    assert len(set(phenaki.__all__)) == len(phenaki.__all__)
    assert [name for name in phenaki.__all__ if not hasattr(phenaki, name)] == []


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_corner(library: str) -> None:
    for package in PACKAGES:
        for path in source_files(package):
            for line, name in imported(path):
                if name.split(".")[0] == library:
                    inside = path.relative_to(ROOT).as_posix().startswith(tuple(f"{c}/" for c in ONLY_IN[library]))
                    assert inside, f"{where(path, line)} imports {name}; only {ONLY_IN[library]} may"


def test_arithmetic_and_stories_need_no_torch() -> None:
    for name in ("errors", "shapes", "packed", "config", "segment", "timeline", "plan", "project"):
        for line, imports in imported(ROOT / "phenaki" / f"{name}.py"):
            assert imports.split(".")[0] not in {"torch", "numpy"}, f"phenaki/{name}.py:{line} imports {imports}"


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_importing_phenaki_starts_nothing_and_reads_no_weights() -> None:
    code = """
import sys, threading
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import phenaki
heavy = {"gradio", "moviepy", "imageio_ffmpeg", "tokenizers", "torchmetrics", "webdataset", "demo"} & set(sys.modules)
assert not heavy, heavy
assert threading.active_count() == 1, threading.enumerate()
weights = [name for name in opened if name.endswith((".safetensors", ".json", ".webp", ".env"))]
assert not weights, weights
"""
    run_python(code)


def test_kernels_are_those_of_the_checkout() -> None:
    """A published package has the same name; an installed one must never stand in for ours."""
    if not (ROOT / "kernels" / "__init__.py").exists():
        assert run_python("import importlib.util as u; s = u.find_spec('kernels'); print(s and s.origin)") == "None"
    else:
        found = run_python("import kernels; print(kernels.__file__)")
        assert Path(found).resolve().is_relative_to(ROOT), found
