"""Causal attention of many short sequences on a GPU: as many whole sequences as fit share one tile of scores."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.attention_triton import LOG2_E, aligned, strides
from kernels.dispatch import INTERPRETED
from kernels.tiles import Tile

# By head width. Rows and columns are the same tokens, so a tile is square.
TILES = {width: Tile(rows=64, columns=64, warps=4, stages=1) for width in (32, 64, 128)}
TILES_FLOAT32 = {
    32: Tile(rows=64, columns=64, warps=8, stages=1),
    64: Tile(rows=32, columns=32, warps=8, stages=1),
    128: Tile(rows=32, columns=32, warps=8, stages=1),
}


def tile_for(dtype: torch.dtype, width: int) -> Tile:
    return (TILES_FLOAT32 if dtype == torch.float32 else TILES)[width]


def packed_attention(q: Tensor, k: Tensor, v: Tensor, window: int | None = None, tile: Tile | None = None) -> Tensor:
    """Launch; see ``kernels.packed_attention``."""
    s, a, n, e = q.shape
    q, k, v = (aligned(x) for x in (q, k, v))
    out = torch.empty((s, a, n, e), dtype=q.dtype, device=q.device)
    tile = tile or tile_for(q.dtype, e)
    if out.numel():
        packed_kernel[(triton.cdiv(s, tile.rows // n), a)](
            q,
            k,
            v,
            out,
            *strides(q),
            *strides(k),
            *strides(v),
            *strides(out),
            s,
            n,
            n if window is None else min(window, n),
            e**-0.5 * LOG2_E,
            WIDTH=e,
            BLOCK=tile.rows,
            UPCAST=INTERPRETED,
            num_warps=tile.warps,
            num_stages=tile.stages,
        )
    return out


@triton.jit(do_not_specialize=["s", "n", "window"])
def packed_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    out_ptr,
    stride_qs,
    stride_qa,
    stride_qn,
    stride_ks,
    stride_ka,
    stride_kn,
    stride_vs,
    stride_va,
    stride_vn,
    stride_os,
    stride_oa,
    stride_on,
    s,
    n,
    window,
    scale,
    WIDTH: tl.constexpr,
    BLOCK: tl.constexpr,
    UPCAST: tl.constexpr,
):
    together = BLOCK // n  # sequences in this tile
    row = tl.arange(0, BLOCK)
    member = row // n
    place = row % n
    sequence = tl.program_id(0).to(tl.int64) * together + member
    inside = (member < together) & (sequence < s)
    head = tl.program_id(1).to(tl.int64)
    depth = tl.arange(0, WIDTH)

    at = sequence * stride_qs + head * stride_qa + place * stride_qn
    # [BLOCK, WIDTH]
    q = tl.load(q_ptr + at[:, None] + depth[None, :], mask=inside[:, None], other=0.0)
    at = sequence * stride_ks + head * stride_ka + place * stride_kn
    # [BLOCK, WIDTH]
    k = tl.load(k_ptr + at[:, None] + depth[None, :], mask=inside[:, None], other=0.0)
    at = sequence * stride_vs + head * stride_va + place * stride_vn
    # [BLOCK, WIDTH]
    v = tl.load(v_ptr + at[:, None] + depth[None, :], mask=inside[:, None], other=0.0)
    if UPCAST:
        q, k, v = q.to(tl.float32), k.to(tl.float32), v.to(tl.float32)

    scores = tl.dot(q, tl.trans(k), input_precision="ieee") * scale  # [BLOCK, BLOCK], in powers of 2
    # a row sees the window of its own sequence that ends with itself; a row outside sees itself, so that no sum is 0
    ago = place[:, None] - place[None, :]
    seen = (member[:, None] == member[None, :]) & (ago >= 0) & (ago < window)
    scores = tl.where(seen, scores, float("-inf"))
    weights = tl.math.exp2(scores - tl.max(scores, 1)[:, None])
    total = tl.sum(weights, 1)
    out = tl.dot(weights.to(v.dtype), v, input_precision="ieee") / total[:, None]
    at = sequence * stride_os + head * stride_oa + place * stride_on
    tl.store(out_ptr + at[:, None] + depth[None, :], out.to(out_ptr.dtype.element_ty), mask=inside[:, None])
