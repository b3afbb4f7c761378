"""Towers that read and watch: what they are given, what they find, and which judge they belong to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from phenaki.errors import CheckpointError
from phenaki.evaluation.alignment import (
    DIM,
    Aligner,
    load_aligner,
    look_at,
    measure_alignment,
    read_all,
    save_aligner,
)
from phenaki.evaluation.comparison import rendered
from phenaki.evaluation.distractors import full_caption, other_stories
from phenaki.evaluation.judge import JUDGE_FOLDER, JudgeConfig, WorldJudge, load_judge
from phenaki.evaluation.samples import evaluation_rng, sample_prompt
from phenaki.shapes import ClipShape
from phenaki.text import load_text_encoder
from phenaki.world.parts import CORE

SMALL = JudgeConfig(channels=(4, 8, 8, 8), readout=4, frame_dim=8, dim=8)


@pytest.fixture
def judge() -> WorldJudge:
    torch.manual_seed(0)
    return WorldJudge(SMALL).eval()


def test_vectors_have_length_one_and_padding_changes_nothing(judge: WorldJudge) -> None:
    aligner = Aligner(judge, 6).eval()
    words, mask = torch.randn(2, 5, 6), torch.ones(2, 5, dtype=torch.bool)
    mask[1, 3:] = False
    texts = aligner.read(words, mask)
    assert texts.shape == (2, DIM) and torch.allclose(texts.norm(dim=1), torch.ones(2))
    assert torch.allclose(aligner.read(words[1:, :3], mask[1:, :3]), texts[1:], atol=1e-6)
    clips = aligner.watch(look_at(judge, torch.rand(3, 3, 11, 64, 64)))
    assert clips.shape == (3, DIM) and torch.allclose(clips.norm(dim=1), torch.ones(3))


def test_the_best_of_the_prompts_is_counted(judge: WorldJudge) -> None:
    aligner = Aligner(judge, 6).eval()
    seen = torch.randn(4, 24)
    clips = aligner.watch(seen)
    away = -clips[:, None].expand(-1, 3, -1)
    score = measure_alignment(aligner, seen, clips, list(away))
    assert score.score == pytest.approx(100) and (score.first.right, score.first.count) == (4, 4)
    others = [*away[:3], clips[3:]]  # the last one's prompt is no closer than another
    assert measure_alignment(aligner, seen, clips, others).first.right == 3
    assert measure_alignment(aligner, seen, -clips, list(-away)).score == pytest.approx(-100)


def test_towers_belong_to_one_judge(judge: WorldJudge, tmp_path: Path) -> None:
    text = load_text_encoder("minilm")
    assert load_aligner(tmp_path, judge, text) is None
    aligner = Aligner(judge, text.dim)
    save_aligner(aligner, judge, tmp_path, {"seed": 1})
    again = load_aligner(tmp_path, judge, text)
    assert again is not None
    seen = torch.randn(2, 24)
    assert torch.allclose(again.watch(seen), aligner.watch(seen), atol=1e-2)  # saved in half precision
    with torch.no_grad():
        judge.frame.bias.add_(1)
    with pytest.raises(CheckpointError, match=r"another judge.*phenaki.training.alignment"):
        load_aligner(tmp_path, judge, text)


def test_the_order_of_reading_does_not_matter(judge: WorldJudge) -> None:
    text = load_text_encoder("minilm")
    aligner = Aligner(judge, text.dim).eval()
    prompts = [
        "a fox jumps",
        "then it starts to rain and the dog walks to the left",
        "it hops",
        "a whale under the sea",
    ]
    vectors = read_all(aligner, text, prompts)
    for prompt, vector in zip(prompts, vectors, strict=True):
        assert torch.allclose(read_all(aligner, text, [prompt])[0], vector, atol=1e-5)


def test_the_shipped_towers_find_the_caption_of_a_render() -> None:
    """R@1 of fresh renders is far above chance, which is 1 of 16 here; floor and ceiling are told in the report."""
    judge, text = load_judge(), load_text_encoder("minilm")
    aligner = load_aligner(JUDGE_FOLDER, judge, text)
    assert aligner is not None
    assert (JUDGE_FOLDER / "alignment.safetensors").stat().st_size < 0.8 * 2**20
    rng = evaluation_rng(0, "the towers' test")
    windows = [sample_prompt("iid", rng, ClipShape()) for _ in range(16)]
    others = [
        read_all(aligner, text, [full_caption(s, rng, CORE) for s in other_stories(w.spec, rng, CORE, 15)])
        for w in windows
    ]
    seen = look_at(judge, rendered([w.spec for w in windows], 64).float() / 127.5 - 1)
    own = read_all(aligner, text, [w.caption for w in windows])
    right = measure_alignment(aligner, seen, own, others)
    wrong = measure_alignment(aligner, seen, own.roll(1, 0), others)
    assert right.first.right >= 12 and wrong.first.right <= 4
    assert right.score > wrong.score + 30
    assert np.isfinite(right.score)
