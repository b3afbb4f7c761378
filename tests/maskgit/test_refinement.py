"""Recorded steps serve every prompt, seed and guidance, and give the tokens of the others."""

from __future__ import annotations

import pytest
import torch

from phenaki.config import MaskGitConfig, SamplingConfig
from phenaki.maskgit import MaskGit, TextMemory, sample_tokens
from phenaki.maskgit.refinement import MaskedRefinement, RecordedRefinement, Refinement, refinement_for

GRID = (3, 4, 4)
VOCABULARY = 20
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.fixture(params=DEVICES)
def network(request: pytest.FixtureRequest) -> MaskGit:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    torch.manual_seed(0)
    network = MaskGit(MaskGitConfig(dim=64, depth=2, heads=2, text_dim=12), VOCABULARY, GRID).eval()
    network.token.weight.data.mul_(30)  # so that the logits differ
    return network.to(request.param)


def read(network: MaskGit, words: int, seed: int) -> TextMemory:
    generator = torch.Generator().manual_seed(seed)
    device = network.bias.device
    embeds = torch.randn(1, words, 12, generator=generator).to(device)
    return network.read_text(embeds, torch.ones(1, words, dtype=torch.bool, device=device))


def sample(refinement: Refinement, text: TextMemory, scale: float, seed: int) -> torch.Tensor:
    start = torch.full((1, 48), VOCABULARY, device=text.mask.device)
    start[:, :16] = torch.arange(16, device=start.device)
    config = SamplingConfig(num_inference_steps=5)
    *_, last = sample_tokens(refinement.refiner(text, scale, GRID), start, VOCABULARY, config, seed)
    return last.token_ids.cpu()


@torch.inference_mode()
def test_one_recording_serves_every_prompt_and_seed(network: MaskGit) -> None:
    recorded, masked = RecordedRefinement(network), MaskedRefinement(network)
    seen = set()
    for words, scale, seed in ((4, 3.0, 1), (9, 3.0, 2), (20, 1.5, 2), (4, 1.0, 3), (4, 3.0, 1)):
        text = read(network, words, seed)
        tokens = sample(recorded, text, scale, seed)
        assert torch.equal(tokens, sample(masked, text, scale, seed)), (words, scale, seed)
        seen.add(tuple(tokens[0].tolist()))
    assert len(seen) == 4  # the first and the last are the same
    assert len(recorded._graphs) == 2  # with guidance and without


@torch.inference_mode()
def test_a_step_that_is_kept_is_not_overwritten_by_the_next(network: MaskGit) -> None:
    start = torch.full((1, 48), VOCABULARY, device=network.bias.device)
    refine = RecordedRefinement(network).refiner(read(network, 4, 0), 3.0, GRID)
    steps = sample_tokens(refine, start, VOCABULARY, SamplingConfig(num_inference_steps=5), 0)
    first = next(steps).token_ids
    kept = first.clone()
    list(steps)
    assert torch.equal(first, kept) and (first == VOCABULARY).any()


def test_a_gpu_records_and_a_cpu_does_not() -> None:
    network = MaskGit(MaskGitConfig(dim=32, depth=1, heads=1, text_dim=4), 8, GRID)
    assert isinstance(refinement_for(network, torch.device("cpu")), MaskedRefinement)
    assert isinstance(refinement_for(network, torch.device("cuda")), RecordedRefinement)
