"""Both ways to refine give the same tokens."""

from __future__ import annotations

import pytest
import torch

import kernels
from phenaki.config import MaskGitConfig, SamplingConfig
from phenaki.maskgit import MaskGit, sample_tokens
from phenaki.maskgit.guidance import GuidedLogits, guided_memory
from phenaki.maskgit.refine import RefineMasked, refine_fixed
from phenaki.maskgit.sampler import StepPlan

GRID = (3, 4, 4)
VOCABULARY = 20


@pytest.fixture(scope="module")
def network() -> MaskGit:
    torch.manual_seed(0)
    network = MaskGit(MaskGitConfig(dim=32, depth=2, heads=2, text_dim=12), VOCABULARY, GRID).eval()
    network.token.weight.data.mul_(30)  # so that the logits differ
    return network


@torch.inference_mode()
@pytest.mark.parametrize("scale", [1.0, 3.0])
@pytest.mark.parametrize("batch", [1, 2])
def test_a_fixed_step_draws_and_masks_what_the_other_does(network: MaskGit, scale: float, batch: int) -> None:
    text = network.read_text(torch.randn(batch, 4, 12), torch.ones(batch, 4, dtype=torch.bool))
    logits = GuidedLogits(network, *guided_memory(network, text, scale), GRID)

    def fixed(token_ids: torch.Tensor, plan: StepPlan) -> tuple[torch.Tensor, torch.Tensor]:
        numbers = (torch.tensor(plan.temperature), torch.tensor(plan.heat), torch.tensor(plan.remaining))
        return refine_fixed(logits, token_ids, VOCABULARY, plan.key, *numbers, plan.unknown)

    start = torch.full((batch, 48), VOCABULARY)
    start[:, :16] = torch.arange(16)
    config = SamplingConfig(num_inference_steps=7)
    one, two = (
        list(sample_tokens(refine, start, VOCABULARY, config, seed=3))
        for refine in (RefineMasked(logits, VOCABULARY), fixed)
    )
    assert len(one) == len(two) == 7
    for a, b in zip(one, two, strict=True):
        assert torch.equal(a.token_ids, b.token_ids) and torch.equal(a.guess, b.guess)
    assert len(one[-1].token_ids.unique()) > 5


@torch.inference_mode()
def test_noise_belongs_to_the_place_not_to_the_order_of_work() -> None:
    key = kernels.random_key(5, 0)
    flat = torch.zeros(6, 50)
    ids, _ = kernels.sample_tokens(flat, torch.arange(6), key, 1.0)
    some, _ = kernels.sample_tokens(flat[:2], torch.tensor([4, 1]), key, 1.0)
    assert some.tolist() == [ids[4], ids[1]]
