"""The whole evaluation as one call: load, measure, write the report and a sheet of samples."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from safetensors import safe_open

from phenaki.errors import ConfigError, MediaError
from phenaki.evaluation.alignment import load_aligner
from phenaki.evaluation.evaluate import EvaluationSize, evaluate
from phenaki.evaluation.judge import JUDGE_FOLDER, WorldJudge, load_judge
from phenaki.evaluation.report import Report
from phenaki.evaluation.sheet import SampleCollector, check_sheet_file, save_samples
from phenaki.pipeline import ASSETS, Phenaki


def run_evaluation(
    model: str | Path = "toy-64",
    *,
    prompts: int = 256,
    held_out: int | None = None,
    paraphrases: int | None = None,
    stories: int = 64,
    long_stories: int | None = None,
    renders: int = 256,
    compared: int = 256,
    judge: Path | None = None,
    seed: int = 0,
    num_inference_steps: int | None = None,
    guidance_scale: float | None = None,
    temperature: float | None = None,
    choice_temperature: float | None = None,
    device: str = "auto",
    precision: str = "auto",
    json_file: Path | None = None,
    sheet_file: Path | None = None,
) -> Report:
    """What ``python -m phenaki evaluate`` does; progress goes to stderr, and ``Report.to_markdown`` is for stdout.

    Args:
        model: a folder of weights or the name of a model that comes with this program.
        prompts: films of one clip, of what training shows.
        held_out: films of one clip, of held-out pairs; None: a quarter of ``prompts``.
        paraphrases: films of one clip, in words that training never reads; None: a quarter of ``prompts``.
        stories: films of two segments.
        long_stories: films of three to five segments, two clips each; None: a quarter of ``stories``.
        renders: clips on which the judge and the tokenizer are measured; 0 leaves that out.
        compared: of the first films, how many are compared with renders (alignment, FID, KID, FVD); 0: none.
        judge: a folder with a judge of the model's part of the world; None: the folder "judge" in the model's, or else
            the judge that comes with this program.
        seed: of prompts and films.
        num_inference_steps: this and the next three: None takes the model's default.
        guidance_scale: see ``SamplingConfig``.
        temperature: see ``SamplingConfig``.
        choice_temperature: see ``SamplingConfig``.
        device: this and the next: as for ``Phenaki.from_pretrained``.
        precision: of the transformer.
        json_file: where the report goes as JSON.
        sheet_file: where a picture of the first films goes: uncurated samples with the judge's verdicts; .webp or .png.

    Raises:
        PhenakiError: what is given is not accepted; a folder that does not exist is noticed before the work begins.
    """
    quarter, quarter_of_stories = (n // 4 if isinstance(n, int) else n for n in (prompts, stories))
    size = EvaluationSize(
        prompts,
        quarter if held_out is None else held_out,
        quarter if paraphrases is None else paraphrases,
        quarter,
        stories,
        quarter_of_stories if long_stories is None else long_stories,
        renders,
        compared,
        min(compared, EvaluationSize.aligned) if isinstance(compared, int) else compared,
    )
    if sheet_file is not None:
        check_sheet_file(sheet_file)
        if not (size.prompts or size.held_out or size.paraphrases or size.stories):
            raise ConfigError("A sheet of samples was asked for, but no film is made; use 1 prompt or story, or more.")
    for file in (json_file, sheet_file):
        if file is not None and not file.parent.is_dir():
            raise MediaError(f"{file} cannot be written: there is no folder {file.parent}. Create it first.")
    loaded = Phenaki.from_pretrained(model, device, precision)
    weights = Path(model) if Path(model).is_dir() else ASSETS / str(model)
    folder = judge or _own_judge(weights)
    network = load_judge(folder).to(loaded.device)
    _check_world(weights, network, folder)
    given = {
        "num_inference_steps": num_inference_steps, "guidance_scale": guidance_scale,
        "temperature": temperature, "choice_temperature": choice_temperature,
    }  # fmt: skip
    sampling = replace(loaded.config.sampling, **{name: value for name, value in given.items() if value is not None})
    watcher = SampleCollector(
        in_place=sys.stderr.isatty(),
        keep=sheet_file is not None,
        prime_frames=network.config.clip.prime_frames,
        enlarge=loaded.enlarge,
    )
    report = evaluate(
        loaded,
        network,
        size,
        aligner=load_aligner(folder, network, loaded._parts.text),
        sampling=sampling,
        seed=seed,
        watcher=watcher,
    )
    watcher.end()
    if json_file is not None:
        json_file.write_text(json.dumps(report.to_dict(), indent=1) + "\n")
    if sheet_file is not None:
        save_samples(watcher.rows(), sheet_file)
    return report


def _own_judge(model: Path) -> Path:
    """The judge that lies with a model, or the one that comes with this program."""
    own = model / "judge"
    return own if own.is_dir() else JUDGE_FOLDER


def _check_world(model: Path, judge: WorldJudge, folder: Path) -> None:
    """Raise ``ConfigError`` if the model was trained on a world that is drawn in another way than the judge's."""
    file = model / "maskgit.safetensors"
    if not file.is_file():
        return
    with safe_open(file, framework="pt") as weights:
        facts = weights.metadata() or {}
    if "world_version" not in facts and "data" in facts:
        raise ConfigError(
            f"The model in {model} was trained on videos of your own, of which no judge knows anything. Look at the "
            "films in maskgit.png, which its training leaves beside it."
        )
    version, ours = facts.get("world_version"), str(judge.part.version)
    if version not in (None, ours):
        part = facts.get("world_part", "core" if version == "1" else "lively")
        raise ConfigError(
            f"The model was trained on version {version} of the world ({part}); the judge in {folder} knows version "
            f"{ours}. Train another (python -m phenaki train judge --part {part.split()[0]} --minutes 30) and name it "
            "with --judge."
        )
