"""The whole recipe in one command that may be cut into stages: tokenizer, judge, transformer, upsampler, evaluation.

python -m phenaki.training.recipe --minutes 25 --folder runs/gpu --out out

Each call works for at most ``--stage-minutes`` and goes on where the one before it ended; the last one measures the
model. What is there of it lies in ``--out`` after each call.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from phenaki.checkpoint import update_config
from phenaki.config import PRESETS, ModelConfig, preset
from phenaki.errors import ConfigError, PhenakiError, TrainingError
from phenaki.evaluation import run_evaluation
from phenaki.shapes import ClipShape
from phenaki.training.cvivit import train_cvivit
from phenaki.training.engine import Engine
from phenaki.training.judge import train_judge
from phenaki.training.losses import SHIPPED
from phenaki.training.maskgit import train_maskgit
from phenaki.training.parcel import check_apart, pack
from phenaki.training.run import is_finished
from phenaki.training.source import RenderedWorld, with_words
from phenaki.training.upsampler import train_upsampler
from phenaki.training.workers import training_device
from phenaki.world.parts import CORE, PARTS, WorldPart, find_part

JUDGE = "judge"  # folder of a part's own judge, in that of the model
REPORT, SHEET = "evaluation.json", "samples.webp"
# of the time of the recipe; the judge has its share only where the part needs one of its own
SHARES = {"cvivit": 0.36, "judge": 0.12, "maskgit": 0.48, "upsampler": 0.07, "evaluation": 0.09}
CLIPS_PER_PROMPT = 2.6  # that an evaluation samples in all, for each prompt that it is asked for
LEAST = 0.05  # of a stage, below which nothing is begun any more
SAVING = 0.08, 30.0  # of a stage is left for saving and measuring: a share of it, and at most so many seconds


@dataclass(frozen=True)
class Batches:
    """Samples of a step, and what goes with the speed of the device."""

    cvivit: int
    maskgit: int
    judge: int
    upsampler: int
    chunk: int  # samples of the transformer that are rendered at a time
    clip_seconds: float  # that sampling one takes: so much is evaluated


# for two CPU cores, and for a GPU of 80 GB; on a smaller one memory runs out, and the error says what to do
BATCHES: dict[tuple[str, str], Batches] = {
    ("tiny", "cpu"): Batches(4, 16, 2, 4, 64, 0.1),
    ("toy-64", "cpu"): Batches(16, 16, 32, 10, 3072, 1.8),
    ("toy-128", "cpu"): Batches(4, 8, 32, 6, 1536, 4.0),
    ("tiny", "cuda"): Batches(64, 256, 64, 16, 3072, 0.1),
    ("toy-64", "cuda"): Batches(64, 256, 64, 32, 6144, 0.3),
    ("toy-128", "cuda"): Batches(32, 128, 64, 32, 6144, 0.4),
    ("paper", "cuda"): Batches(8, 8, 64, 24, 1536, 4.0),
}


@dataclass(frozen=True)
class Recipe:
    """What is trained, for how long, and where it goes.

    Raises:
        ConfigError: a time is not above 0, or there is no table of batches for the sizes on this device.
    """

    config: ModelConfig
    part: WorldPart
    folder: Path
    minutes: float  # of training and evaluation, in all calls together
    stage_minutes: float  # of one call
    device: str = "auto"
    seed: int = 0
    batch_share: float = 1.0  # of the batches of the table: below 1 for a GPU with less memory

    def __post_init__(self) -> None:
        for name in ("minutes", "stage_minutes", "batch_share"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} is {getattr(self, name)}; use a number above 0.")
        if (self.config.name, self.kind) not in BATCHES:
            known = ", ".join(name for name, kind in BATCHES if kind == self.kind)
            raise ConfigError(f"There is no recipe for {self.config.name!r} on {self.kind}; use one of {known}.")

    @property
    def kind(self) -> str:
        """ "cpu" or "cuda"."""
        return training_device(self.device).type

    @property
    def batches(self) -> Batches:
        """Samples of a step."""
        table = BATCHES[self.config.name, self.kind]
        names = ("cvivit", "maskgit", "judge", "upsampler")
        return replace(table, **{name: max(2, round(self.batch_share * getattr(table, name))) for name in names})

    @property
    def own_judge(self) -> bool:
        """Whether the part of the world needs another judge than the one that comes with this program."""
        return self.part != CORE

    def budget(self, stage: str) -> float:
        """Minutes of a stage in all calls together."""
        wanted = {name: share for name, share in SHARES.items() if name != "judge" or self.own_judge}
        return self.minutes * wanted[stage] / sum(wanted.values())

    def steps(self) -> Iterator[tuple[str, Path, Callable[..., object]]]:
        """Names, folders and functions of the trainings, in their order."""
        batches, folder = self.batches, self.folder

        source, part = RenderedWorld(self.part), self.part

        def learn_pictures(**options: Any) -> None:
            train_cvivit(self.config, folder, batch=batches.cvivit, losses=SHIPPED, source=source, **options)

        def learn_tokens(**options: Any) -> None:
            train_maskgit(
                self.config, folder, batch=batches.maskgit, chunk_size=batches.chunk, source=source, **options
            )

        def upsample(**options: Any) -> None:
            train_upsampler(folder, model=folder, batch=batches.upsampler, part=part, **options)

        def judge(**options: Any) -> None:
            train_judge(folder / JUDGE, tokenizer=folder, batch=batches.judge, part=part, **options)

        yield "cvivit", folder, learn_pictures
        if self.own_judge:
            yield "judge", folder / JUDGE, judge
        yield "maskgit", folder, learn_tokens
        yield "upsampler", folder, upsample


def cook(recipe: Recipe) -> bool:
    """Work for one stage, from where the stage before it ended.

    Returns:
        Whether all is done, the evaluation too.
    """
    begun = time.monotonic()
    allowed = 60 * recipe.stage_minutes
    allowed -= min(SAVING[0] * allowed, SAVING[1])
    recipe.folder.mkdir(parents=True, exist_ok=True)
    update_config(recipe.config, recipe.folder)
    for stage, folder, train in recipe.steps():
        left = (allowed - (time.monotonic() - begun)) / 60
        finished, passed = is_finished(folder, stage)
        if finished:
            continue
        if left < LEAST * recipe.stage_minutes:
            return False
        minutes = max(recipe.budget(stage) - passed / 60, 0.001)
        _tell(f"{stage}: {minutes:.1f} minutes to go, {left:.1f} in this stage")
        engine = Engine(device=recipe.device, stage_minutes=left, sheet_minutes=0.0 if stage == "judge" else 4.0)
        train(minutes=minutes, resume=passed > 0, seed=recipe.seed, engine=engine)
        if not is_finished(folder, stage)[0]:
            return False
    left = (allowed - (time.monotonic() - begun)) / 60
    if (recipe.folder / REPORT).is_file():
        return True
    if left < min(recipe.budget("evaluation"), 0.8 * recipe.stage_minutes):
        _tell("evaluation: in the next stage")
        return False
    evaluate(recipe)
    return True


def evaluate(recipe: Recipe) -> None:
    """Measure the finished model, on as many prompts as the time allows, and write report and contact sheet."""
    seconds = 60 * min(recipe.budget("evaluation"), 0.8 * recipe.stage_minutes)
    prompts = max(2, min(256, round(seconds / (CLIPS_PER_PROMPT * recipe.batches.clip_seconds))))
    _tell(f"evaluation: {prompts} prompts")
    report = run_evaluation(
        recipe.folder, prompts=prompts, stories=max(1, prompts // 4), renders=prompts, compared=prompts,
        seed=recipe.seed, device=recipe.device, json_file=recipe.folder / f".{REPORT}",
        sheet_file=recipe.folder / SHEET,
    )  # fmt: skip
    (recipe.folder / f".{REPORT}").replace(recipe.folder / REPORT)
    _tell(report.to_markdown())


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(arguments: list[str] | None = None) -> int:
    """Command line. Returns 0 if all is done, 3 if there is more to do in another call, 2 after a mistake."""
    parser = argparse.ArgumentParser(prog="python -m phenaki.training.recipe", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=25.0, help="of all calls together (default: %(default)s)")
    parser.add_argument("--stage-minutes", type=float, default=9.0, help="of this call (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("runs/recipe"), help="stays between calls")
    parser.add_argument("--out", type=Path, default=os.environ.get("OUT"), help="default: $OUT, else FOLDER/out")
    parser.add_argument("--preset", default="toy-64", choices=sorted(PRESETS), help="sizes (default: %(default)s)")
    parser.add_argument("--part", default="core", choices=list(PARTS), help="of the world (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (default)")
    parser.add_argument("--batch-share", type=float, default=1.0, help="below 1 where memory is short")
    parser.add_argument("--seed", type=int, default=0, help="of weights and data (default: %(default)s)")
    options = parser.parse_args(arguments)
    sizes, part = preset(options.preset), find_part(options.part)
    # the judge reads clips of the usual length only
    sizes = replace(sizes, clip=replace(sizes.clip, clip_frames=ClipShape().clip_frames))
    out = Path(options.out or options.folder / "out")
    try:
        check_apart(options.folder, out)
        recipe = Recipe(
            with_words(sizes, RenderedWorld(part)), part, options.folder, options.minutes,
            options.stage_minutes, options.device, options.seed, options.batch_share,
        )  # fmt: skip
        done = cook(recipe)
        for file in pack(recipe.folder, out):
            _tell(f"{file.stat().st_size / 2**20:6.2f} MiB  {file}")
    except PhenakiError as error:
        _tell(f"phenaki: {error}")
        if isinstance(error, TrainingError):
            _tell("In this recipe it is --batch-share that makes batches smaller.")
        return 2
    if not done:
        _tell("There is more to do: run the same command again.")
    return 0 if done else 3


if __name__ == "__main__":
    sys.exit(main())
