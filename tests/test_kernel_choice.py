"""Kernels and plain PyTorch make the same film."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import hashlib, json
from phenaki import FramesReady, Phenaki, Segment, Timeline, TokensRefined
model = Phenaki.from_preset("tiny", seed=0, device="cpu")
model._parts.maskgit.float()  # rounding to bfloat16 would hide behind which version ran
story = Timeline((Segment("a fox walks right", 1.0), Segment("the fox jumps", 0.25)), seed=5).fit(model.clip)
masks, frames = [], []
for event in model.generate(story):
    if isinstance(event, TokensRefined):
        masks.append(int(event.masked.sum()))
    if isinstance(event, FramesReady):
        frames.append(event.frames.astype(int).sum((1, 2, 3)).tolist())
print(json.dumps({"masks": masks, "frames": frames}))
"""


def film(**environment: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is not installed")
@pytest.mark.skipif(torch.cuda.is_available(), reason="the interpreter is for machines without a GPU")
def test_the_interpreted_kernels_sample_the_tokens_that_torch_samples() -> None:
    plain = film(PHENAKI_KERNELS="torch")
    kernels = film(PHENAKI_KERNELS="triton", TRITON_INTERPRET="1")
    assert plain["masks"] == kernels["masks"] and len(plain["masks"]) > 8
    for one, two in zip(plain["frames"], kernels["frames"], strict=True):
        assert one == pytest.approx(two, abs=40)  # sums over 3072 values of 0 to 255: another token changes hundreds


def test_a_wrong_setting_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import kernels; kernels.status()"],
        cwd=ROOT, env=os.environ | {"PHENAKI_KERNELS": "fast"}, capture_output=True, text=True,
    )  # fmt: skip
    assert "PHENAKI_KERNELS is 'fast'; use auto" in done.stderr
