"""A finished model as a few files of limited size, to be carried away from the machine that trained it."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

from phenaki.errors import ConfigError
from phenaki.training.journal import FILE as METRICS

MOST_FILES = 8
LARGEST = 15 * 2**20  # bytes
WEIGHTS = (
    "config.json", "cvivit.safetensors", "maskgit.safetensors", "upsampler.json", "upsampler.safetensors",
    "judge/config.json", "judge/judge.safetensors",
)  # fmt: skip
FIGURES = (METRICS, "evaluation.json", "samples.webp", "curves.png", "maskgit.png", "cvivit.png")  # by importance


def pack(folder: Path, out: Path) -> list[Path]:
    """Put weights, figures and pictures of a model into ``out``.

    Weights stay the files that they are if each fits and there is room for all; else they become an archive, cut into
    pieces that ``cat model.tar.* | tar x`` puts together again. As many of the figures and pictures as there is room
    for come along; of too long a log of metrics, its end.

    Returns:
        The files written: at most ``MOST_FILES``, each of at most ``LARGEST`` bytes, unless the weights alone are more.

    Raises:
        ConfigError: ``out`` is the folder itself.
    """
    check_apart(folder, out)
    out.mkdir(parents=True, exist_ok=True)
    for old in [out / name for name in (*WEIGHTS, *FIGURES)] + sorted(out.glob("model.tar.*")):
        old.unlink(missing_ok=True)
    weights = [folder / name for name in WEIGHTS if (folder / name).is_file()]
    figures = [folder / name for name in FIGURES if (folder / name).is_file()]
    plain = all(file.stat().st_size <= LARGEST and file.parent == folder for file in weights)
    written: list[Path] = []
    if plain and len(weights) + min(len(figures), 3) <= MOST_FILES:
        written = [Path(shutil.copy(file, out)) for file in weights]
    elif weights:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for file, name in zip(weights, _names(weights, folder), strict=True):
                tar.add(file, name)
        data = archive.getbuffer()
        for number, first in enumerate(range(0, len(data), LARGEST)):
            written.append(out / f"model.tar.{number:02d}")
            written[-1].write_bytes(data[first : first + LARGEST])
    for file in figures[: max(0, MOST_FILES - len(written))]:
        written.append(out / file.name)
        written[-1].write_bytes(file.read_bytes()[-LARGEST:])
    return written


def check_apart(folder: Path, out: Path) -> None:
    """Raise ``ConfigError`` if ``pack`` would write into the folder that it reads."""
    if out.resolve() == folder.resolve():
        raise ConfigError(f"{out} is to hold the packed model and the model itself. Name another folder with --out.")


def _names(files: list[Path], folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in files]
