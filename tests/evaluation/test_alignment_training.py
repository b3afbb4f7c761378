"""The towers learn from renders and captions, the same from the same seed."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from phenaki.checkpoint import load_part
from phenaki.errors import CheckpointError
from phenaki.evaluation.alignment import PART, Aligner
from phenaki.evaluation.judge import JudgeConfig, WorldJudge, load_judge, save_judge_config
from phenaki.text import load_text_encoder
from phenaki.training.alignment import CAPTIONS, OTHERS, Lessons, contrast, make_lessons, train_alignment
from phenaki.world.parts import CORE, FULL, WorldPart

SMALL = JudgeConfig(channels=(4, 8, 8, 8), readout=4, frame_dim=8, dim=8)
EACH = CAPTIONS + OTHERS


def lessons_of(facts: list[list[int]], dim: int = 6) -> Lessons:
    """Random clips and words."""
    torch.manual_seed(0)
    count = len(facts)
    words = [torch.randn(2 + i % 3, dim).half() for i in range(count * EACH)]
    return Lessons(torch.randn(count, 24), words, torch.tensor(facts))


@pytest.mark.parametrize("part", [CORE, FULL])
def test_lessons_hold_captions_of_clips_and_of_others(part: WorldPart) -> None:
    judge = WorldJudge(SMALL, part).eval()
    lessons = make_lessons(judge, load_text_encoder("minilm"), 6, seed=0)
    assert lessons.seen.shape == (6, 24) and not lessons.seen.requires_grad
    assert len(lessons.words) == 6 * EACH and all(w.shape[1] == 384 for w in lessons.words)
    assert lessons.facts.shape == (6, 1 + OTHERS)
    assert (lessons.facts[:, :1] != lessons.facts[:, 1:]).all()  # the others show something else


def test_a_batch_is_learned() -> None:
    aligner = Aligner(WorldJudge(SMALL), 6)
    lessons = lessons_of([[0, 10, 11], [1, 12, 13], [2, 14, 15], [3, 16, 17]])
    optimizer = torch.optim.Adam(aligner.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        loss = contrast(aligner, lessons, torch.arange(4), np.random.default_rng(0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_captions_of_the_same_facts_are_not_held_against_a_clip() -> None:
    aligner = Aligner(WorldJudge(SMALL), 6)
    rows, rng = torch.arange(2), np.random.default_rng
    different = contrast(aligner, lessons_of([[0, 10, 11], [1, 12, 13]]), rows, rng(0))
    same = contrast(aligner, lessons_of([[0, 10, 11], [0, 12, 13]]), rows, rng(0))
    assert same < different  # the other clip's caption would do as well
    echo = contrast(aligner, lessons_of([[0, 0, 0], [0, 0, 0]]), rows, rng(0))
    assert echo.item() == pytest.approx(0.0, abs=1e-5)


def test_the_same_seed_gives_the_same_towers(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    shipped = load_judge()
    for folder, seed in zip(folders, (0, 0, 1), strict=True):
        folder.mkdir()
        for file in ("config.json", "judge.safetensors"):
            shutil.copy(Path(__file__).resolve().parents[2] / "assets" / "judge" / file, folder)
        score = train_alignment(folder, clips=4, steps=3, batch=4, seed=seed, test=1)
        assert score.first.count == 1
    towers = [Aligner(shipped, 384) for _ in folders]
    facts = [load_part(tower, folder, PART) for tower, folder in zip(towers, folders, strict=True)]
    one, two, three = ([p.clone() for p in tower.parameters()] for tower in towers)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, three, strict=True))
    assert (facts[0]["world_part"], facts[0]["steps"]) == ("core", "3")


def test_without_a_judge_there_is_nothing_to_train(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no judge"):
        train_alignment(tmp_path)
    save_judge_config(SMALL, tmp_path)
    with pytest.raises(CheckpointError, match=r"judge.safetensors is missing"):
        train_alignment(tmp_path)
