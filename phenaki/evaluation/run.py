"""The whole evaluation as one call: load, measure, write the report and a sheet of samples."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from phenaki.errors import ConfigError, MediaError
from phenaki.evaluation.adherence import JudgedClip
from phenaki.evaluation.evaluate import EvaluationSize, Watcher, evaluate
from phenaki.evaluation.judge import ATTRIBUTES, load_judge
from phenaki.evaluation.report import Report
from phenaki.pipeline import Phenaki
from phenaki.world.contact_sheet import Panel, contact_sheet, save_sheet

SHEET_CLIPS, SHEET_STORIES = 16, 8  # on a sheet of samples


def run_evaluation(
    model: str | Path = "toy-64",
    *,
    prompts: int = 256,
    stories: int = 64,
    renders: int = 256,
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
        prompts: films of one clip; a quarter as many more are made of held-out pairs.
        stories: films of two segments.
        renders: clips on which the judge and the tokenizer are measured; 0 leaves that out.
        seed: of prompts and films.
        num_inference_steps: this and the next three: None takes the model's default.
        guidance_scale: see ``SamplingConfig``.
        temperature: see ``SamplingConfig``.
        choice_temperature: see ``SamplingConfig``.
        device: this and the next: as for ``Phenaki.from_pretrained``.
        precision: of the transformer.
        json_file: where the report goes as JSON.
        sheet_file: where a picture of the first films goes: uncurated samples with the judge's verdicts.

    Raises:
        PhenakiError: what is given is not accepted; a folder that does not exist is noticed before the work begins.
    """
    size = EvaluationSize(prompts, prompts // 4 if isinstance(prompts, int) else prompts, stories, renders)
    if sheet_file is not None and not size.prompts and not size.stories:
        raise ConfigError("A sheet of samples was asked for, but no film is made; use 1 prompt or 1 story, or more.")
    for file in (json_file, sheet_file):
        if file is not None and not file.parent.is_dir():
            raise MediaError(f"{file} cannot be written: there is no folder {file.parent}. Create it first.")
    loaded, judge = Phenaki.from_pretrained(model, device, precision), load_judge()
    given = {
        "num_inference_steps": num_inference_steps, "guidance_scale": guidance_scale,
        "temperature": temperature, "choice_temperature": choice_temperature,
    }  # fmt: skip
    sampling = replace(loaded.config.sampling, **{name: value for name, value in given.items() if value is not None})
    watcher = SampleCollector(sys.stderr.isatty(), SHEET_CLIPS if sheet_file else 0, SHEET_STORIES if sheet_file else 0)
    report = evaluate(loaded, judge, size, sampling=sampling, seed=seed, watcher=watcher)
    watcher.end()
    if json_file is not None:
        json_file.write_text(json.dumps(report.to_dict(), indent=1) + "\n")
    if sheet_file is not None:
        save_sheet(contact_sheet(watcher.rows()), sheet_file)
    return report


class SampleCollector(Watcher):
    """Shows progress on stderr and keeps the first films for a contact sheet."""

    def __init__(self, in_place: bool, clips: int, stories: int) -> None:
        """``in_place``: each line of progress replaces the one before; ``clips`` and ``stories`` are kept."""
        self._in_place, self._room, self._story_room = in_place, clips, stories
        self._clips: list[Panel] = []
        self._stories: list[list[Panel]] = []
        self._lines = 0

    def progress(self, line: str) -> None:
        """Show every line in place, or every sixteenth below the other."""
        if self._in_place:
            sys.stderr.write(f"\r\x1b[K{line}")
        elif self._lines % 16 == 0:
            sys.stderr.write(f"{line}\n")
        self._lines += 1
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line of progress."""
        if self._in_place and self._lines:
            sys.stderr.write("\n")

    def clip(self, clip: JudgedClip) -> None:
        if len(self._clips) < self._room:
            self._clips.append(sample_panel(clip))

    def story(self, first: JudgedClip, second: JudgedClip) -> None:
        if len(self._stories) < self._story_room:
            self._stories.append([sample_panel(first), sample_panel(second)])

    def rows(self) -> list[list[Panel]]:
        """Clips, two a row, then stories."""
        return [self._clips[i : i + 2] for i in range(0, len(self._clips), 2)] + self._stories


def sample_panel(clip: JudgedClip) -> Panel:
    """Frames, prompt and verdict of a clip; what the judge misses is named."""
    wrong = [
        f"{name} {getattr(clip.verdict, name)}, not {getattr(clip.wanted, name)}"
        for name in ATTRIBUTES
        if getattr(clip.verdict, name) != getattr(clip.wanted, name)
    ]
    return Panel(clip.frames, f"{clip.prompt}\nJudge: {'; '.join(wrong) or 'all right'}")
