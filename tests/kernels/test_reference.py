"""The plain operations against the textbook, in double precision."""

from __future__ import annotations

import pytest
import torch

import kernels
from kernels import reference


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
    from kernels.dispatch import FUSED_FROM

    for n in (FUSED_FROM - 1, FUSED_FROM):
        q, k, v = (torch.randn(1, 2, n, 8) for _ in range(3))
        torch.testing.assert_close(kernels.attention(q, k, v), reference.attention(q, k, v), rtol=1e-4, atol=1e-5)


def test_lookup_takes_the_lowest_of_equals() -> None:
    codebook = torch.eye(4).repeat(2, 1)
    assert torch.equal(kernels.vq_lookup(torch.eye(4), codebook), torch.arange(4))
