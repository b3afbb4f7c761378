"""The critic's say in sampling: what it finds wrong is drawn again, whoever settled it."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

import kernels
from phenaki.config import CriticConfig, MaskGitConfig, SamplingConfig
from phenaki.maskgit import MaskGit, TextMemory, TokenCritic, sample_tokens
from phenaki.maskgit.critic import mask_wrong
from phenaki.maskgit.refine import RefineMasked, refine_fixed
from phenaki.maskgit.refinement import MaskedRefinement, RecordedRefinement, Refinement
from phenaki.maskgit.sampler import StepPlan

MASK = 20
GRID = (3, 4, 4)
TRUTH = torch.arange(48) % MASK
KEY = kernels.random_key(1, 0)
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def knows(token_ids: Tensor) -> Tensor:
    """A critic that knows the truth."""
    return torch.where(token_ids == TRUTH, 0.0, -20.0)


def half_right(token_ids: Tensor, places: Tensor) -> Tensor:
    """The right token of each place, or the one after it: as likely as each other."""
    logits = torch.full((len(places), MASK), -math.inf)
    right = TRUTH.repeat(len(token_ids))[places][:, None]
    return logits.scatter(1, right, 0.0).scatter(1, (right + 1) % MASK, 0.0)


def spoilt(*wrong: int) -> Tensor:
    tokens = TRUTH.clone()
    tokens[list(wrong)] = (tokens[list(wrong)] + 1) % MASK
    return tokens[None]


def test_wrong_tokens_are_masked_first() -> None:
    guess, unknown = spoilt(3, 17, 40), torch.ones(1, 48, dtype=torch.bool)
    masked = mask_wrong(guess, knows(guess), unknown, MASK, KEY, 0.0, 3) == MASK
    assert masked[0].nonzero()[:, 0].tolist() == [3, 17, 40]
    more = mask_wrong(guess, knows(guess), unknown, MASK, KEY, 0.0, 10) == MASK
    assert more.sum() == 10 and more[masked].all()
    noisy = mask_wrong(guess, knows(guess), unknown, MASK, KEY, 200.0, 3) == MASK
    assert noisy.sum() == 3 and not torch.equal(noisy, masked)


def test_what_was_given_is_never_masked_however_wrong() -> None:
    guess, unknown = spoilt(3, 17, 40), torch.arange(48)[None] >= 16
    masked = mask_wrong(guess, knows(guess), unknown, MASK, KEY, 0.0, 5) == MASK
    assert masked.sum() == 5 and masked[0, [17, 40]].all() and not masked[0, :16].any()


def run(verdict, **settings: float) -> list:
    start = torch.full((1, 48), MASK)
    start[0, :8] = TRUTH[:8]
    config = SamplingConfig(**{"num_inference_steps": 12, "choice_temperature": 0.0, **settings})
    return list(sample_tokens(RefineMasked(half_right, MASK, verdict), start, MASK, config, 0))


def test_a_critic_that_knows_the_truth_mends_what_the_draw_gets_wrong() -> None:
    right = [int((run(verdict)[-1].token_ids == TRUTH).sum()) for verdict in (None, knows)]
    assert 8 + 10 < right[0] < 8 + 30 and right[1] >= 8 + 34  # of 8 + 40; what is drawn last stays as it falls


def test_settled_tokens_may_be_drawn_again_and_given_ones_may_not() -> None:
    steps, reopened = run(knows, choice_temperature=20.0), 0
    for one, two in itertools.pairwise(steps):
        assert torch.equal(two.token_ids[0, :8], TRUTH[:8])
        reopened += int(((one.token_ids != MASK) & (two.token_ids == MASK)).sum())
    assert reopened > 0
    left = [int((s.token_ids == MASK).sum()) for s in steps]
    assert left == [int((s.token_ids == MASK).sum()) for s in run(None)] and left[-1] == 0


@pytest.fixture(params=DEVICES)
def networks(request: pytest.FixtureRequest) -> tuple[MaskGit, TokenCritic]:
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    torch.manual_seed(0)
    model = MaskGit(MaskGitConfig(dim=64, depth=2, heads=2, text_dim=12), MASK, GRID).eval()
    critic = TokenCritic(CriticConfig(dim=32, depth=1, heads=1, text_dim=12), MASK, GRID).eval()
    for network in (model, critic.trunk):
        network.token.weight.data.mul_(30)  # so that the logits differ
    torch.nn.init.normal_(critic.head.weight)
    return model.to(request.param), critic.to(request.param)


def read(network: MaskGit | TokenCritic, words: int, seed: int) -> TextMemory:
    device = network.bias.device if isinstance(network, MaskGit) else network.trunk.bias.device
    embeds = torch.randn(1, words, 12, generator=torch.Generator().manual_seed(seed)).to(device)
    return network.read_text(embeds, torch.ones(1, words, dtype=torch.bool, device=device))


def sample(refinement: Refinement, text: TextMemory, critic_text: TextMemory | None, seed: int) -> Tensor:
    start = torch.full((1, 48), MASK, device=text.mask.device)
    start[:, :16] = TRUTH[:16].to(start.device)
    config = SamplingConfig(num_inference_steps=5)
    *_, last = sample_tokens(refinement.refiner(text, 3.0, GRID, critic_text), start, MASK, config, seed)
    return last.token_ids.cpu()


@torch.inference_mode()
def test_recorded_steps_and_others_listen_alike(networks: tuple[MaskGit, TokenCritic]) -> None:
    model, critic = networks
    recorded, masked = RecordedRefinement(model, critic), MaskedRefinement(model, critic)
    plain, changed = MaskedRefinement(model), 0
    for words, seed in ((4, 1), (9, 2), (20, 3), (4, 1)):
        text, critic_text = read(model, words, seed), read(critic, words, seed)
        tokens = sample(masked, text, critic_text, seed)
        assert torch.equal(tokens, sample(recorded, text, critic_text, seed))
        silent = sample(plain, text, None, seed)
        assert torch.equal(silent, sample(masked, text, None, seed))
        assert torch.equal(silent, sample(recorded, text, None, seed))
        changed += not torch.equal(tokens, silent)
    assert changed == 4


@torch.inference_mode()
@pytest.mark.parametrize("batch", [1, 2])
def test_a_fixed_step_masks_what_the_other_does(batch: int) -> None:
    def fixed(token_ids: Tensor, plan: StepPlan) -> tuple[Tensor, Tensor]:
        numbers = (torch.tensor(plan.temperature), torch.tensor(plan.heat), torch.tensor(plan.remaining))
        return refine_fixed(half_right, token_ids, MASK, plan.key, *numbers, plan.unknown, knows)

    start = torch.full((batch, 48), MASK)
    start[:, :16] = TRUTH[:16]
    config = SamplingConfig(num_inference_steps=7)
    one, two = (
        list(sample_tokens(refine, start, MASK, config, seed=3))
        for refine in (RefineMasked(half_right, MASK, knows), fixed)
    )
    for a, b in zip(one, two, strict=True):
        assert torch.equal(a.token_ids, b.token_ids) and torch.equal(a.guess, b.guess)


def test_it_begins_with_what_a_transformer_of_its_width_has_learned() -> None:
    model = MaskGit(MaskGitConfig(dim=32, depth=2, heads=1, text_dim=12), MASK, GRID)
    model.bias.data.fill_(3.0)
    for dim, same in ((32, True), (16, False)):
        critic = TokenCritic(CriticConfig(dim=dim, depth=1, heads=1, text_dim=12), MASK, GRID)
        critic.begin_like(model)
        taken = critic.trunk.state_dict()
        names = ("token.weight", "place", "text_in.0.weight", "layers.0.attention.qkv.weight", "norm.weight")
        assert all(torch.equal(taken[n], model.state_dict()[n]) for n in names) == same
        assert (critic.trunk.bias == 0).all()


@torch.inference_mode()
def test_what_the_critic_says_depends_on_tokens_and_words() -> None:
    torch.manual_seed(0)
    critic = TokenCritic(CriticConfig(dim=32, depth=1, heads=1, text_dim=12), MASK, GRID).eval()
    ids, text = TRUTH.view(1, *GRID), read(critic, 4, 0)
    assert (critic(ids, text) == 0).all()  # before it has learned it has no opinion
    torch.nn.init.normal_(critic.head.weight, std=10)
    said = critic(ids, text)
    assert said.shape == (1, 48) and (critic(ids, read(critic, 4, 1)) != said).all()
    assert (critic(ids.roll(1, -1), text) != said).any()
    critic.trunk.bias[7] += 5  # a token that is drawn too often
    raised = critic(ids, text) - said
    torch.testing.assert_close(raised, torch.where(TRUTH == 7, 5.0, 0.0)[None], rtol=1e-5, atol=1e-5)
    verdict = critic.verdict(text, GRID)(TRUTH[None])
    torch.testing.assert_close(verdict.exp(), 1 - critic(ids, text).sigmoid(), rtol=1e-4, atol=1e-6)
