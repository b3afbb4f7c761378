"""The judge trains, resumes, and sees clips that are spoilt by measure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from phenaki.checkpoint import load_part
from phenaki.errors import DeviceError
from phenaki.evaluation.facts import attributes_of
from phenaki.evaluation.judge import load_judge
from phenaki.training.engine import Engine
from phenaki.training.judge import _draw, roughen, train_judge
from phenaki.world.parts import CORE, FULL
from phenaki.world.render import render
from phenaki.world.spec import Stage, StorySpec

REPOSITORY = Path(__file__).resolve().parents[2]


def clips(count: int = 4) -> torch.Tensor:
    return render([StorySpec("fox", "forest", (Stage("jump", 11),), camera=i) for i in range(count)]).video


def test_strength_zero_leaves_clips_as_they_are() -> None:
    video = clips()
    assert torch.equal(roughen(video, np.random.default_rng(0), 0.0), video)


def test_rough_clips_differ_but_stay_clips() -> None:
    video = clips()
    rough = roughen(video, np.random.default_rng(0))
    assert rough.shape == video.shape and rough.min() >= -1 and rough.max() <= 1
    change = (rough - video).abs().mean((1, 2, 3, 4))
    assert (change > 0.005).all() and (change < 0.3).all()
    assert torch.equal(rough, roughen(video, np.random.default_rng(0)))
    assert not torch.equal(rough, roughen(video, np.random.default_rng(1)))


def test_single_frames_are_spoilt_too() -> None:
    frames = clips()[:, :, :1]
    assert roughen(frames, np.random.default_rng(0)).shape == frames.shape


def test_training_leaves_a_judge_that_can_be_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phenaki.training.judge.STILL_STEPS", 1)
    accuracy = train_judge(tmp_path, minutes=0.01, batch=2, stills=2, test=2)
    assert set(accuracy) == {*attributes_of(CORE), "all right"}
    first = load_judge(tmp_path)
    train_judge(tmp_path, minutes=0.01, batch=2, stills=2, test=2, resume=True)
    second = load_judge(tmp_path)
    assert any(not torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_a_judge_of_another_part_trains_and_says_which(tmp_path: Path) -> None:
    part = replace(FULL, subjects=FULL.subjects[:20], still_subjects=FULL.still_subjects[:2])
    accuracy = train_judge(tmp_path, minutes=0.001, batch=2, stills=2, test=2, part=part, engine=Engine(device="cpu"))
    assert set(accuracy) == {*attributes_of(FULL), "all right"}
    judge = load_judge(tmp_path)
    assert judge.part == part and len(judge.attributes["subject"]) == 22
    assert load_part(judge, tmp_path, "judge")["world_part"] == part.label


def test_training_on_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="cuda:77"):
        train_judge(tmp_path, minutes=0.001, engine=Engine(device="cuda:77"))


def test_training_can_begin_with_a_finished_judge(tmp_path: Path) -> None:
    shipped = REPOSITORY / "assets" / "judge"
    train_judge(tmp_path, minutes=0.001, batch=2, test=2, start=shipped)
    one, two = load_judge(shipped), load_judge(tmp_path)
    assert all(torch.allclose(a, b, atol=0.1) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_half_of_the_clips_go_through_the_tokenizer() -> None:
    asked = []

    def spy(video: torch.Tensor) -> torch.Tensor:
        asked.append(len(video))
        return torch.zeros_like(video)

    video, labels = _draw(np.random.default_rng(0), 8, 11, 0.0, spy)
    plain, wanted = _draw(np.random.default_rng(0), 8, 11, 0.0)
    order = [0, 2, 1, 3, 4, 5, 6, 7]  # those that stay as they are come first
    assert asked == [4] and not video[:4].any()
    assert torch.equal(video[4:], plain[4:]) and torch.equal(labels, wanted[order])
