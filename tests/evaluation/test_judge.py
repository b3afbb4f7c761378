"""The judge reads clips of the world, and the one that ships reads them right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from phenaki.checkpoint import save_part
from phenaki.errors import CheckpointError, ShapeError
from phenaki.evaluation.facts import ClipFacts, attributes_of, count_right
from phenaki.evaluation.judge import (
    JUDGE_FOLDER,
    PART,
    JudgeConfig,
    WorldJudge,
    load_judge,
    save_judge_config,
    shift_frames,
)
from phenaki.evaluation.samples import evaluation_rng, sample_seen
from phenaki.shapes import ClipShape
from phenaki.world.parts import CORE, FULL, WorldPart
from phenaki.world.render import render

ATTRIBUTES = attributes_of(CORE)
SMALL = JudgeConfig(channels=(4, 8, 8, 8), readout=4, frame_dim=8, dim=8)


def fresh_clips(count: int, size: int = 64) -> tuple[torch.Tensor, list[ClipFacts]]:
    rng = evaluation_rng(0, "the judge's test")
    windows = [sample_seen(rng, ClipShape()) for _ in range(count)]
    starts = [window.start for window in windows]
    video = render([window.spec for window in windows], size=size, start=starts, num_frames=11).video
    return video, [ClipFacts.of(window) for window in windows]


def test_there_is_a_logit_for_every_name() -> None:
    logits = WorldJudge(SMALL)(torch.zeros(2, 3, 11, 64, 64))
    assert {name: tuple(value.shape) for name, value in logits.items()} == {
        name: (2, len(values)) for name, values in ATTRIBUTES.items()
    }
    assert tuple(len(values) for values in ATTRIBUTES.values()) == (40, 8, 11, 3)


def test_a_judge_of_the_full_world_has_a_head_for_everything() -> None:
    judge = WorldJudge(SMALL, FULL).eval()
    logits = judge(torch.zeros(1, 3, 11, 64, 64))
    assert {name: value.shape[1] for name, value in logits.items()} == {
        name: len(values) for name, values in attributes_of(FULL).items()
    }
    assert set(judge(torch.zeros(1, 3, 1, 64, 64))) == set(logits) - {"motion", "camera", "size"}
    (verdict,) = judge.judge(torch.zeros(1, 3, 11, 64, 64))
    assert verdict.second in attributes_of(FULL)["second"]


def test_a_verdict_names_the_only_style_that_there_is() -> None:
    one = replace(FULL, styles=("neon",), cameras=("shake",))
    (verdict,) = WorldJudge(SMALL, one).judge(torch.zeros(1, 3, 11, 64, 64))
    assert (verdict.style, verdict.camera) == ("neon", "shake")


def test_the_judge_is_small() -> None:
    assert sum(p.numel() for p in WorldJudge().parameters()) < 1_000_000
    assert sum(p.numel() for p in WorldJudge(part=FULL).parameters()) < 2_500_000


def test_a_verdict_does_not_depend_on_the_other_clips() -> None:
    torch.manual_seed(0)
    judge, video = WorldJudge(SMALL), torch.randn(5, 3, 11, 64, 64)
    assert judge.judge(video, batch=2) == judge.judge(video, batch=5)
    assert judge.judge(video[3:4]) == judge.judge(video)[3:4]


def test_channels_move_between_frames() -> None:
    frames = torch.tensor([1.0, 2.0, 3.0, 7.0, 8.0, 9.0])[:, None, None, None].expand(6, 4, 1, 1)  # of two clips
    shifted = shift_frames(frames, 3)[:, :, 0, 0]
    assert shifted[:3].tolist() == [[1, 2, 1, 1], [1, 3, 2, 2], [2, 3, 3, 3]]
    assert shifted[3:].tolist() == [[7, 8, 7, 7], [7, 9, 8, 8], [8, 9, 9, 9]]


def test_a_single_frame_shows_what_a_clip_that_holds_still_shows() -> None:
    torch.manual_seed(0)
    judge, frame = WorldJudge(SMALL).eval(), torch.randn(2, 3, 1, 64, 64)
    alone, clip = judge(frame), judge(frame.expand(-1, -1, 11, -1, -1))
    assert set(alone) == {"subject", "scene", "weather"}
    for name, logits in alone.items():
        assert torch.allclose(logits, clip[name], atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 3, 5, 64, 64), (1, 3, 11, 64, 32), (3, 11, 64, 64), (1, 1, 11, 64, 64)])
def test_other_clips_are_refused_with_a_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"takes .b, 3, 11, size, size"):
        WorldJudge(SMALL)(torch.zeros(shape))


def test_facts_have_a_place_for_every_name() -> None:
    assert ClipFacts("dog", "forest", "right", "clear").indices(ATTRIBUTES) == (0, 0, 0, 0)
    assert ClipFacts("cat", "beach", "stand", "snowfall").indices(ATTRIBUTES) == (
        ATTRIBUTES["subject"].index("cat"),
        ATTRIBUTES["scene"].index("beach"),
        ATTRIBUTES["motion"].index("stand"),
        2,
    )


@pytest.mark.parametrize("part", [CORE, FULL, replace(FULL, subjects=FULL.subjects[:60])])
def test_a_saved_judge_is_the_same_judge(tmp_path: Path, part: WorldPart) -> None:
    torch.manual_seed(0)
    judge = WorldJudge(SMALL, part).eval()
    save_judge_config(SMALL, tmp_path, part)
    save_part(judge, tmp_path, PART, {}, dtype=torch.float32)
    video = torch.randn(2, 3, 11, 64, 64)
    again = load_judge(tmp_path)
    assert again.part == part and again.attributes == judge.attributes
    for name, logits in again(video).items():
        assert torch.equal(logits, judge(video)[name])


def test_a_folder_that_holds_no_such_judge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no judge"):
        load_judge(tmp_path)
    save_judge_config(SMALL, tmp_path)
    with pytest.raises(CheckpointError, match=r"judge.safetensors is missing"):
        load_judge(tmp_path)
    data = json.loads((tmp_path / "config.json").read_text())
    data["attributes"]["subject"][0] = "ogre"
    (tmp_path / "config.json").write_text(json.dumps(data))
    with pytest.raises(CheckpointError, match="other names"):
        load_judge(tmp_path)
    save_judge_config(SMALL, tmp_path)
    (tmp_path / "config.json").write_text((tmp_path / "config.json").read_text().replace('"fox"', '"ogre"'))
    with pytest.raises(CheckpointError, match=r"other names.*'ogre'"):
        load_judge(tmp_path)
    for text in ("{", "[]", '{"attributes": {}, "sizes": {}}'):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(CheckpointError, match="does not describe a judge"):
            load_judge(tmp_path)


def test_the_shipped_judge_reads_fresh_renders() -> None:
    """Its accuracy is 97 % or more in each attribute; of 96 clips fewer than 90 right would be a rare accident."""
    video, truths = fresh_clips(96)
    assert load_judge().part == CORE
    right = count_right(load_judge().judge(video), truths, list(ATTRIBUTES))
    assert all(right[name] >= 90 for name in ATTRIBUTES), right
    assert (JUDGE_FOLDER / "judge.safetensors").stat().st_size < 2 * 2**20


def test_the_shipped_judge_reads_larger_renders_too() -> None:
    video, truths = fresh_clips(24, size=128)
    right = count_right(load_judge().judge(video), truths, list(ATTRIBUTES))
    assert all(right[name] >= 20 for name in ATTRIBUTES), right
