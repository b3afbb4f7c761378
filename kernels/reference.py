"""Plain PyTorch versions of every operation: the specification, and what runs where no kernel does."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
    """Scaled dot-product attention.

    Args:
        q: queries, (b, a, n, e).
        k, v: keys and values, (b, a, m, e).
        mask: (b, m) bool, True where a key may be attended to; None: everywhere. A row of all False gives zeros.
        causal: query i attends to keys 0 to i only; then n must equal m.

    Returns:
        (b, a, n, e), in the precision of ``q``.
    """
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))  # (b, a, n, m)
    if causal:
        future = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool, device=q.device).triu(1)
        scores = scores.masked_fill(future, float("-inf"))
    if mask is not None:
        scores = scores.masked_fill(~mask[:, None, None, :], float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.nan_to_num(0.0)
    return torch.matmul(weights.to(v.dtype), v)


def fused_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
    """The same through PyTorch's fused attention: faster for long sequences, slower for short ones."""
    keep = None if mask is None else mask[:, None, None, :]
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=keep, is_causal=causal)
    return out if mask is None else out.nan_to_num(0.0)


def vq_lookup(x: Tensor, codebook: Tensor) -> Tensor:
    """Index of the code with the greatest inner product: the nearest one, when the codes are unit vectors.

    Args:
        x: (n, d).
        codebook: (v, d).

    Returns:
        (n,) int64; of equals, the lowest index.
    """
    return torch.matmul(x, codebook.T).argmax(dim=-1)
