"""The operations as callers see them: what goes in is checked, then one version runs."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from kernels import choices, reference, sample_reference
from kernels.dispatch import choose
from kernels.errors import KernelError
from kernels.reference import Grid

METRICS = ("cosine", "euclidean")


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    bias_table: Tensor | None = None,
    grid: Grid | None = None,
    implementation: str = "auto",
) -> Tensor:
    """Scaled dot-product attention, softmax(q k^T / sqrt(e) + bias) v.

    Args:
        q: queries, (b, a, n, e).
        k, v: keys and values, (b, a, m, e).
        mask: (b, m) bool, True where a key may be attended to; None: everywhere. A row of all False gives zeros.
        causal: query i attends to keys 0 to i only; then n must equal m.
        bias_table: (a, (2t-1) * (2h-1) * (2w-1)), added to the score by the way from the key to the query; the order
            is that of ``reference.relative_bias``. A kernel reads it as it is and never builds (a, n, n).
        grid: (t, h, w) with t*h*w = n = m; needed with ``bias_table``.
        implementation: "auto", "triton" or "torch".

    Returns:
        (b, a, n, e), in the precision of ``q``.

    Raises:
        KernelError: shapes do not fit, or "triton" cannot run.
    """
    if causal and q.shape[-2] != k.shape[-2]:
        raise KernelError(f"Causal attention has {q.shape[-2]} queries, {k.shape[-2]} keys; use equal numbers.")
    if bias_table is not None or grid is not None:
        _check_bias(q, k, bias_table, grid)
    if _is_traced(q):
        return torch.ops.phenaki.attention(q, k, v, mask, causal, bias_table, grid, implementation)
    operation = "attention" if bias_table is None else "biased_attention"
    differentiable = _wants_gradient(q, k, v, bias_table)
    if choose(operation, implementation, q, size=k.shape[-2], differentiable=differentiable) == "triton":
        if differentiable:
            return torch.ops.phenaki.attention(q, k, v, mask, causal, bias_table, grid, "triton")
        from kernels import attention_triton

        return attention_triton.attention(q, k, v, mask, causal=causal, bias_table=bias_table, grid=grid)
    return _torch_attention(q, k, v, mask, causal=causal, bias_table=bias_table, grid=grid)


def packed_attention(
    q: Tensor, k: Tensor, v: Tensor, *, window: int | None = None, implementation: str = "auto"
) -> Tensor:
    """Causal attention within each of many short sequences.

    Args:
        q, k, v: (s, a, n, e), s sequences; the kernel takes n up to 16, PyTorch any.
        window: a query attends to itself and to ``window`` - 1 keys before it; None: to all before it.
        implementation: "auto", "triton" or "torch".

    Returns:
        (s, a, n, e), in the precision of ``q``.

    Raises:
        KernelError: shapes do not fit, or "triton" cannot run.
    """
    if not q.shape == k.shape == v.shape:
        raise KernelError(f"Shapes are {tuple(q.shape)}, {tuple(k.shape)}, {tuple(v.shape)}; use three equal ones.")
    if window is not None and window < 1:
        raise KernelError(f"window is {window}; use 1 or more, or None.")
    if _is_traced(q):
        return torch.ops.phenaki.packed_attention(q, k, v, window, implementation)
    differentiable = _wants_gradient(q, k, v)
    if choose("packed_attention", implementation, q, size=q.shape[-2], differentiable=differentiable) == "triton":
        if differentiable:
            return torch.ops.phenaki.packed_attention(q, k, v, window, "triton")
        from kernels import packed_triton

        return packed_triton.packed_attention(q, k, v, window)
    return _torch_attention(q, k, v, causal=True, window=window)


def vq_lookup(x: Tensor, codebook: Tensor, *, metric: str = "cosine", implementation: str = "auto") -> Tensor:
    """Index of the nearest code of each row; nothing flows back through it.

    Args:
        x: (n, d).
        codebook: (v, d), v up to 2^18.
        metric: "cosine" takes the greatest inner product, so give it unit vectors; "euclidean" the least distance.
        implementation: "auto", "triton" or "torch".

    Returns:
        (n,) int64; of equals, the lowest index. A NaN never wins, and a row where all is NaN gives 0.

    Raises:
        KernelError: shapes or the metric do not fit, or "triton" cannot run.
    """
    if metric not in METRICS:
        raise KernelError(f"metric is {metric!r}; use {' or '.join(METRICS)}.")
    if x.ndim != 2 or codebook.ndim != 2 or x.shape[1] != codebook.shape[1]:
        raise KernelError(f"Vectors {tuple(x.shape)}, codebook {tuple(codebook.shape)}; use (n, d) and (v, d).")
    x, codebook = x.detach(), codebook.detach()
    if _is_traced(x):
        return torch.ops.phenaki.vq_lookup(x, codebook, metric, implementation)
    if choose("vq_lookup", implementation, x, size=len(x)) == "triton":
        from kernels import vq_triton

        return vq_triton.vq_lookup(x, codebook, metric)
    return reference.vq_lookup(x, codebook, metric=metric)


def sample_tokens(
    logits: Tensor, rows: Tensor, key: Tensor, temperature: float | Tensor, *, implementation: str = "auto"
) -> tuple[Tensor, Tensor]:
    """Draw one token for each row of logits; the same rows and key give the same tokens, whatever else is drawn.

    Args:
        logits: (m, v).
        rows: (m,) int64, the name of each row in the noise: its place in the clip, say.
        key: (2,) int32, from ``random_key``.
        temperature: 0 or more; 0 takes the likeliest token, of equals the lowest id. A tensor without axes stays on
            its device, so that a recorded step can be replayed with another.
        implementation: "auto", "triton" or "torch".

    Returns:
        ids (m,) int64, and log p (m,) float32 of each under the logits at temperature 1. A row with a NaN gives an id
        within the vocabulary and a log p of NaN.

    Raises:
        KernelError: shapes or the temperature do not fit, or "triton" cannot run.
    """
    if logits.ndim != 2 or rows.shape != logits.shape[:1]:
        raise KernelError(f"Logits {tuple(logits.shape)}, rows {tuple(rows.shape)}; use (m, v) and (m,).")
    if not isinstance(temperature, Tensor) and not 0 <= temperature < math.inf:
        raise KernelError(f"temperature is {temperature}; use a finite number, 0 or more.")
    logits = logits.detach()
    if _is_traced(logits):
        heat = torch.as_tensor(temperature, dtype=torch.float32, device=logits.device)
        return torch.ops.phenaki.sample_tokens(logits, rows, key, heat, implementation)
    if choose("sample_tokens", implementation, logits, size=len(logits)) == "triton":
        from kernels import sample_triton

        return sample_triton.sample_tokens(logits, rows, key, temperature)
    return sample_reference.sample_tokens(logits, rows, key, temperature)


def _torch_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, **options: Any) -> Tensor:
    """The faster of PyTorch's two."""
    if not choices.fused_is_faster(q, k):
        return reference.attention(q, k, v, mask, **options)
    with choices.backend_order(q):
        return reference.fused_attention(q, k, v, mask, **options)


def _is_traced(x: Tensor) -> bool:
    """Whether torch.compile is reading this for a GPU: then the choice waits inside an operation it does not enter.

    On a CPU it reads on into the plain operations, which it may join with what is around them.
    """
    return torch.compiler.is_compiling() and x.is_cuda


def _wants_gradient(*inputs: Tensor | None) -> bool:
    return torch.is_grad_enabled() and any(x is not None and x.requires_grad for x in inputs)


def _check_bias(q: Tensor, k: Tensor, bias_table: Tensor | None, grid: Grid | None) -> None:
    if bias_table is None or grid is None:
        raise KernelError("A relative bias takes bias_table and grid; one of them is missing. Give both or none.")
    t, h, w = grid
    entries = (2 * t - 1) * (2 * h - 1) * (2 * w - 1)
    if not q.shape[-2] == k.shape[-2] == t * h * w:
        raise KernelError(f"{q.shape[-2]} queries, {k.shape[-2]} keys, a grid of {grid}; use {t * h * w} of each.")
    if bias_table.shape != (q.shape[1], entries):
        raise KernelError(f"bias_table is {tuple(bias_table.shape)}; use {(q.shape[1], entries)} for {grid}.")
