"""The kernels of code lookup and of drawing tokens against double precision; the noise, bit by bit."""

from __future__ import annotations

import pytest
import torch
import triton
import triton.language as tl

import kernels
from kernels import random_numbers, reference, sample_reference
from kernels.random_triton import hash_words, log_exponential, row_keys
from kernels.sample_triton import sample_tokens
from kernels.tiles import Tile
from kernels.vq_triton import vq_lookup


@triton.jit
def words_kernel(rows_ptr, key_ptr, words_ptr, noise_ptr, COUNT: tl.constexpr):
    row = tl.program_id(0)
    first, second = row_keys(tl.load(rows_ptr + row), key_ptr)
    token = tl.arange(0, COUNT)
    word = hash_words(token.to(tl.uint32), first, second)
    tl.store(words_ptr + row * COUNT + token, word.to(tl.int32, bitcast=True))
    tl.store(noise_ptr + row * COUNT + token, -log_exponential(word))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(
    ("n", "v", "d", "splits"), [(1, 1, 1, 1), (37, 101, 32, 1), (65, 129, 20, 3), (130, 1000, 8, 2), (3, 640, 128, 7)]
)
def test_lookup_finds_the_nearest(n: int, v: int, d: int, splits: int, metric: str) -> None:
    x, codebook = torch.randn(n, d), torch.randn(v, d)
    want = reference.vq_lookup(x.double(), codebook.double(), metric=metric)
    got = vq_lookup(x, codebook, metric, Tile(rows=64, columns=64, warps=4, stages=1), splits)
    assert torch.equal(got, want)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_lookup_in_half_precision(dtype: torch.dtype) -> None:
    x, codebook = torch.randn(40, 32).to(dtype), torch.randn(200, 32).to(dtype)
    got = kernels.vq_lookup(x, codebook, implementation="triton")
    assert torch.equal(got, reference.vq_lookup(x.double(), codebook.double()))


def test_lookup_in_a_large_codebook_at_the_shipped_sizes() -> None:
    x, codebook = torch.randn(5, 16), torch.randn(2**15, 16)
    got = kernels.vq_lookup(x, codebook, metric="euclidean", implementation="triton")
    assert torch.equal(got, reference.vq_lookup(x.double(), codebook.double(), metric="euclidean"))


@pytest.mark.parametrize("splits", [1, 4])
def test_of_equals_the_lowest_index_wins(splits: int) -> None:
    tile = Tile(rows=16, columns=16, warps=4, stages=1)
    codebook = torch.randn(100, 16)
    codebook[[37, 41, 99]] = codebook[3].clone()
    for metric in ("cosine", "euclidean"):
        x = codebook[3:4].repeat(5, 1) * 100
        assert vq_lookup(x, codebook, metric, tile, splits).unique().numel() == 1
        nearest = reference.vq_lookup(x, codebook, metric=metric)
        assert torch.equal(vq_lookup(x, codebook, metric, tile, splits), nearest)
    signed_zeros = torch.zeros(40, 16)
    signed_zeros[::2] *= -1
    assert not vq_lookup(torch.ones(3, 16), signed_zeros, "cosine", tile, splits).any()


@pytest.mark.parametrize("splits", [1, 3])
def test_nan_never_wins(splits: int) -> None:
    tile = Tile(rows=16, columns=16, warps=4, stages=1)
    x, codebook = torch.randn(4, 16), -torch.rand(60, 16)
    codebook[[0, 17, 30]] = float("nan")
    clean = codebook.nan_to_num(nan=0.0)
    clean[[0, 17, 30]] = 1e6 * -x.sum(0).sign()  # far from all
    for metric in ("cosine", "euclidean"):
        got = vq_lookup(x, codebook, metric, tile, splits)
        assert not torch.isin(got, torch.tensor([0, 17, 30])).any()
        assert not vq_lookup(torch.full((4, 16), float("nan")), codebook, metric, tile, splits).any()


def test_words_are_bit_for_bit_those_of_torch() -> None:
    rows = torch.tensor([0, 1, 383, 2**31 - 1, 2**31, 2**32, 2**40 + 5, -1])
    key, count = kernels.random_key(-3, 17), 2**14
    words = torch.empty(len(rows), count, dtype=torch.int32)
    noise = torch.empty(len(rows), count)
    words_kernel[(len(rows),)](rows, key, words, noise, COUNT=count)
    first, second = (word[:, None] for word in random_numbers.row_keys(rows, key))
    assert torch.equal(words, random_numbers.hash_words(torch.arange(count, dtype=torch.int32), first, second))
    torch.testing.assert_close(noise, kernels.gumbel_noise(rows, count, key), rtol=0, atol=2e-6)


def check_draw(logits: torch.Tensor, temperature: float, columns: int) -> None:
    m = len(logits)
    rows, key = torch.randperm(10 * m)[:m] * 2**30, kernels.random_key(7, m)
    want_ids, want_log_p = sample_reference.sample_tokens(logits.double(), rows, key, temperature)
    tile = Tile(rows=1, columns=columns, warps=4, stages=1)
    for heat in (temperature, torch.tensor(temperature)):
        ids, log_p = sample_tokens(logits, rows, key, heat, tile)
        assert torch.equal(ids, want_ids)
        torch.testing.assert_close(log_p, want_log_p, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0, 3.0])
@pytest.mark.parametrize(("m", "v", "columns"), [(1, 1, 16), (7, 128, 128), (5, 129, 64), (9, 1009, 512)])
def test_draws_are_those_of_double_precision(m: int, v: int, columns: int, temperature: float) -> None:
    check_draw(torch.randn(m, v) * 3, temperature, columns)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_read_as_they_are(dtype: torch.dtype) -> None:
    check_draw(torch.randn(6, 700).to(dtype), 1.0, 256)


def test_rows_that_begin_with_impossible_tokens() -> None:
    logits = torch.randn(4, 300)
    logits[:, :130] = float("-inf")
    logits[1, 200:] = float("-inf")
    check_draw(logits, 1.0, 64)
    check_draw(logits, 0.0, 64)


def test_of_equal_logits_the_lowest_id_wins_and_nan_stays_in_range() -> None:
    logits = torch.zeros(3, 400)
    logits[1, [77, 78, 390]] = 1.0
    logits[2] = float("nan")
    key, rows = kernels.random_key(0, 0), torch.arange(3)
    ids, log_p = kernels.sample_tokens(logits, rows, key, 0.0, implementation="triton")
    assert ids.tolist() == [0, 77, 0]
    assert log_p[:2].isfinite().all() and log_p[2].isnan()


def test_the_size_of_a_block_changes_no_draw() -> None:
    logits, rows, key = torch.randn(3, 3000), torch.arange(3), kernels.random_key(1, 1)
    results = [sample_tokens(logits, rows, key, 0.9, Tile(1, columns, 4, 1))[0] for columns in (256, 1024, 4096)]
    results.append(kernels.sample_tokens(logits, rows, key, 0.9, implementation="triton")[0])
    results.append(kernels.sample_tokens(logits, rows, key, 0.9, implementation="torch")[0])
    assert all(torch.equal(ids, results[0]) for ids in results)
