"""Compiling before the first user waits, and before a CUDA graph is recorded, in which nothing may be compiled."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import torch

from kernels import api
from kernels.dispatch import why_not_on
from kernels.random_numbers import random_key


def warmup(
    device: torch.device | str,
    dtype: torch.dtype = torch.bfloat16,
    *,
    head_widths: Iterable[int] = (32, 64),
    code_width: int = 32,
    vocabulary: int = 8192,
) -> None:
    """Run every operation once on small inputs, so that its kernel is compiled; where no kernel runs, do nothing.

    Args:
        device: where the model is.
        dtype: of its attention.
        head_widths: of its attention.
        code_width: of a code of the tokenizer; codes are float32.
        vocabulary: number of tokens; logits are float32.
    """
    device = torch.device(device)
    if why_not_on(device) is not None:
        return
    for width, grid in itertools.product(head_widths, ((1, 4, 4), (2, 8, 8))):  # few queries and many
        t, h, w = grid
        q = torch.zeros(1, 1, t * h * w, width, dtype=dtype, device=device)
        mask = torch.ones(1, t * h * w, dtype=torch.bool, device=device)
        table = torch.zeros(1, (2 * t - 1) * (2 * h - 1) * (2 * w - 1), dtype=dtype, device=device)
        for causal in (False, True):
            api.attention(q, q, q, causal=causal)
            api.attention(q, q, q, bias_table=table, grid=grid, causal=causal)
        api.attention(q, q, q, mask)
        packed = q[:, :, :6]
        api.packed_attention(packed, packed, packed)
    codes = torch.zeros(64, code_width, device=device)
    for metric in api.METRICS:
        api.vq_lookup(codes, codes, metric=metric)
    rows, key = torch.arange(16, device=device), random_key(0, 0).to(device)
    api.sample_tokens(torch.zeros(16, vocabulary, device=device), rows, key, torch.ones((), device=device))
