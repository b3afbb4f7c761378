"""Tables and JSON hold what was measured, and nothing of what was not."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from phenaki.config import SamplingConfig
from phenaki.evaluation.figures import AlignmentScore, Cost, Distance, Seams, Share, TokenizerQuality
from phenaki.evaluation.report import DISTANCE_HEAD, Report

REPORT = Report(
    model="toy-64",
    machine="a machine",
    sampling=SamplingConfig(num_inference_steps=7),
    seed=3,
    world="core, version 1",
    splits={
        "iid": {"subject": Share(3, 4), "all right": Share(2, 4)},
        "held-out pairs": {"subject": Share(0, 0), "all right": Share(0, 0)},
        "paraphrases": {"subject": Share(2, 2), "all right": Share(1, 2)},
    },
    chance={"subject": Share(1, 4), "all right": Share(0, 4)},
    stories={"change obeyed within one clip": Share(1, 2)},
    long_stories={"subject right in the last clip": Share(1, 1), "motion right in later clips": Share(2, 3)},
    judge={"subject": Share(9, 9), "all right": Share(9, 9)},
    reconstructions={"subject": Share(8, 9), "all right": Share(8, 9)},
    tokenizer=TokenizerQuality(24.5, 21.0, 0.876, codes_used=1024, codebook_size=2048, clips=9),
    cost=Cost(first_seconds=1.5, next_seconds=math.nan, peak_mib=900.0),
    seams={"films": Seams(6.0, 5.0, 2), "renders": Seams(4.0, 4.0, 2)},
    alignment={"generated": AlignmentScore(61.25, Share(3, 4)), "renders": AlignmentScore(80.0, Share(4, 4))},
    candidates=32,
    distances={
        "FID, judge-frame-96": {"generated": Distance(12.5, None, 16), "other renders": Distance(3.25, None, 16)},
        "KID x 1000, judge-frame-96": {"generated": Distance(4.0, 0.5, 16), "other renders": Distance(0.1, 0.2, 16)},
    },
    notes=("Something is left out: it is not there.",),
)


def test_the_table_shows_shares_with_n_and_interval() -> None:
    text = REPORT.to_markdown()
    assert "| right, of | iid (N=4) | paraphrases (N=2) | chance (N=4) |" in text and "judge on renders (N=9)" in text
    assert "| subject | 75.0 % (30-95) | 100.0 % (34-100) | 25.0 % (5-70) | 88.9 % (56-98) | 100.0 % (70-100) |" in text
    assert "| change obeyed within one clip | 50.0 % (9-91) |" in text
    assert "| motion right in later clips (N=3) | 66.7 % (21-94) |" in text
    assert "24.50 dB" in text and "0.876" in text and "1024 of 2048 (50 %)" in text and "900 MiB" in text
    assert "7 steps, guidance 3" in text and "seed 3" in text and "a machine" in text


def test_figures_stand_beside_their_floors_and_ceilings() -> None:
    text = REPORT.to_markdown()
    assert "| change from frame to frame | films (N=2) | renders (N=2) |" in text
    assert "| at seams / inside | 1.20 | 1.00 |" in text
    assert "| alignment, 100 x mean cosine | 61.2 | 80.0 |" in text
    assert "| R@1 of 32, others differ in one attribute | 75.0 % (30-95) | 100.0 % (51-100) |" in text
    assert f"| {DISTANCE_HEAD} | generated | other renders |" in text and "judge (not Inception" in text
    assert "| FID, judge-frame-96 (N=16) | 12.50 | 3.25 |" in text
    assert "| KID x 1000, judge-frame-96 (N=16) | 4.00 ± 0.50 | 0.10 ± 0.20 |" in text
    assert "core, version 1" in text and "Something is left out" in text


def test_what_was_not_asked_for_is_left_out() -> None:
    assert "held-out" not in REPORT.to_markdown()
    assert "a later clip" not in REPORT.to_markdown()  # no story was timed
    gone = {
        name: {} for name in ("stories", "long_stories", "seams", "alignment", "distances", "judge", "reconstructions")
    }
    bare = replace(REPORT, tokenizer=None, cost=None, notes=(), **gone).to_markdown()
    assert "iid" in bare
    words = ("stories", "seams", "alignment", "distance", "tokenizer", "cost", "judge", "left out")
    assert not any(word in bare for word in words)


def test_each_table_is_rectangular() -> None:
    for block in REPORT.to_markdown().split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


def test_json_holds_the_same_numbers_and_no_nan() -> None:
    data = json.loads(json.dumps(REPORT.to_dict(), allow_nan=False))
    assert data["splits"]["iid"]["subject"] == {
        "right": 3,
        "count": 4,
        "share": 0.75,
        "interval": pytest.approx([0.3006, 0.9544], abs=1e-4),
    }
    assert data["splits"]["held-out pairs"]["subject"]["share"] is None
    assert data["seams"]["films"] == {"at_seams": 6.0, "inside": 5.0, "ratio": 1.2, "films": 2}
    assert data["alignment"]["generated"]["score"] == 61.25 and data["alignment"]["renders"]["first"]["count"] == 4
    assert data["distances"]["FID, judge-frame-96"]["generated"] == {"value": 12.5, "sd": None, "count": 16}
    assert data["notes"] == ["Something is left out: it is not there."] and data["world"] == "core, version 1"
    assert data["cost"]["next_seconds"] is None and data["cost"]["first_seconds"] == 1.5
    assert data["tokenizer"]["codes_used"] == 1024
    assert data["sampling"]["num_inference_steps"] == 7 and data["seed"] == 3
