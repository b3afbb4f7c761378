"""The evaluation counts what a model makes, without a model: films and verdicts are made up here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from phenaki.cli import main
from phenaki.config import CViViTConfig, ModelConfig, SamplingConfig
from phenaki.cvivit import CViViT
from phenaki.errors import ConfigError, MediaError, TimelineError
from phenaki.evaluation import run as run_module
from phenaki.evaluation.adherence import JudgedClip
from phenaki.evaluation.alignment import load_aligner
from phenaki.evaluation.distances import can_measure_distances
from phenaki.evaluation.evaluate import (
    EvaluationSize,
    Watcher,
    attribute_shares,
    evaluate,
    long_story_shares,
    story_shares,
)
from phenaki.evaluation.facts import ClipFacts, attributes_of
from phenaki.evaluation.judge import JUDGE_FOLDER, JudgeConfig, WorldJudge, load_judge
from phenaki.evaluation.machine import describe_machine, peak_memory_mib
from phenaki.evaluation.report import Report
from phenaki.evaluation.run import run_evaluation
from phenaki.events import FramesReady, GenerationEvent, SegmentFinished
from phenaki.pipeline import Phenaki
from phenaki.shapes import ClipShape
from phenaki.text import load_text_encoder
from phenaki.timeline import Timeline
from phenaki.world.parts import CORE, FULL
from phenaki.world.spec import Stage, StorySpec

FOX = ClipFacts("fox", "forest", "jump", "clear")
CAR = ClipFacts("car", "forest", "left", "clear")
SPEC = StorySpec("fox", "forest", (Stage("jump", 11),))
NAMES = list(attributes_of(CORE))
NOTHING = EvaluationSize(0, 0, 0, 0, 0, 0, 0, 0, 0)
SMALL = CViViTConfig(dim=16, channels=(4, 8, 16), heads=2, codebook_size=32, codebook_dim=4)


class FakeModel:
    """Makes grey films and remembers what was asked."""

    def __init__(self, shape: ClipShape | None = None) -> None:
        self.config = ModelConfig(name="fake", clip=shape or ClipShape(), cvivit=SMALL)
        self.clip, self.device = self.config.clip, torch.device("cpu")
        self.precision = "float32"
        self._parts = SimpleNamespace(cvivit=CViViT(SMALL).eval(), text=load_text_encoder("minilm"))
        self.asked: list[tuple[Timeline, SamplingConfig]] = []

    def generate(self, timeline: Timeline, sampling: SamplingConfig) -> Iterator[GenerationEvent]:
        self.asked.append((timeline, sampling))
        start = 0
        for segment in timeline.plan(self.clip):
            for clip in range(segment.num_clips):
                count = self.clip.new_frames if start else self.clip.clip_frames
                frames = np.full((count, 64, 64, 3), 10 * (segment.index + 1), dtype=np.uint8)
                yield FramesReady(segment.index, clip, start, frames, self.clip.fps, np.zeros((3, 8, 8), np.int32))
                start += count
            yield SegmentFinished(segment.index, segment.num_frames, 0.5)

    def enlarge(self, frames: np.ndarray) -> np.ndarray:
        return frames.repeat(2, 1).repeat(2, 2)


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
    shares = attribute_shares([(FOX, FOX), (FOX, CAR), (CAR, replace(CAR, weather="rain"))], NAMES)
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
        "subject right before the change of prompt": 2,
        "subject kept across a change of prompt": 1,
        "scene kept across a change of prompt": 3,
        "change obeyed within one clip": 2,
        "subject kept and change obeyed": 1,
    }


def test_long_stories_are_followed_to_their_end() -> None:
    def clip(verdict: ClipFacts, place: int, shown: bool = True) -> JudgedClip:
        return JudgedClip("", np.zeros(0), FOX, verdict, 0.0, SPEC, place, shown)

    lost, still = replace(FOX, subject="pig"), replace(FOX, motion="stand")
    films = [
        [clip(FOX, 0), clip(FOX, 1), clip(still, 0), clip(lost, 1), clip(FOX, 2)],
        [clip(lost, 0), clip(still, 1), clip(FOX, 0), clip(still, 1, shown=False), clip(lost, 0)],
    ]
    shares = long_story_shares(films, NAMES)
    assert {name: (share.right, share.count) for name, share in shares.items()} == {
        "subject right in the first clip": (1, 2),
        "subject right in the last clip": (1, 2),
        "scene right in the last clip": (2, 2),
        "motion right after a change of prompt": (2, 3),
        "motion right where it goes on": (3, 4),
    }
    assert long_story_shares([], NAMES) == {}


def test_every_film_is_asked_for_once_with_its_own_seed(model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phenaki.evaluation.adherence.perf_counter", count().__next__)  # a second between any two looks
    size = EvaluationSize(5, held_out=2, paraphrases=1, stories=3, long_stories=2, renders=4, compared=0, aligned=0)
    report = measure(model, size, seed=7)
    films = [timeline for timeline, _ in model.asked]
    assert [len(film.segments) for film in films[:-2]] == [1] * 8 + [2] * 3
    assert all(3 <= len(film.segments) <= 5 for film in films[-2:])
    assert [film.seed for film in films[:5]] == [7, 8, 9, 10, 11]
    assert all(sampling == model.config.sampling for _, sampling in model.asked)
    counts = {name: {share.count for share in shares.values()} for name, shares in report.splits.items()}
    assert counts == {"iid": {5}, "held-out pairs": {2}, "paraphrases": {1}, "stories": {3}}
    assert {share.count for share in report.stories.values()} == {3}
    assert report.long_stories["subject right in the last clip"].count == 2
    later = sum(len(film.segments) - 1 for film in films[-2:])
    asked = {name: share.count for name, share in report.long_stories.items()}
    assert 0 < asked["motion right after a change of prompt"] <= later
    assert 0 < asked["motion right where it goes on"] <= later + 2
    assert {name: seams.films for name, seams in report.seams.items()} == {"films": 3, "renders": 3}
    assert report.seams["films"].at_seams == 10 and report.seams["films"].inside == 0  # grey, then lighter grey
    assert {share.count for share in report.judge.values()} == {4}
    assert report.tokenizer is not None and report.tokenizer.clips == 4
    assert 0 < report.tokenizer.codes_used <= 32 and 0 < report.tokenizer.psnr < 30
    assert -1 < report.tokenizer.ssim < 0.9
    assert report.cost is not None and (report.cost.first_seconds, report.cost.next_seconds) == (1, 1)
    assert "fake" in report.to_markdown()


def test_shares_are_those_of_the_prompts(model: FakeModel) -> None:
    wanted: list[ClipFacts] = []

    class Listener(Watcher):
        def clip(self, split: str, clip: JudgedClip) -> None:
            assert split == "iid"
            wanted.append(clip.wanted)

    report = measure(model, replace(NOTHING, prompts=40), watcher=Listener())
    assert report.splits["iid"]["scene"].right == sum(facts.scene == "forest" for facts in wanted) > 0
    assert report.splits["iid"]["motion"].right == sum(facts.motion == "jump" for facts in wanted)


def test_the_same_seed_asks_for_the_same_films_whatever_the_sampling() -> None:
    def prompts(**options: object) -> list[str]:
        model = FakeModel()
        measure(model, replace(NOTHING, prompts=4, paraphrases=3, stories=2), **options)
        return [segment.prompt for timeline, _ in model.asked for segment in timeline.segments]

    first = prompts(seed=1)
    assert prompts(seed=1, sampling=SamplingConfig(guidance_scale=1.0)) == first
    assert prompts(seed=2) != first


def test_sampling_reaches_the_model(model: FakeModel) -> None:
    sampling = SamplingConfig(num_inference_steps=3, guidance_scale=1.5)
    report = measure(model, replace(NOTHING, prompts=1), sampling=sampling)
    assert model.asked[0][1] == sampling == report.sampling


@pytest.mark.parametrize("prime_frames", [3, 5])  # 8 or 6 new frames of the model
def test_after_a_cut_the_judge_sees_five_frames_before_it_and_six_behind(prime_frames: int) -> None:
    model = FakeModel(ClipShape(prime_frames=prime_frames))
    seen: list[JudgedClip] = []

    class Listener(Watcher):
        def story(self, first: JudgedClip, second: JudgedClip) -> None:
            seen.extend((first, second))

    measure(model, replace(NOTHING, stories=1), watcher=Listener())
    first, second = seen
    assert first.frames.shape == second.frames.shape == (11, 64, 64, 3)
    assert (first.frames == 10).all()
    assert (second.frames[:5] == 10).all() and (second.frames[5:] == 20).all()
    assert first.wanted.subject == second.wanted.subject and first.wanted.motion != second.wanted.motion


def test_parts_of_size_nothing_are_left_out(model: FakeModel) -> None:
    report = measure(model, NOTHING)
    assert not model.asked
    assert report.tokenizer is None and report.cost is None
    assert not (report.splits or report.seams or report.alignment or report.distances or report.notes)
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


def test_what_the_model_does_not_know_is_not_asked(model: FakeModel) -> None:
    judge = FakeJudge(JudgeConfig(channels=(4, 8, 8, 8), readout=4, frame_dim=8, dim=8), FULL)
    model.config = replace(model.config, vocabulary={"subjects": CORE.subjects})
    unseen = len(FULL.subjects + FULL.still_subjects) - len(CORE.subjects)
    with pytest.raises(ConfigError, match=rf"'fake' has not seen {unseen} subjects of the part 'full'.*'wolf'"):
        evaluate(cast(Phenaki, model), judge, EvaluationSize(1))
    assert not model.asked
    model.config = replace(model.config, vocabulary={"subjects": FULL.subjects + FULL.still_subjects})
    report = evaluate(cast(Phenaki, model), judge, replace(NOTHING, prompts=2, paraphrases=1, pictures_only=2))
    assert {name: shares["second"].count for name, shares in report.splits.items()} == {
        "iid": 2, "paraphrases": 1, "pictures only": 2,
    }  # fmt: skip
    assert "full, version 2" in report.to_markdown()


def test_what_cannot_be_compared_is_named(model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phenaki.evaluation.comparison.can_measure_distances", lambda: False)
    report = measure(model, replace(NOTHING, prompts=2, compared=2, aligned=2))
    assert not report.alignment and not report.distances
    text = report.to_markdown()
    assert "pip install torchmetrics" in text and "phenaki.training.alignment" in text


def test_alignment_stands_between_prompts_of_others_and_renders(model: FakeModel) -> None:
    judge = load_judge()
    aligner = load_aligner(JUDGE_FOLDER, judge, load_text_encoder("minilm"))
    report = evaluate(cast(Phenaki, model), judge, replace(NOTHING, prompts=3, aligned=2), aligner=aligner)
    assert list(report.alignment) == ["generated", "prompts of others", "renders"] and report.candidates == 32
    assert all(score.first.count == 2 for score in report.alignment.values())
    assert report.alignment["renders"].score > 60 + report.alignment["generated"].score / 2  # which are grey


@pytest.mark.skipif(not can_measure_distances(), reason="torchmetrics is not installed")
def test_distances_are_those_of_generated_clips_reconstructions_and_renders(model: FakeModel) -> None:
    report = measure(model, replace(NOTHING, prompts=3, compared=2))
    for row in report.distances.values():
        assert list(row) == ["generated", "reconstructions", "other renders"]
        assert {distance.count for distance in row.values()} <= {2, 8}


@pytest.fixture
def loaded(model: FakeModel, monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    """The fake model and the fake judge are what ``run_evaluation`` loads."""
    monkeypatch.setattr(run_module, "Phenaki", SimpleNamespace(from_pretrained=lambda *place: model))
    monkeypatch.setattr(run_module, "load_judge", lambda folder: FakeJudge())
    monkeypatch.setattr(run_module, "load_aligner", lambda *place: None)
    return model


def test_a_run_writes_its_report_and_a_sheet(
    loaded: FakeModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "report.json", tmp_path / "sheet.webp"
    report = run_evaluation(
        "fake", prompts=4, paraphrases=2, stories=1, renders=0, compared=0, guidance_scale=2.0, json_file=files[0],
        sheet_file=files[1],
    )  # fmt: skip
    assert json.loads(files[0].read_text()) == json.loads(json.dumps(report.to_dict()))
    assert report.sampling == replace(loaded.config.sampling, guidance_scale=2.0)
    assert [max(share.count for share in shares.values()) for shares in report.splits.values()] == [4, 1, 2, 1]
    assert Image.open(files[1]).width > 1000
    told = capsys.readouterr()
    assert "iid: prompt 1 of 4" in told.err and not told.out


def test_the_command_prints_the_tables(loaded: FakeModel, capsys: pytest.CaptureFixture[str]) -> None:
    options = [
        "--prompts",
        "8",
        "--held-out",
        "1",
        "--stories",
        "0",
        "--renders",
        "0",
        "--compared",
        "0",
        "--seed",
        "5",
    ]
    assert main(["evaluate", "--model", "fake", *options, "--guidance", "2"]) == 0
    told = capsys.readouterr().out
    assert "| right, of | iid (N=8) | held-out pairs (N=1) | paraphrases (N=2) | chance (N=8) |" in told
    assert "guidance 2" in told and "seed 5" in told
    assert main(["evaluate", "--sheet", "sheet.gif"]) == 2
    assert ".webp or .png" in capsys.readouterr().err


def test_a_run_notices_a_missing_folder_before_it_works(loaded: FakeModel, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no folder"):
        run_evaluation("fake", prompts=1, json_file=tmp_path / "none" / "report.json")
    assert not loaded.asked


def test_a_run_without_films_writes_no_sheet(loaded: FakeModel, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="sheet"):
        run_evaluation("fake", prompts=0, stories=0, renders=0, sheet_file=tmp_path / "sheet.png")
    with pytest.raises(MediaError, match=r"\.webp or \.png"):
        run_evaluation("fake", sheet_file=tmp_path / "sheet.pdf")


def test_a_judge_of_another_version_of_the_world_is_not_asked(
    loaded: FakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "maskgit.safetensors", {"world_version": "2", "world_part": "full"})
    with pytest.raises(ConfigError, match=r"version 2 of the world \(full\).*version 1.*train judge --part full"):
        run_evaluation(tmp_path, prompts=1)
    assert not loaded.asked
    save_file({"a": torch.zeros(1)}, tmp_path / "maskgit.safetensors", {"world_version": "1"})
    run_evaluation(tmp_path, prompts=1, stories=0, renders=0, compared=0)
    assert len(loaded.asked) == 1


def test_a_model_may_bring_its_own_judge(tmp_path: Path) -> None:
    assert run_module._own_judge(tmp_path) == JUDGE_FOLDER
    (tmp_path / "judge").mkdir()
    assert run_module._own_judge(tmp_path) == tmp_path / "judge"
