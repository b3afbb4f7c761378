"""The sampling loop, with functions in the place of a network."""

from __future__ import annotations

import itertools

import pytest
import torch

from phenaki.config import MaskGitConfig, SamplingConfig
from phenaki.maskgit import MaskGit, sample_tokens
from phenaki.maskgit.guidance import GuidedLogits, guided_memory
from phenaki.maskgit.model import join_memories
from phenaki.maskgit.refine import RefineMasked

MASK = 10


def flat(token_ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Every token is as likely as any other."""
    return torch.zeros(len(places), MASK)


def favourite(token_ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Place i wants token i modulo 10, the more surely the smaller i is."""
    logits = torch.zeros(len(places), MASK)
    strength = 8 - 0.3 * places.float()
    return logits.scatter(1, (places % MASK)[:, None], strength[:, None])


def run(logits_fn, token_ids: torch.Tensor, seed: int = 0, **settings: float) -> list:
    config = SamplingConfig(**{"num_inference_steps": 6, **settings})
    return list(sample_tokens(RefineMasked(logits_fn, MASK), token_ids, MASK, config, seed))


def blank(n: int = 20, b: int = 1) -> torch.Tensor:
    return torch.full((b, n), MASK)


def test_all_tokens_are_filled_in_as_many_steps_as_asked() -> None:
    steps = run(flat, blank())
    assert [s.step for s in steps] == [1, 2, 3, 4, 5, 6]
    assert (steps[-1].token_ids != MASK).all()
    left = [int((s.token_ids == MASK).sum()) for s in steps]
    assert left == sorted(left, reverse=True)


def test_known_tokens_never_change() -> None:
    start = blank(b=2)
    start[:, 3:9] = torch.arange(6)
    for step in run(flat, start):
        assert torch.equal(step.token_ids[:, 3:9], start[:, 3:9])
        assert torch.equal(step.guess[:, 3:9], start[:, 3:9])


def test_a_token_once_settled_stays() -> None:
    steps = run(flat, blank(50))
    for one, two in itertools.pairwise(steps):
        settled = one.token_ids != MASK
        assert torch.equal(one.token_ids[settled], two.token_ids[settled])


def test_the_input_is_left_alone() -> None:
    start = blank()
    run(flat, start)
    assert torch.equal(start, blank())


def test_a_row_draws_the_same_alone_and_beside_others() -> None:
    together = run(flat, blank(30, b=2), seed=5)[-1].token_ids
    alone = run(flat, blank(30), seed=5)[-1].token_ids
    assert torch.equal(together[:1], alone)
    assert not torch.equal(together[0], together[1])


def test_the_same_seed_gives_the_same_tokens_and_another_gives_others() -> None:
    first, again, other = (run(flat, blank(60), seed)[-1].token_ids for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_temperature_zero_takes_the_likeliest_token() -> None:
    tokens = run(favourite, blank(), temperature=0.0, choice_temperature=0.0)[-1].token_ids
    assert torch.equal(tokens[0], torch.arange(20) % MASK)


def test_tokens_are_drawn_by_their_probabilities() -> None:
    def biased(token_ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        logits = torch.full((len(places), MASK), -50.0)
        logits[..., 2], logits[..., 7] = 1.0, 0.0
        return logits

    tokens = run(biased, blank(4000), num_inference_steps=1)[-1].token_ids
    assert float((tokens == 2).float().mean()) == pytest.approx(0.731, abs=0.03)


def test_without_noise_the_surest_tokens_are_settled_first() -> None:
    first = run(favourite, blank(), temperature=0.0, choice_temperature=0.0)[0].token_ids[0]
    settled = (first != MASK).nonzero()[:, 0].tolist()
    assert settled == list(range(len(settled)))


def test_choice_temperature_mixes_the_order() -> None:
    first = run(favourite, blank(), temperature=0.0, choice_temperature=50.0)[0].token_ids[0]
    settled = (first != MASK).nonzero()[:, 0].tolist()
    assert settled != list(range(len(settled)))


def test_logits_are_asked_for_masked_positions_only() -> None:
    asked = []

    def spy(token_ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        assert (token_ids.flatten()[places] == MASK).all()
        asked.append(len(places))
        return flat(token_ids, places)

    run(spy, blank(40))
    assert asked[0] == 40 and asked == sorted(asked, reverse=True) and asked[-1] < 12


def test_more_steps_than_tokens_is_no_problem() -> None:
    assert len(run(flat, blank(3), num_inference_steps=50)) == 3


def test_a_clip_without_masked_tokens_needs_no_step() -> None:
    assert run(flat, torch.zeros(1, 5, dtype=torch.int64)) == []


def test_stopping_between_steps_calls_the_network_no_more() -> None:
    calls = []
    refine = RefineMasked(lambda ids, places: calls.append(1) or flat(ids, places), MASK)
    steps = sample_tokens(refine, blank(), MASK, SamplingConfig(), 0)
    next(steps)
    steps.close()
    assert len(calls) == 1


@pytest.fixture(scope="module")
def network() -> MaskGit:
    torch.manual_seed(0)
    return MaskGit(MaskGitConfig(dim=32, depth=2, heads=2, text_dim=12), 10, (3, 2, 2)).eval()


@torch.inference_mode()
def test_guidance_combines_hidden_states_as_it_would_logits(network: MaskGit) -> None:
    text = network.read_text(torch.randn(1, 4, 12), torch.tensor([[True, True, True, False]]))
    ids = torch.randint(0, 11, (1, 12))
    places = torch.arange(12)
    cond = network.logits(network(ids.view(1, 3, 2, 2), text))
    null = network.logits(network(ids.view(1, 3, 2, 2), network.read_null(1)))
    for scale in (0.0, 1.0, 3.0):
        guided = GuidedLogits(network, *guided_memory(network, text, scale), (3, 2, 2))(ids, places)
        torch.testing.assert_close(guided, (null + scale * (cond - null))[0], rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_padding_words_change_nothing(network: MaskGit) -> None:
    embeds = torch.randn(1, 4, 12)
    mask = torch.tensor([[True, True, False, False]])
    other = torch.where(mask[..., None], embeds, torch.full_like(embeds, 9.0))
    ids = torch.full((1, 3, 2, 2), 10)
    torch.testing.assert_close(
        network(ids, network.read_text(embeds, mask)), network(ids, network.read_text(other, mask))
    )


@torch.inference_mode()
def test_joined_memories_act_as_each_alone(network: MaskGit) -> None:
    text = network.read_text(torch.randn(1, 5, 12), torch.ones(1, 5, dtype=torch.bool))
    null = network.read_null(1)
    ids = torch.randint(0, 11, (1, 3, 2, 2))
    both = network(torch.cat([ids, ids]), join_memories(text, null))
    torch.testing.assert_close(both, torch.cat([network(ids, text), network(ids, null)]), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_the_prompt_reaches_every_token(network: MaskGit) -> None:
    mask = torch.ones(1, 3, dtype=torch.bool)
    ids = torch.full((1, 3, 2, 2), 10)
    one, two = (network(ids, network.read_text(torch.randn(1, 3, 12), mask)) for _ in range(2))
    assert ((one - two).abs().amax(-1) > 1e-4).all()
