"""Distances grow as clips get worse, and say when they cannot be had."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from phenaki.evaluation import distances
from phenaki.evaluation.comparison import rendered
from phenaki.evaluation.distances import can_measure_distances, features_of, measure_distances
from phenaki.evaluation.judge import load_judge
from phenaki.evaluation.samples import evaluation_rng, sample_prompt
from phenaki.shapes import ClipShape

needs_torchmetrics = pytest.mark.skipif(not can_measure_distances(), reason="torchmetrics is not installed")


@pytest.fixture(scope="module")
def clips() -> Tensor:
    rng = evaluation_rng(0, "a test of distances")
    return rendered([sample_prompt("iid", rng, ClipShape()).spec for _ in range(48)], 64)


def test_features_are_those_of_frames_and_of_whole_clips(clips: Tensor) -> None:
    judge = load_judge()
    frames, whole = features_of(judge, clips[:3])
    assert frames.shape == (12, 96) and whole.shape == (3, 128)
    assert torch.allclose(frames.norm(dim=1), torch.full((12,), 96**0.5))
    assert torch.allclose(whole.norm(dim=1), torch.full((3,), 128**0.5))
    still = clips[:3, :, :1].expand(-1, -1, 11, -1, -1)
    same, other = features_of(judge, still)
    assert torch.allclose(same[0], same[3], atol=1e-4) and not torch.allclose(frames[0], frames[3], atol=1e-3)
    assert torch.allclose(same[0], frames[0], atol=1e-4)  # a frame is looked at by itself
    assert (other - whole).abs().max() > 0.1


@needs_torchmetrics
def test_worse_clips_are_farther_from_renders(clips: Tensor) -> None:
    judge = load_judge()
    torch.manual_seed(0)
    noisy = (clips[24:].float() + 60 * torch.randn(clips[24:].shape)).clamp(0, 255).byte()
    shuffled = clips[24:, :, torch.randperm(11)]
    sets = {"same": clips[:24], "renders": clips[24:], "noisy": noisy, "shuffled": shuffled}
    state = torch.get_rng_state()
    found = measure_distances(judge, clips[:24], sets)
    assert torch.equal(torch.get_rng_state(), state)
    fid, kid, fvd = found.values()
    assert list(found) == ["FID, judge-frame-96", "KID x 1000, judge-frame-96", "FVD, judge-clip-128"]
    assert abs(fid["same"].value) < 0.01 * fid["renders"].value
    assert fid["noisy"].value > fid["renders"].value and kid["noisy"].value > kid["renders"].value
    assert fvd["shuffled"].value > fvd["renders"].value  # frames are the same, their order is not
    assert kid["noisy"].sd is not None and kid["noisy"].sd > 0
    assert (fid["noisy"].count, kid["noisy"].count, fvd["noisy"].count) == (96, 96, 24)


@needs_torchmetrics
def test_the_seed_decides_the_subsets() -> None:
    real, made = torch.randn(2, 300, 8, generator=torch.Generator().manual_seed(0))
    assert distances._kernel(real, made, 1) == distances._kernel(real, made, 1) != distances._kernel(real, made, 2)


def test_a_missing_library_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances.importlib.util, "find_spec", lambda name: None)
    assert not can_measure_distances()
