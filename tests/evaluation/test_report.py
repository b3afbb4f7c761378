"""Shares, intervals and tables add up."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from phenaki.config import SamplingConfig
from phenaki.evaluation.report import Cost, Report, Share, TokenizerQuality

REPORT = Report(
    model="toy-64",
    machine="a machine",
    sampling=SamplingConfig(num_inference_steps=7),
    seed=3,
    adherence={"subject": Share(3, 4), "all right": Share(2, 4)},
    adherence_held_out={"subject": Share(0, 0), "all right": Share(0, 0)},
    chance={"subject": Share(1, 4), "all right": Share(0, 4)},
    stories={"new motion": Share(1, 2)},
    judge={"subject": Share(9, 9), "all right": Share(9, 9)},
    reconstructions={"subject": Share(8, 9), "all right": Share(8, 9)},
    tokenizer=TokenizerQuality(psnr=24.5, subject_psnr=21.0, codes_used=1024, codebook_size=2048, clips=9),
    cost=Cost(first_seconds=1.5, next_seconds=math.nan, peak_mib=900.0),
)


def test_a_share_is_right_over_count() -> None:
    assert Share(192, 256).value == 0.75
    assert math.isnan(Share(0, 0).value)


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(192, 256, 0.694, 0.799), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (50, 100, 0.404, 0.596)],
)
def test_the_interval_is_wilsons(right: int, count: int, low: float, high: float) -> None:
    assert Share(right, count).interval == pytest.approx((low, high), abs=5e-4)


def test_more_clips_narrow_the_interval() -> None:
    few, many = Share(8, 10).interval, Share(800, 1000).interval
    assert many[1] - many[0] < few[1] - few[0]


def test_the_table_shows_shares_with_n_and_interval() -> None:
    text = REPORT.to_markdown()
    assert "generated (N=4)" in text and "judge on renders (N=9)" in text
    assert "| subject | 75.0 % (30-95) | 25.0 % (5-70) | 88.9 % (56-98) | 100.0 % (70-100) |" in text
    assert "| new motion | 50.0 % (9-91) |" in text
    assert "24.50 dB" in text and "1024 of 2048 (50 %)" in text and "900 MiB" in text
    assert "7 steps, guidance 3" in text and "seed 3" in text and "a machine" in text


def test_what_was_not_asked_for_is_left_out() -> None:
    assert "held-out" not in REPORT.to_markdown()
    assert "later clip" not in REPORT.to_markdown()  # no story was timed
    bare = replace(REPORT, stories={}, tokenizer=None, cost=None, judge={}, reconstructions={}).to_markdown()
    assert "generated" in bare
    assert not any(word in bare for word in ("story", "tokenizer", "cost", "judge"))


def test_each_table_is_rectangular() -> None:
    for block in REPORT.to_markdown().split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


def test_json_holds_the_same_numbers_and_no_nan() -> None:
    data = json.loads(json.dumps(REPORT.to_dict(), allow_nan=False))
    assert data["adherence"]["subject"] == {
        "right": 3,
        "count": 4,
        "share": 0.75,
        "interval": pytest.approx([0.3006, 0.9544], abs=1e-4),
    }
    assert data["adherence_held_out"]["subject"]["share"] is None
    assert data["cost"]["next_seconds"] is None and data["cost"]["first_seconds"] == 1.5
    assert data["tokenizer"]["codes_used"] == 1024
    assert data["sampling"]["num_inference_steps"] == 7 and data["seed"] == 3
