"""The evaluation counts what a model makes, without a model: films and verdicts are made up here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from phenaki.config import CViViTConfig, ModelConfig, SamplingConfig
from phenaki.cvivit import CViViT
from phenaki.errors import ConfigError, MediaError, TimelineError
from phenaki.evaluation import run as run_module
from phenaki.evaluation.adherence import JudgedClip
from phenaki.evaluation.evaluate import EvaluationSize, Watcher, attribute_shares, evaluate, story_shares
from phenaki.evaluation.judge import ClipFacts, WorldJudge
from phenaki.evaluation.machine import describe_machine, peak_memory_mib
from phenaki.evaluation.report import Report
from phenaki.evaluation.run import SampleCollector, run_evaluation, sample_panel
from phenaki.events import FramesReady, GenerationEvent, SegmentFinished
from phenaki.pipeline import Phenaki
from phenaki.shapes import ClipShape
from phenaki.timeline import Timeline

FOX = ClipFacts("fox", "forest", "jump", "clear")
CAR = ClipFacts("car", "forest", "left", "clear")
SMALL = CViViTConfig(dim=16, channels=(4, 8, 16), heads=2, codebook_size=32, codebook_dim=4)


class FakeModel:
    """Makes grey films and remembers what was asked."""

    def __init__(self, shape: ClipShape | None = None) -> None:
        self.config = ModelConfig(name="fake", clip=shape or ClipShape(), cvivit=SMALL)
        self.clip, self.device = self.config.clip, torch.device("cpu")
        self.precision = "float32"
        self._parts = SimpleNamespace(cvivit=CViViT(SMALL).eval())
        self.asked: list[tuple[Timeline, SamplingConfig]] = []

    def generate(self, timeline: Timeline, sampling: SamplingConfig) -> Iterator[GenerationEvent]:
        self.asked.append((timeline, sampling))
        for segment in timeline.plan(self.clip):
            frames = np.full((segment.num_frames, 64, 64, 3), 10 * (segment.index + 1), dtype=np.uint8)
            yield FramesReady(segment.index, 0, segment.start_frame, frames, self.clip.fps)
            yield SegmentFinished(segment.index, segment.num_frames, 0.5 + segment.index)


class FakeJudge(WorldJudge):
    """Sees a jumping fox in every clip."""

    def judge(self, video: Tensor, *, batch: int = 16) -> list[ClipFacts]:
        assert video.shape[1:] == (3, 11, 64, 64)
        return [FOX] * len(video)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


def measure(model: FakeModel, size: EvaluationSize, **options: object) -> Report:
    return evaluate(cast(Phenaki, model), FakeJudge(), size, **options)  # type: ignore[arg-type]


def test_shares_count_each_attribute_and_all_together() -> None:
    shares = attribute_shares([(FOX, FOX), (FOX, CAR), (CAR, replace(CAR, weather="rain"))])
    assert {name: share.right for name, share in shares.items()} == {
        "subject": 2,
        "scene": 3,
        "motion": 2,
        "weather": 2,
        "all right": 1,
    }
    assert all(share.count == 3 for share in shares.values())


def test_story_shares_look_at_the_clip_after_the_cut() -> None:
    lost = replace(FOX, subject="pig")
    shares = story_shares([((FOX, FOX), (FOX, FOX)), ((FOX, FOX), (lost, FOX)), ((lost, FOX), (CAR, FOX))])
    assert {name: share.right for name, share in shares.items()} == {
        "subject, before the cut": 2,
        "subject": 1,
        "scene": 3,
        "new motion": 2,
        "subject and new motion": 1,
    }


def test_every_film_is_asked_for_once_with_its_own_seed(model: FakeModel) -> None:
    report = measure(model, EvaluationSize(5, held_out=2, stories=3, renders=4), seed=7)
    films = [timeline for timeline, _ in model.asked]
    assert [len(film.segments) for film in films] == [1] * 7 + [2] * 3
    assert [film.seed for film in films[:5]] == [7, 8, 9, 10, 11]
    assert all(sampling == model.config.sampling for _, sampling in model.asked)
    assert {share.count for share in report.adherence.values()} == {5}
    assert {share.count for share in report.adherence_held_out.values()} == {2}
    assert {share.count for share in report.stories.values()} == {3}
    assert {share.count for share in report.judge.values()} == {4}
    assert report.tokenizer is not None and report.tokenizer.clips == 4
    assert 0 < report.tokenizer.codes_used <= 32 and 0 < report.tokenizer.psnr < 30
    assert report.cost is not None and (report.cost.first_seconds, report.cost.next_seconds) == (0.5, 1.5)
    assert "fake" in report.to_markdown()


def test_shares_are_those_of_the_prompts(model: FakeModel) -> None:
    wanted: list[ClipFacts] = []

    class Listener(Watcher):
        def clip(self, clip: JudgedClip) -> None:
            wanted.append(clip.wanted)

    report = measure(model, EvaluationSize(40, held_out=0, stories=0, renders=0), watcher=Listener())
    assert report.adherence["scene"].right == sum(facts.scene == "forest" for facts in wanted) > 0
    assert report.adherence["motion"].right == sum(facts.motion == "jump" for facts in wanted)


def test_the_same_seed_asks_for_the_same_films_whatever_the_sampling() -> None:
    def prompts(**options: object) -> list[str]:
        model = FakeModel()
        measure(model, EvaluationSize(4, held_out=0, stories=2, renders=0), **options)
        return [segment.prompt for timeline, _ in model.asked for segment in timeline.segments]

    first = prompts(seed=1)
    assert prompts(seed=1, sampling=SamplingConfig(guidance_scale=1.0)) == first
    assert prompts(seed=2) != first


def test_sampling_reaches_the_model(model: FakeModel) -> None:
    sampling = SamplingConfig(num_inference_steps=3, guidance_scale=1.5)
    report = measure(model, EvaluationSize(1, held_out=0, stories=0, renders=0), sampling=sampling)
    assert model.asked[0][1] == sampling == report.sampling


def test_the_clip_after_the_cut_holds_inherited_and_new_frames(model: FakeModel) -> None:
    seen: list[JudgedClip] = []

    class Listener(Watcher):
        def story(self, first: JudgedClip, second: JudgedClip) -> None:
            seen.extend((first, second))

    measure(model, EvaluationSize(0, held_out=0, stories=1, renders=0), watcher=Listener())
    first, second = seen
    assert first.frames.shape == second.frames.shape == (11, 64, 64, 3)
    assert (first.frames == 10).all()
    assert (second.frames[:5] == 10).all() and (second.frames[5:] == 20).all()
    assert first.wanted.subject == second.wanted.subject and first.wanted.motion != second.wanted.motion


def test_parts_of_size_nothing_are_left_out(model: FakeModel) -> None:
    report = measure(model, EvaluationSize(0, held_out=0, stories=0, renders=0))
    assert not model.asked
    assert report.tokenizer is None and report.cost is None
    assert "fake" in report.to_markdown()


def test_bad_sizes_seeds_and_models_are_refused_with_a_sentence(model: FakeModel) -> None:
    with pytest.raises(ConfigError, match="prompts is -1"):
        EvaluationSize(prompts=-1)
    with pytest.raises(ConfigError, match=r"stories is 2\.5"):
        EvaluationSize(stories=2.5)  # type: ignore[arg-type]
    with pytest.raises(TimelineError, match="seed"):
        measure(model, EvaluationSize(1), seed=-1)
    with pytest.raises(ConfigError, match=r"clips of 5 frames.*clips of 11"):
        measure(FakeModel(ClipShape(clip_frames=5, prime_frames=3)), EvaluationSize(1))


def test_the_machine_is_described_in_one_line() -> None:
    line = describe_machine(torch.device("cpu"))
    assert "\n" not in line and "torch" in line and "cores" in line
    assert not peak_memory_mib() < 50


@pytest.fixture
def loaded(model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    """The fake model and the fake judge are what ``run_evaluation`` loads."""
    monkeypatch.setattr(run_module, "Phenaki", SimpleNamespace(from_pretrained=lambda *place: model))
    monkeypatch.setattr(run_module, "load_judge", FakeJudge)
    return model


def test_a_run_writes_its_report_and_a_sheet(
    loaded: FakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "report.json", tmp_path / "sheet.png"
    report = run_evaluation(
        "fake", prompts=4, stories=1, renders=0, guidance_scale=2.0, json_file=files[0], sheet_file=files[1]
    )
    assert json.loads(files[0].read_text()) == json.loads(json.dumps(report.to_dict()))
    assert report.sampling == replace(loaded.config.sampling, guidance_scale=2.0)
    assert {share.count for share in report.adherence_held_out.values()} == {1}
    assert Image.open(files[1]).width > 1000
    told = capsys.readouterr()
    assert "prompt 1 of 4" in told.err and not told.out


def test_a_run_notices_a_missing_folder_before_it_works(loaded: FakeModel, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no folder"):
        run_evaluation("fake", prompts=1, json_file=tmp_path / "none" / "report.json")
    assert not loaded.asked


def test_a_run_without_films_writes_no_sheet(loaded: FakeModel, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sheet"):
        run_evaluation("fake", prompts=0, stories=0, renders=0, sheet_file=tmp_path / "sheet.png")


def test_the_collector_keeps_the_first_films_only() -> None:
    collector = SampleCollector(False, 3, 1)
    clip = JudgedClip("a fox jumps", np.zeros((11, 8, 8, 3), np.uint8), FOX, FOX, 1.0)
    for _ in range(5):
        collector.clip(clip)
        collector.story(clip, clip)
    assert [len(row) for row in collector.rows()] == [2, 1, 2]


def test_a_sample_names_what_the_judge_misses() -> None:
    frames = np.zeros((11, 8, 8, 3), np.uint8)
    assert sample_panel(JudgedClip("a fox jumps", frames, FOX, FOX, 1.0)).text == "a fox jumps\nJudge: all right"
    text = sample_panel(JudgedClip("a fox jumps", frames, FOX, CAR, 1.0)).text
    assert text == "a fox jumps\nJudge: subject car, not fox; motion left, not jump"
