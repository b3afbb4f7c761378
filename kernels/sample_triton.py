"""Drawing tokens on a GPU: one read of the logits gives the token and its log probability."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.random_triton import hash_words, log_exponential, row_keys
from kernels.tiles import Tile

# One row a program; ``rows`` is 1. Bounded by memory and by the integer units that make the noise.
TILE = Tile(rows=1, columns=2048, warps=8, stages=2)


def sample_tokens(
    logits: Tensor, rows: Tensor, key: Tensor, temperature: float | Tensor, tile: Tile = TILE
) -> tuple[Tensor, Tensor]:
    """Launch; see ``kernels.sample_tokens``."""
    m, v = logits.shape
    if logits.stride(1) != 1:
        logits = logits.contiguous()
    ids = torch.empty(m, dtype=torch.int64, device=logits.device)
    log_p = torch.empty(m, dtype=torch.float32, device=logits.device)
    in_memory = isinstance(temperature, Tensor)
    if m:
        sample_kernel[(m,)](
            logits,
            rows.contiguous(),
            key.to(logits.device).contiguous(),
            temperature.to(logits.device, torch.float32) if in_memory else float(temperature),
            ids,
            log_p,
            logits.stride(0),
            v,
            BLOCK_V=tile.columns,
            TEMPERATURE_IN_MEMORY=in_memory,
            num_warps=tile.warps,
            num_stages=tile.stages,
        )
    return ids, log_p


@triton.jit
def sample_kernel(
    logits_ptr,
    rows_ptr,
    key_ptr,
    temperature,
    ids_ptr,
    log_p_ptr,
    stride_m,
    v,
    BLOCK_V: tl.constexpr,
    TEMPERATURE_IN_MEMORY: tl.constexpr,
):
    m = tl.program_id(0).to(tl.int64)
    if TEMPERATURE_IN_MEMORY:
        temperature = tl.load(temperature)
    first, second = row_keys(tl.load(rows_ptr + m), key_ptr)
    logits_ptr += m * stride_m

    # every lane keeps its own best; lanes are compared once, at the end
    lane = tl.arange(0, BLOCK_V)
    best = tl.full([BLOCK_V], float("-inf"), tl.float32)
    best_token = lane
    highest = tl.full([], float("-inf"), tl.float32)
    total = tl.zeros([], tl.float32)  # of exp(logit - highest)
    for start in range(0, v, BLOCK_V):
        token = start + lane
        # [BLOCK_V]
        x = tl.load(logits_ptr + token, mask=token < v, other=float("-inf")).to(tl.float32)
        noisy = x - temperature * log_exponential(hash_words(token.to(tl.uint32), first, second))
        better = noisy > best  # strictly: the earlier token keeps a tie, and a NaN never wins
        best = tl.where(better, noisy, best)
        best_token = tl.where(better, token, best_token)

        new_highest = tl.maximum(highest, tl.max(x, 0))
        # a row may begin with nothing but -inf, and -inf - -inf is no number
        origin = tl.where(new_highest == float("-inf"), 0.0, new_highest)
        total = total * tl.exp(highest - origin) + tl.sum(tl.exp(x - origin), 0)
        highest = new_highest

    chosen = tl.min(tl.where(best == tl.max(best, 0), best_token, 0x7FFFFFFF), 0)
    logit = tl.load(logits_ptr + chosen).to(tl.float32)
    origin = tl.where(highest == float("-inf"), 0.0, highest)
    tl.store(ids_ptr + m, chosen.to(tl.int64))
    tl.store(log_p_ptr + m, logit - origin - tl.log(total))
