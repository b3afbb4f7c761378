"""The plain operations against the textbook, in double precision."""

from __future__ import annotations

import pytest
import torch

import kernels
from kernels import reference, sample_reference
from kernels.choices import FUSED_FROM_ELSE
from kernels.errors import KernelError


def textbook(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """Attention of one sequence and head, written as sums."""
    out = torch.zeros(q.shape[0], v.shape[1], dtype=q.dtype)
    for i in range(q.shape[0]):
        weights = [
            torch.exp(q[i] @ k[j] / q.shape[1] ** 0.5) if keep[i, j] else torch.tensor(0.0) for j in range(len(k))
        ]
        total = sum(weights)
        if total > 0:
            out[i] = sum(w * v[j] for j, w in enumerate(weights)) / total
    return out


@pytest.mark.parametrize("version", [reference.attention, reference.fused_attention, kernels.attention])
@pytest.mark.parametrize(
    ("n", "m", "causal", "masked"), [(1, 1, False, False), (5, 7, False, True), (6, 6, True, False)]
)
def test_attention_is_the_textbooks(version, n: int, m: int, causal: bool, masked: bool) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, length, 4, dtype=torch.float64) for length in (n, m, m))
    mask = torch.rand(2, m) > 0.4 if masked else None
    out = version(q, k, v, mask, causal=causal)
    keep = torch.ones(n, m).tril().bool() if causal else torch.ones(n, m).bool()
    for b in range(2):
        allowed = keep & mask[b] if masked else keep
        for a in range(3):
            torch.testing.assert_close(out[b, a], textbook(q[b, a], k[b, a], v[b, a], allowed))


@pytest.mark.parametrize("version", [reference.attention, reference.fused_attention])
def test_a_row_that_may_attend_to_nothing_gives_zeros(version) -> None:
    q, k, v = (torch.randn(2, 1, 3, 4) for _ in range(3))
    mask = torch.tensor([[True, True, False], [False, False, False]])
    out = version(q, k, v, mask)
    assert not out[1].any() and out[0].any() and out.isfinite().all()


