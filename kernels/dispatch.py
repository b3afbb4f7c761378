"""Which version of an operation runs."""

from __future__ import annotations

from torch import Tensor

from kernels import reference

# Measured on two AVX-512 cores with bfloat16, forward and backward: fused 79 ms, plain 20 ms at (192, 5, 64, 32);
# fused 55 ms, plain 101 ms at (16, 8, 384, 32).
FUSED_FROM = 128  # keys


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
    """Scaled dot-product attention; see ``reference.attention`` for shapes and meaning."""
    if k.shape[-2] >= FUSED_FROM or q.is_cuda:
        return reference.fused_attention(q, k, v, mask, causal=causal)
    return reference.attention(q, k, v, mask, causal=causal)


def vq_lookup(x: Tensor, codebook: Tensor) -> Tensor:
    """Nearest unit code of each row; see ``reference.vq_lookup``."""
    return reference.vq_lookup(x, codebook)
