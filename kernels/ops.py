"""The operations in PyTorch's own registry, ``torch.ops.phenaki``: for torch.compile, and for gradients of a kernel.

A call without gradients and outside torch.compile does not come through here: the registry costs it about 16 us.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from kernels import api, reference

LIBRARY = torch.library.Library("phenaki", "DEF")
SCHEMAS = {
    "attention": "(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal, Tensor? bias_table, int[]? grid, "
    "str implementation) -> Tensor",
    "packed_attention": "(Tensor q, Tensor k, Tensor v, int? window, str implementation) -> Tensor",
    "vq_lookup": "(Tensor x, Tensor codebook, str metric, str implementation) -> Tensor",
    "sample_tokens": "(Tensor logits, Tensor rows, Tensor key, Tensor temperature, str implementation) "
    "-> (Tensor, Tensor)",
}


def _attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    causal: bool,
    bias_table: Tensor | None,
    grid: list[int] | None,
    implementation: str,
) -> Tensor:
    place = None if grid is None else (grid[0], grid[1], grid[2])
    out = api.attention(q, k, v, mask, causal=causal, bias_table=bias_table, grid=place, implementation=implementation)
    return out.contiguous()


def _packed_attention(q: Tensor, k: Tensor, v: Tensor, window: int | None, implementation: str) -> Tensor:
    return api.packed_attention(q, k, v, window=window, implementation=implementation).contiguous()


def _vq_lookup(x: Tensor, codebook: Tensor, metric: str, implementation: str) -> Tensor:
    return api.vq_lookup(x, codebook, metric=metric, implementation=implementation)


def _sample_tokens(
    logits: Tensor, rows: Tensor, key: Tensor, temperature: Tensor, implementation: str
) -> tuple[Tensor, Tensor]:
    return api.sample_tokens(logits, rows, key, temperature, implementation=implementation)


def _like_queries(q: Tensor, *others: Any) -> Tensor:
    return torch.empty(q.shape, dtype=q.dtype, device=q.device)


def _one_id_a_row(x: Tensor, *others: Any) -> Tensor:
    return torch.empty(x.shape[0], dtype=torch.int64, device=x.device)


def _one_draw_a_row(logits: Tensor, *others: Any) -> tuple[Tensor, Tensor]:
    return _one_id_a_row(logits), torch.empty(logits.shape[0], dtype=torch.float32, device=logits.device)


def _keep_attention(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    q, k, v, mask, ctx.causal, bias_table, ctx.grid, _ = inputs
    ctx.save_for_backward(q, k, v, mask, bias_table)


def _attention_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    """Gradients by a second pass in PyTorch, which with a bias holds (b, a, n, n)."""
    q, k, v, mask, table = ctx.saved_tensors
    inputs = [None if x is None else x.detach().requires_grad_() for x in (q, k, v, table)]
    with torch.enable_grad():
        again = reference.fused_attention(*inputs[:3], mask, causal=ctx.causal, bias_table=inputs[3], grid=ctx.grid)
    present = [x for x in inputs if x is not None]
    found = iter(torch.autograd.grad(again, present, grad))
    q, k, v, table = (None if x is None else next(found) for x in inputs)
    return q, k, v, None, None, table, None, None


def _keep_packed(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[:3])
    ctx.window = inputs[3]


def _packed_backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    inputs = [x.detach().requires_grad_() for x in ctx.saved_tensors]
    with torch.enable_grad():
        again = reference.fused_attention(*inputs, causal=True, window=ctx.window)
    return *torch.autograd.grad(again, inputs, grad), None, None


for _name, _run, _fake in (
    ("attention", _attention, _like_queries),
    ("packed_attention", _packed_attention, _like_queries),
    ("vq_lookup", _vq_lookup, _one_id_a_row),
    ("sample_tokens", _sample_tokens, _one_draw_a_row),
):
    LIBRARY.define(_name + SCHEMAS[_name])
    for _device in ("CPU", "CUDA"):
        LIBRARY.impl(_name, _run, _device)
    torch.library.register_fake(f"phenaki::{_name}", _fake, lib=LIBRARY)

torch.library.register_autograd("phenaki::attention", _attention_backward, setup_context=_keep_attention, lib=LIBRARY)
torch.library.register_autograd("phenaki::packed_attention", _packed_backward, setup_context=_keep_packed, lib=LIBRARY)