def test_both_versions_agree_across_the_threshold() -> None:
    for n in (FUSED_FROM_ELSE - 1, FUSED_FROM_ELSE):
        q, k, v = (torch.randn(1, 2, n, 8) for _ in range(3))
        torch.testing.assert_close(kernels.attention(q, k, v), reference.attention(q, k, v), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("grid", [(1, 1, 1), (2, 3, 4), (3, 1, 5)])
def test_the_bias_table_is_read_by_the_way_from_key_to_query(grid: tuple[int, int, int]) -> None:
    t, h, w = grid
    sizes = (2 * t - 1, 2 * h - 1, 2 * w - 1)
    table = torch.randn(2, *sizes, dtype=torch.float64)
    places = [(i, j, k) for i in range(t) for j in range(h) for k in range(w)]
    bias = reference.relative_bias(table.flatten(1), grid)
    for i, to in enumerate(places):
        for j, start in enumerate(places):
            dt, dh, dw = (a - b + size - 1 for a, b, size in zip(to, start, grid, strict=True))
            assert torch.equal(bias[:, i, j], table[:, dt, dh, dw])


@pytest.mark.parametrize("version", [reference.attention, reference.fused_attention])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_biased_attention_is_softmax_of_the_sum(version, causal: bool, masked: bool) -> None:
    grid, n = (2, 3, 2), 12
    q, k, v = (torch.randn(3, 2, n, 8, dtype=torch.float64) for _ in range(3))
    table = torch.randn(2, 3 * 5 * 3, dtype=torch.float64)
    mask = torch.rand(3, n) > 0.5 if masked else torch.ones(3, n).bool()
    mask[0, 0], mask[2, :5], mask[1] = True, not masked, not masked  # some queries and one whole item see nothing
    scores = q @ k.mT / 8**0.5 + reference.relative_bias(table, grid)
    keep = mask[:, None, None] & (torch.ones(n, n).tril().bool() if causal else torch.ones(n, n).bool())
    want = torch.softmax(scores.masked_fill(~keep, float("-inf")), -1).nan_to_num(0.0) @ v
    got = version(q, k, v, mask if masked else None, causal=causal, bias_table=table, grid=grid)
    torch.testing.assert_close(got, want)


def test_a_table_of_zeros_changes_nothing_and_another_does() -> None:
    q = torch.randn(1, 2, 6, 8, dtype=torch.float64)
    table = torch.zeros(2, 3 * 5, dtype=torch.float64)
    plain = kernels.attention(q, q, q)
    torch.testing.assert_close(kernels.attention(q, q, q, bias_table=table, grid=(1, 2, 3)), plain)
    table[:, 0] = 1.0
    assert not torch.allclose(kernels.attention(q, q, q, bias_table=table, grid=(1, 2, 3)), plain)


def test_a_nan_in_a_value_is_not_hidden() -> None:
    v = torch.ones(1, 1, 3, 4)
    v[0, 0, 1] = float("nan")
    mask = torch.ones(1, 3, dtype=torch.bool)
    assert kernels.attention(torch.ones(1, 1, 3, 4), torch.ones(1, 1, 3, 4), v, mask).isnan().all()


@pytest.mark.parametrize("n", [1, 6, 16, 20])
def test_packed_attention_is_causal_attention_of_each_sequence(n: int) -> None:
    q, k, v = (torch.randn(7, 2, n, 8, dtype=torch.float64) for _ in range(3))
    torch.testing.assert_close(kernels.packed_attention(q, k, v), reference.attention(q, k, v, causal=True))


@pytest.mark.parametrize("n", [1, 6, 200])
@pytest.mark.parametrize("window", [1, 3, 6])
def test_a_window_hides_what_is_further_back(n: int, window: int) -> None:
    q, k, v = (torch.randn(2, 1, n, 8) for _ in range(3))
    got = kernels.packed_attention(q, k, v, window=window)
    for i in {0, n // 2, n - 1}:
        seen = slice(max(0, i + 1 - window), i + 1)
        torch.testing.assert_close(
            got[:, :, i : i + 1], reference.attention(q[:, :, i : i + 1], k[:, :, seen], v[:, :, seen])
        )
    fused = reference.fused_attention(q, k, v, causal=True, window=window)
    torch.testing.assert_close(got, fused)
    mask = torch.rand(2, n) > 0.5  # together with it, some see nothing at all
    both = [
        call(q, k, v, mask, causal=True, window=window) for call in (reference.attention, reference.fused_attention)
    ]
    torch.testing.assert_close(*both)
    assert not both[0].isnan().any()


def test_lookup_takes_the_lowest_of_equals() -> None:
    codebook = torch.eye(4).repeat(2, 1)
    assert torch.equal(kernels.vq_lookup(torch.eye(4), codebook), torch.arange(4))


@pytest.mark.parametrize(("n", "v"), [(1, 1), (37, 101), (300, 64)])
def test_lookup_is_the_nearest(n: int, v: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, codebook = torch.randn(n, 8, dtype=torch.float64), torch.randn(v, 8, dtype=torch.float64)
    nearest = torch.cdist(x, codebook).argmin(1)
    assert torch.equal(kernels.vq_lookup(x, codebook, metric="euclidean"), nearest)
    monkeypatch.setattr(reference, "LOOKUP_BLOCK", 130)  # a few rows at a time give the same
    assert torch.equal(kernels.vq_lookup(x, codebook, metric="euclidean"), nearest)
    assert torch.equal(kernels.vq_lookup(x, codebook), (x @ codebook.T).argmax(1))


def test_nan_never_wins_a_lookup() -> None:
    x, codebook = torch.eye(3), torch.eye(3)
    codebook[0] = float("nan")
    for metric in ("cosine", "euclidean"):
        assert kernels.vq_lookup(x[1:], codebook, metric=metric).tolist() == [1, 2]
        assert kernels.vq_lookup(torch.full((2, 3), float("nan")), codebook, metric=metric).tolist() == [0, 0]


@pytest.mark.parametrize("temperature", [0.0, 0.3, 1.0, 2.5])
@pytest.mark.parametrize(("m", "v"), [(1, 1), (5, 7), (37, 4096)])
def test_a_token_is_the_greatest_noisy_logit(m: int, v: int, temperature: float) -> None:
    logits, rows, key = torch.randn(m, v, dtype=torch.float64) * 3, torch.randperm(1000)[:m], kernels.random_key(4, 2)
    noise = kernels.gumbel_noise(rows, v, key).double()
    want = (logits / temperature + noise).argmax(1) if temperature else logits.argmax(1)
    log_p = logits.log_softmax(1).gather(1, want[:, None])[:, 0].float()
    for heat in (temperature, torch.tensor(temperature)):
        ids, got = kernels.sample_tokens(logits, rows, key, heat)
        assert torch.equal(ids, want)
        torch.testing.assert_close(got, log_p)


def test_a_draw_does_not_depend_on_what_is_drawn_beside_it() -> None:
    logits, rows, key = torch.randn(200, 3000), torch.arange(200), kernels.random_key(0, 0)
    ids, _ = kernels.sample_tokens(logits, rows, key, 1.0)
    some = torch.tensor([150, 3, 77])
    assert torch.equal(kernels.sample_tokens(logits[some], rows[some], key, 1.0)[0], ids[some])


def test_of_equal_logits_a_temperature_of_zero_takes_the_lowest() -> None:
    logits = torch.zeros(2, 50)
    logits[1, [7, 30]] = 1.0
    ids, _ = kernels.sample_tokens(logits, torch.arange(2), kernels.random_key(0, 0), 0.0)
    assert ids.tolist() == [0, 7]


def test_tokens_that_cannot_be_are_never_drawn() -> None:
    logits = torch.randn(300, 40)
    logits[:, 5:] = float("-inf")
    ids, log_p = kernels.sample_tokens(logits, torch.arange(300), kernels.random_key(0, 0), 1.0)
    assert ids.max() < 5 and log_p.isfinite().all()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_drawn_by_their_probability(temperature: float) -> None:
    m, v = 40_000, 16
    logits = torch.randn(v) * 2
    ids, _ = kernels.sample_tokens(logits.expand(m, v), torch.arange(m), kernels.random_key(9, 0), temperature)
    expected = torch.softmax(logits / temperature, 0).double() * m
    seen = expected > 5  # the usual condition of the test
    chi2 = ((torch.bincount(ids, minlength=v) - expected) ** 2 / expected)[seen].sum()
    assert chi2 < 45  # 15 degrees of freedom: once in 10,000


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_are_summed_in_single(dtype: torch.dtype) -> None:
    logits = torch.randn(20, 5000).to(dtype)
    rows, key = torch.arange(20), kernels.random_key(1, 1)
    for got, want in zip(
        kernels.sample_tokens(logits, rows, key, 0.8),
        sample_reference.sample_tokens(logits.float(), rows, key, 0.8),
        strict=True,
    ):
        torch.testing.assert_close(got, want)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: kernels.attention(x[None, None], x[None, None, :2], x[None, None, :2], causal=True),
        lambda x: kernels.attention(x[None, None], x[None, None], x[None, None], grid=(1, 2, 2)),
        lambda x: kernels.attention(
            x[None, None], x[None, None], x[None, None], bias_table=torch.zeros(1, 9), grid=(1, 2, 3)
        ),
        lambda x: kernels.attention(
            x[None, None], x[None, None], x[None, None], bias_table=torch.zeros(1, 8), grid=(1, 2, 2)
        ),
        lambda x: kernels.packed_attention(x[None, None], x[None, None], x[None, None, :2]),
        lambda x: kernels.packed_attention(x[None, None], x[None, None], x[None, None], window=0),
        lambda x: kernels.vq_lookup(x, x[:, :3]),
        lambda x: kernels.vq_lookup(x, x, metric="manhattan"),
        lambda x: kernels.sample_tokens(x, torch.arange(3), kernels.random_key(0, 0), 1.0),
        lambda x: kernels.sample_tokens(x, torch.arange(4), kernels.random_key(0, 0), -1.0),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(call) -> None:
    with pytest.raises(KernelError, match=r"; (use|one) "):
        call(torch.randn(4, 4))
