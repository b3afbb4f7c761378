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
    head_widths: Iterable[int] = (64,),
    tokenizer_head_widths: Iterable[int] = (32,),
    code_width: int = 32,
    vocabulary: int = 8192,
) -> None:
    """Run what a model runs once on small inputs, so that it is compiled; where no kernel runs, do nothing.

    Args:
        device: where the model is.
        dtype: of its transformers, and of their logits.
        head_widths: of their attention.
        tokenizer_head_widths: of the tokenizer's attention, which is in float32, along space and, causal, along time.
        code_width: of a code of the tokenizer; codes are float32.
        vocabulary: number of tokens.
    """
    device = torch.device(device)
    if why_not_on(device) is not None:
        return
    for width, count in itertools.product(head_widths, (16, 128)):  # few queries and many
        q = torch.zeros(1, 1, count, width, dtype=dtype, device=device)
        api.attention(q, q, q)
        api.attention(q, q, q, torch.ones(1, count, dtype=torch.bool, device=device))
    for width in tokenizer_head_widths:
        q = torch.zeros(1, 1, 64, width, device=device)
        api.attention(q, q, q)
        packed = q[:, :, :6]
        api.packed_attention(packed, packed, packed)
    codes = torch.zeros(64, code_width, device=device)
    api.vq_lookup(codes, codes)
    rows, key = torch.arange(16, device=device), random_key(0, 0).to(device)
    logits = torch.zeros(16, vocabulary, dtype=dtype, device=device)
    api.sample_tokens(logits, rows, key, torch.ones((), device=device))
