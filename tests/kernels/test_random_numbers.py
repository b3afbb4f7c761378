"""The noise: a number depends on key, row and token alone, and nothing else shows in it."""

from __future__ import annotations

import math

import pytest
import torch

from kernels import gumbel_noise, random_key
from kernels.random_numbers import hash_words, log_exponential_, row_keys

MASK = 2**32 - 1


def mixed(x: int) -> int:
    """The mixer, written with integers that never overflow."""
    x ^= x >> 16
    x = x * 0x21F0AAAD & MASK
    x ^= x >> 15
    x = x * 0x735A2D97 & MASK
    return x ^ x >> 15


def hashed(word: int, first: int, second: int) -> int:
    return mixed(mixed((word * 0x9E3779B9 + first) & MASK) ^ second)


def uniform(noise: torch.Tensor) -> torch.Tensor:
    """Back to the uniform numbers that noise was made of."""
    return -torch.expm1(-torch.exp(-noise.double()))


def test_words_are_those_of_unsigned_arithmetic() -> None:
    words = [0, 1, 7, 2**31 - 1, -(2**31), -1, 123456789]
    got = hash_words(torch.tensor(words, dtype=torch.int32), 5, -7)
    assert [int(x) & MASK for x in got] == [hashed(x & MASK, 5, -7 & MASK) for x in words]


def test_noise_is_what_the_words_say() -> None:
    key = random_key(3, 1)
    k0, k1 = (int(word) & MASK for word in key)
    for row in (0, 5, 2**31, 2**40 + 5):
        word = (row & MASK) ^ hashed(row >> 32, 0, 0)
        first, second = hashed(word, k0, k1), hashed(~word & MASK, k1, k0)
        bits = [hashed(token, first, second) & (2**31 - 1) for token in range(50)]
        want = torch.tensor([-math.log(-math.log1p(-max(b, 0.5) * 2.0**-31)) for b in bits])
        torch.testing.assert_close(gumbel_noise(torch.tensor([row]), 50, key)[0], want, rtol=1e-5, atol=1e-5)


def test_noise_follows_its_row_and_token_wherever_they_stand() -> None:
    key, rows, tokens = random_key(1, 2), torch.arange(40), torch.arange(5000)
    whole = gumbel_noise(rows, 5000, key)
    pick, columns = torch.tensor([31, 3, 17]), tokens[4000:4100].flip(0)
    assert torch.equal(gumbel_noise(rows[pick], columns, key), whole[pick][:, columns])


def test_seed_and_step_both_count_to_the_last_bit() -> None:
    seeds = [0, 1, -1, 2**31, 2**32, 2**63, 12345, 2**32 + 1]
    keys = {tuple(random_key(seed, step).tolist()) for seed in seeds for step in (0, 1, 2, 31, -1)}
    assert len(keys) == len(seeds) * 5
    assert torch.equal(random_key(2**64 + 7, 0), random_key(7, 0))


def test_row_keys_do_not_collide_as_pairs() -> None:
    first, second = row_keys(torch.arange(200_000), random_key(0, 0))
    pairs = first.long() * 2**32 + (second.long() & MASK)
    assert len(pairs.unique()) == 200_000


def test_the_extremes_are_finite() -> None:
    bits = torch.tensor([0, 1, 2**31 - 1, -1, -(2**31), 2**31 - 64], dtype=torch.int32)
    noise = -log_exponential_(bits, torch.empty(6))
    assert noise.isfinite().all() and noise.max() < 22.3 and noise.min() > -2.9


def test_noise_is_gumbel() -> None:
    noise = gumbel_noise(torch.arange(500), 4000, random_key(11, 0)).double()
    count = noise.numel()
    assert abs(noise.mean() - 0.5772156649) < 5 * (math.pi**2 / 6 / count) ** 0.5
    assert abs(noise.var() - math.pi**2 / 6) < 0.02
    # the tail, where float32 uniforms would be coarse: P(noise > x) is nearly exp(-x)
    for level in (8.0, 10.0, 12.0):
        expected = count * -math.expm1(-math.exp(-level))
        assert abs((noise > level).sum() - expected) < 5 * expected**0.5 + 1


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_numbers_fill_their_range_evenly(seed: int) -> None:
    u = uniform(gumbel_noise(torch.arange(256), 4096, random_key(seed, 3)))
    bins = 1000
    for sample in (u, u[:, ::64], u[::16], u[:1].expand(4, -1)[:1]):
        count = torch.histc(sample.float(), bins, 0, 1).double()
        expected = sample.numel() / bins
        chi2 = ((count - expected) ** 2 / expected).sum()
        assert abs(chi2 - (bins - 1)) < 5 * (2 * (bins - 1)) ** 0.5


def test_neighbours_know_nothing_of_each_other() -> None:
    u = uniform(gumbel_noise(torch.arange(512), 2048, random_key(5, 0))) - 0.5
    after = uniform(gumbel_noise(torch.arange(512), 2048, random_key(5, 1))) - 0.5
    pairs = {
        "rows": (u[1:], u[:-1]),
        "tokens": (u[:, 1:], u[:, :-1]),
        "diagonal": (u[1:, 1:], u[:-1, :-1]),
        "rows 16 apart": (u[16:], u[:-16]),
        "tokens 256 apart": (u[:, 256:], u[:, :-256]),
        "steps": (u, after),
    }
    for name, (a, b) in pairs.items():
        correlation = (a * b).mean() * 12
        assert abs(correlation) < 5 / a.numel() ** 0.5, name
    # and as a pattern of pairs, not only on average
    x, y = ((u[:, i::2] + 0.5).mul(16).long().clamp(0, 15) for i in (0, 1))
    count = torch.bincount((x * 16 + y).flatten(), minlength=256).double()
    chi2 = ((count - count.mean()) ** 2 / count.mean()).sum()
    assert abs(chi2 - 255) < 5 * (2 * 255) ** 0.5


def test_every_bit_of_the_words_changes_with_every_bit_of_the_token() -> None:
    first, second = row_keys(torch.tensor([3]), random_key(0, 0))
    tokens = torch.arange(20_000, dtype=torch.int32)
    base = hash_words(tokens, first, second)
    for flipped in range(16):
        changed = (hash_words(tokens ^ 2**flipped, first, second) ^ base)[:, None] >> torch.arange(32) & 1
        rate = changed.double().mean(0)
        assert (rate - 0.5).abs().max() < 0.025
