"""Muon in float32 does what PyTorch's does in bfloat16, from the same state."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from phenaki.training.optimizers import Float32Muon, make_optimizers, orthogonal

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Small(nn.Module):
    """A convolution, and matrices in a wide, a tall and a square shape among the layers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.layers = nn.ModuleList([nn.Linear(16, 48), nn.Linear(48, 16), nn.Linear(16, 16)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x).tanh()
        return x


@pytest.mark.parametrize("shape", [(16, 48), (48, 16), (32, 32)])
def test_an_update_is_made_nearly_orthogonal(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape), COEFFICIENTS, 5, 1e-7))
    assert 0.5 < values.min() and values.max() < 1.3


@pytest.mark.parametrize("bfloat16", [True, False])
def test_the_machine_decides_which_muon_is_taken(bfloat16: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": bfloat16}, raising=False)
    model = Small()
    adam, muon = make_optimizers(model, 1e-3, 0.01, muon=True)
    assert type(muon) is (torch.optim.Muon if bfloat16 else Float32Muon)
    assert {p.shape for p in muon.param_groups[0]["params"]} == {(48, 16), (16, 48), (16, 16)}
    assert sum(len(group["params"]) for group in adam.param_groups) == 5  # convolution and biases
    assert len(make_optimizers(model, 1e-3, 0.01, muon=False)) == 1


def test_steps_are_those_of_pytorchs_muon_and_go_on_from_its_state() -> None:
    torch.manual_seed(0)
    theirs = Small()
    x, target = torch.randn(64, 16), torch.randn(64, 16).tanh()
    settings = {"lr": 0.02, "weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"}
    first = torch.optim.Muon([layer.weight for layer in theirs.layers], **settings)
    for number in range(8):
        if number == 3:
            ours = copy.deepcopy(theirs)
            second = Float32Muon([layer.weight for layer in ours.layers], **settings)
            second.load_state_dict(first.state_dict())
        for model, optimizer in ((theirs, first), (ours, second)) if number >= 3 else ((theirs, first),):
            optimizer.zero_grad()
            (model(x) - target).square().mean().backward()
            optimizer.step()
    for a, b, start in zip(theirs.layers, ours.layers, Small().layers, strict=True):
        assert torch.allclose(a.weight, b.weight, atol=4e-3)  # what bfloat16 rounds
        assert not torch.allclose(b.weight, start.weight, atol=0.05)
