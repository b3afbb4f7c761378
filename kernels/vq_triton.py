"""The nearest code on a GPU, without the matrix of all scores."""

from __future__ import annotations

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from torch import Tensor

from kernels.dispatch import INTERPRETED
from kernels.tiles import Tile

NARROW = Tile(rows=64, columns=64, warps=4, stages=2)  # vectors of up to 64
WIDE = Tile(rows=32, columns=32, warps=4, stages=2)
PROGRAMS = 512  # enough for every GPU: a few on each multiprocessor
NARROWEST = 16  # the tensor cores' least depth


def tile_for(width: int) -> Tile:
    return NARROW if width <= 64 else WIDE


def vq_lookup(x: Tensor, codebook: Tensor, metric: str, tile: Tile | None = None, splits: int | None = None) -> Tensor:
    """Launch; see ``kernels.vq_lookup``. ``splits``: parts of the codebook that are searched side by side."""
    n, v = len(x), len(codebook)
    precision = torch.promote_types(x.dtype, codebook.dtype)
    width = max(NARROWEST, triton.next_power_of_2(x.shape[1]))
    x, codebook = (F.pad(y.to(precision), (0, width - y.shape[1])).contiguous() for y in (x, codebook))
    tile = tile or tile_for(width)
    blocks, code_blocks = triton.cdiv(n, tile.rows), triton.cdiv(v, tile.columns)
    if splits is None:
        splits = max(1, min(code_blocks, PROGRAMS // max(1, blocks)))
    codes_each = triton.cdiv(code_blocks, splits) * tile.columns
    splits = triton.cdiv(v, codes_each)
    keys = torch.empty(splits, n, dtype=torch.int64, device=x.device)
    if n:
        vq_kernel[(blocks, splits)](
            x,
            codebook,
            keys,
            n,
            v,
            codes_each,
            WIDTH=width,
            BLOCK_N=tile.rows,
            BLOCK_V=tile.columns,
            EUCLIDEAN=metric == "euclidean",
            UPCAST=INTERPRETED,
            num_warps=tile.warps,
            num_stages=tile.stages,
        )
    return 0xFFFFFFFF - (keys.amax(0) & 0xFFFFFFFF)


@triton.jit(do_not_specialize=["n", "v", "codes_each"])
def vq_kernel(
    x_ptr,
    codebook_ptr,
    keys_ptr,
    n,
    v,
    codes_each,
    WIDTH: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_V: tl.constexpr,
    EUCLIDEAN: tl.constexpr,
    UPCAST: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64) * BLOCK_N + tl.arange(0, BLOCK_N)
    split = tl.program_id(1)
    depth = tl.arange(0, WIDTH)
    # [BLOCK_N, WIDTH]
    x = tl.load(x_ptr + row[:, None] * WIDTH + depth[None, :], mask=row[:, None] < n, other=0.0)
    if UPCAST:
        x = x.to(tl.float32)

    # every pair of a row and a lane keeps its own best; lanes are compared once, at the end
    lane = tl.arange(0, BLOCK_V)
    start = split * codes_each
    stop = tl.minimum(start + codes_each, v)
    best = tl.full([BLOCK_N, BLOCK_V], float("-inf"), tl.float32)
    best_start = tl.zeros([BLOCK_N, BLOCK_V], tl.int32) + start
    for block in range(start, stop, BLOCK_V):
        code = block + lane
        inside = code < stop
        # [BLOCK_V, WIDTH]
        codes = tl.load(
            codebook_ptr + code.to(tl.int64)[:, None] * WIDTH + depth[None, :], mask=inside[:, None], other=0.0
        )
        if UPCAST:
            codes = codes.to(tl.float32)
        score = tl.dot(x, tl.trans(codes), input_precision="ieee")
        if EUCLIDEAN:
            wide = codes.to(tl.float32)
            score -= tl.sum(wide * wide, 1)[None, :] * 0.5
        # strictly: the earlier code keeps a tie, and a NaN never wins
        better = (score > best) & inside[None, :]
        best = tl.where(better, score, best)
        best_start = tl.where(better, block, best_start)

    top = tl.max(best, 1)  # [BLOCK_N]
    index = tl.min(tl.where(best == top[:, None], best_start + lane[None, :], 0x7FFFFFFF), 1)
    # Score and index in one number: the greatest is the best score, of equals the lowest index. The bits of a float
    # are in its order once those of negative ones are turned round; -0.0 would come before 0.0.
    bits = tl.where(top == 0.0, 0.0, top).to(tl.int32, bitcast=True)
    order = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).to(tl.int64)
    tl.store(keys_ptr + split.to(tl.int64) * n + row, (order << 32) | (0xFFFFFFFF - index.to(tl.int64)), mask=row < n)
