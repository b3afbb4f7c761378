"""Attention on a GPU that never holds the scores, with a relative bias read from its small table.

Source: FlashAttention-2, arXiv 2307.08691, as in Triton's tutorial 06; the bias is ours.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from torch import Tensor

from kernels.dispatch import INTERPRETED
from kernels.reference import Grid
from kernels.tiles import Tile, architecture

LOG2_E = 1.4426950408889634  # exp(x) = 2^(x * LOG2_E); the GPU has an instruction for powers of 2
ALIGNMENT = 16  # of addresses in bytes and of strides in elements; without it loads are a byte or two each
SHORT = 64  # queries; up to here a large tile would be mostly empty

# By head width, for 16-bit numbers: many queries, few queries. As large as sm_80 takes without spilling registers.
TILES = {
    32: (Tile(rows=128, columns=32, warps=8, stages=2), Tile(rows=64, columns=32, warps=4, stages=2)),
    64: (Tile(rows=128, columns=64, warps=8, stages=2), Tile(rows=64, columns=32, warps=4, stages=2)),
    128: (Tile(rows=64, columns=32, warps=8, stages=2), Tile(rows=64, columns=32, warps=8, stages=2)),
}
# Products of float32 run on the ordinary units, which hold their operands in registers. Not 64 rows: for sm_100 Triton
# 3.7.1 then takes tensor cores, which round to tf32, whatever precision is asked for.
TILES_FLOAT32 = {
    32: Tile(rows=32, columns=32, warps=8, stages=1),
    64: Tile(rows=32, columns=32, warps=4, stages=1),
    128: Tile(rows=32, columns=16, warps=8, stages=1),
}
# Architectures that take more, or less, by architecture and head width, for many queries in 16 bits.
EXCEPTIONS = {
    (90, 128): Tile(rows=128, columns=32, warps=8, stages=2),
    (120, 64): Tile(rows=128, columns=32, warps=8, stages=2),
    (942, 64): Tile(rows=128, columns=32, warps=8, stages=2),
}


def tile_for(device_architecture: int, dtype: torch.dtype, width: int, queries: int) -> Tile:
    if dtype == torch.float32:
        return TILES_FLOAT32[width]
    if queries <= SHORT:
        return TILES[width][1]
    return EXCEPTIONS.get((device_architecture, width), TILES[width][0])


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    bias_table: Tensor | None = None,
    grid: Grid | None = None,
    tile: Tile | None = None,
) -> Tensor:
    """Launch; see ``kernels.attention``."""
    b, a, n, e = q.shape
    m = k.shape[2]
    q, k, v = (aligned(x) for x in (q, k, v))
    out = torch.empty((b, a, n, e), dtype=q.dtype, device=q.device)
    if not out.numel():
        return out
    if mask is not None:
        mask = F.pad(mask, (0, -m % ALIGNMENT)).contiguous().view(torch.uint8)
    tile = tile or tile_for(architecture(q.device), q.dtype, e, n)
    t, h, w = grid or (1, 1, 1)
    attention_kernel[(triton.cdiv(n, tile.rows) * b * a,)](
        q,
        k,
        v,
        out,
        mask,
        bias_table.contiguous() if bias_table is not None else None,
        *strides(q),
        *strides(k),
        *strides(v),
        *strides(out),
        0 if mask is None else mask.shape[1],
        a,
        n,
        m,
        t,
        h,
        w,
        e**-0.5 * LOG2_E,
        WIDTH=e,
        BLOCK_N=tile.rows,
        BLOCK_M=tile.columns,
        CAUSAL=causal,
        HAS_MASK=mask is not None,
        HAS_BIAS=bias_table is not None,
        UPCAST=INTERPRETED,
        num_warps=tile.warps,
        num_stages=tile.stages,
    )
    return out


def aligned(x: Tensor) -> Tensor:
    """``x`` or a copy whose last axis is dense and whose rows begin where wide loads may."""
    steps = strides(x)
    if x.stride(-1) == 1 and x.data_ptr() % ALIGNMENT == 0 and all(step % ALIGNMENT == 0 for step in steps):
        return x
    return x.clone(memory_format=torch.contiguous_format)


def strides(x: Tensor) -> tuple[int, ...]:
    """All strides but the last; that of an axis of one, which may be anything, as 0."""
    return tuple(0 if size == 1 else step for size, step in zip(x.shape[:-1], x.stride()[:-1], strict=True))


@triton.jit(do_not_specialize=["heads", "n", "m", "t", "h", "w"])
def attention_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    out_ptr,
    mask_ptr,
    table_ptr,
    stride_qb,
    stride_qa,
    stride_qn,
    stride_kb,
    stride_ka,
    stride_km,
    stride_vb,
    stride_va,
    stride_vm,
    stride_ob,
    stride_oa,
    stride_on,
    stride_mask,
    heads,
    n,
    m,
    t,
    h,
    w,
    scale,
    WIDTH: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_M: tl.constexpr,
    CAUSAL: tl.constexpr,
    HAS_MASK: tl.constexpr,
    HAS_BIAS: tl.constexpr,
    UPCAST: tl.constexpr,
):
    blocks = tl.cdiv(n, BLOCK_N)
    block = tl.program_id(0) % blocks
    pair = tl.program_id(0) // blocks  # of batch item and head
    item = (pair // heads).to(tl.int64)
    head = (pair % heads).to(tl.int64)
    k_ptr += item * stride_kb + head * stride_ka
    v_ptr += item * stride_vb + head * stride_va
    if HAS_MASK:
        mask_ptr += item * stride_mask

    query = block * BLOCK_N + tl.arange(0, BLOCK_N)
    depth = tl.arange(0, WIDTH)
    at = item * stride_qb + head * stride_qa + query.to(tl.int64) * stride_qn
    # [BLOCK_N, WIDTH]
    q = tl.load(q_ptr + at[:, None] + depth[None, :], mask=query[:, None] < n, other=0.0)
    if UPCAST:
        q = q.to(tl.float32)

    # An entry of the table is at (a number of the query) - (a number of the key).
    query_entry = query
    if HAS_BIAS:
        table_ptr += head * ((2 * t - 1) * (2 * h - 1) * (2 * w - 1))
        origin = ((t - 1) * (2 * h - 1) + h - 1) * (2 * w - 1) + w - 1
        query_entry = place_entry(tl.minimum(query, n - 1), h, w) + origin

    highest = tl.full([BLOCK_N], float("-inf"), tl.float32)
    total = tl.zeros([BLOCK_N], tl.float32)
    out = tl.zeros([BLOCK_N, WIDTH], tl.float32)
    # whole blocks of keys that every query sees, then those that need a comparison for each pair
    whole, stop = m, m
    if CAUSAL:
        whole = tl.minimum(m, block * BLOCK_N)
        stop = tl.minimum(m, (block + 1) * BLOCK_N)
    whole = whole // BLOCK_M * BLOCK_M
    for partial in tl.static_range(2):
        highest, total, out = attend(
            q,
            query,
            query_entry,
            highest,
            total,
            out,
            k_ptr,
            v_ptr,
            mask_ptr,
            table_ptr,
            stride_km,
            stride_vm,
            m,
            h,
            w,
            scale,
            whole if partial else 0,
            stop if partial else whole,
            WIDTH,
            BLOCK_M,
            partial == 1,
            CAUSAL,
            HAS_MASK,
            HAS_BIAS,
            UPCAST,
        )

    out = out / tl.where(total == 0.0, 1.0, total)[:, None]  # nothing seen: zeros
    at = item * stride_ob + head * stride_oa + query.to(tl.int64) * stride_on
    tl.store(out_ptr + at[:, None] + depth[None, :], out.to(out_ptr.dtype.element_ty), mask=query[:, None] < n)


@triton.jit
def attend(
    q,
    query,
    query_entry,
    highest,
    total,
    out,
    k_ptr,
    v_ptr,
    mask_ptr,
    table_ptr,
    stride_km,
    stride_vm,
    m,
    h,
    w,
    scale,
    start,
    stop,
    WIDTH: tl.constexpr,
    BLOCK_M: tl.constexpr,
    PARTIAL: tl.constexpr,
    CAUSAL: tl.constexpr,
    HAS_MASK: tl.constexpr,
    HAS_BIAS: tl.constexpr,
    UPCAST: tl.constexpr,
):
    """Take the keys from ``start`` to ``stop`` into the running highest score, sum of weights and weighted values."""
    depth = tl.arange(0, WIDTH)
    for first in range(start, stop, BLOCK_M):
        key = first + tl.arange(0, BLOCK_M)
        inside = key < m
        # [BLOCK_M, WIDTH]
        k_at = k_ptr + key.to(tl.int64)[:, None] * stride_km + depth[None, :]
        v_at = v_ptr + key.to(tl.int64)[:, None] * stride_vm + depth[None, :]
        if PARTIAL:
            k = tl.load(k_at, mask=inside[:, None], other=0.0)
            v = tl.load(v_at, mask=inside[:, None], other=0.0)
        else:
            k = tl.load(k_at)
            v = tl.load(v_at)
        if UPCAST:
            k, v = k.to(tl.float32), v.to(tl.float32)

        scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale  # [BLOCK_N, BLOCK_M], in powers of 2
        if HAS_BIAS:
            key_entry = place_entry(tl.minimum(key, m - 1), h, w)
            # [BLOCK_N, BLOCK_M]
            bias = tl.load(table_ptr + (query_entry[:, None] - key_entry[None, :]))
            scores += bias.to(tl.float32) * 1.4426950408889634
        if HAS_MASK:
            # [BLOCK_M]
            seen = tl.load(mask_ptr + key, mask=inside, other=0) != 0
            scores = tl.where(seen[None, :], scores, float("-inf"))
        if PARTIAL:
            scores = tl.where(inside[None, :], scores, float("-inf"))
            if CAUSAL:
                scores = tl.where(key[None, :] <= query[:, None], scores, float("-inf"))

        new_highest = tl.maximum(highest, tl.max(scores, 1))
        # a row may have seen nothing yet, and -inf - -inf is no number
        origin = tl.where(new_highest == float("-inf"), 0.0, new_highest) if HAS_MASK else new_highest
        weights = tl.math.exp2(scores - origin[:, None])
        fade = tl.math.exp2(highest - origin)
        total = total * fade + tl.sum(weights, 1)
        out = tl.dot(weights.to(v.dtype), v, out * fade[:, None], input_precision="ieee")
        highest = new_highest
    return highest, total, out


@triton.jit
def place_entry(place, h, w):
    """The number of a place in t * h * w, counted in steps of the bias table."""
    return (place // (h * w) * (2 * h - 1) + place // w % h) * (2 * w - 1) + place % w
