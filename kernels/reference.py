"""Plain PyTorch versions of attention and code lookup: the specification, and what runs where no kernel does.

They take float64 too. Drawing tokens has a file of its own, ``sample_reference``.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

Grid = tuple[int, int, int]  # token frames, rows, columns

# Scores that ``vq_lookup`` holds at once; 16 MiB of float32.
LOOKUP_BLOCK = 2**22


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    window: int | None = None,
    bias_table: Tensor | None = None,
    grid: Grid | None = None,
) -> Tensor:
    """Scaled dot-product attention, softmax(q k^T / sqrt(e) + bias) v.

    Args:
        q: queries, (b, a, n, e).
        k, v: keys and values, (b, a, m, e).
        mask: (b, m) bool, True where a key may be attended to; None: everywhere. A row of all False gives zeros.
        causal: query i attends to keys 0 to i only; then n must equal m.
        window: of those, a causal query attends to itself and to ``window`` - 1 before it; None: to all.
        bias_table: (a, (2t-1) * (2h-1) * (2w-1)), added to the score by the way from the key to the query.
        grid: (t, h, w) with t*h*w = n = m; needed with ``bias_table``.

    Returns:
        (b, a, n, e), in the precision of ``q``.
    """
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))  # (b, a, n, m)
    if bias_table is not None and grid is not None:
        scores = scores + relative_bias(bias_table, grid).to(scores.dtype)
    if causal:
        scores = scores.masked_fill(~_in_order(q.shape[-2], window, q.device), float("-inf"))
    if mask is not None:
        scores = scores.masked_fill(~mask[:, None, None, :], float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return _zero_if_nothing_seen(torch.matmul(weights.to(v.dtype), v), mask, causal=causal, window=window)


def fused_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    window: int | None = None,
    bias_table: Tensor | None = None,
    grid: Grid | None = None,
) -> Tensor:
    """The same through PyTorch's fused attention: faster for long sequences, slower for short ones."""
    extra = None if mask is None else mask[:, None, None, :]  # (b, 1, 1, m)
    in_order = causal  # what PyTorch is told; it takes an order or a mask, not both
    if bias_table is not None and grid is not None:
        bias = relative_bias(bias_table, grid).to(q.dtype)[None]  # (1, a, n, m)
        if causal:
            bias = bias.masked_fill(~_in_order(q.shape[-2], window, q.device), float("-inf"))
        extra = bias if extra is None else torch.where(extra, bias, float("-inf"))
        in_order = False
    elif causal and (extra is not None or window is not None):
        seen = _in_order(q.shape[-2], window, q.device)
        extra = seen if extra is None else extra & seen
        in_order = False
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=extra, is_causal=in_order)
    return _zero_if_nothing_seen(out, mask, causal=causal, window=window)


def relative_bias(bias_table: Tensor, grid: Grid) -> Tensor:
    """The bias of every pair of places, from a table by the way between them: (a, r) -> (a, n, n).

    A place is (t, h, w). The entry for query i and key j is ((dt * (2h-1)) + dh) * (2w-1) + dw, where dt, dh and dw are
    the three differences i - j, counted from the most negative one.
    """
    t, h, w = grid
    places = torch.cartesian_prod(*(torch.arange(size, device=bias_table.device) for size in grid))  # (n, 3)
    way = places[:, None] - places[None] + torch.tensor([t - 1, h - 1, w - 1], device=places.device)  # (n, n, 3)
    index = (way[..., 0] * (2 * h - 1) + way[..., 1]) * (2 * w - 1) + way[..., 2]
    return bias_table[:, index]


def vq_lookup(x: Tensor, codebook: Tensor, *, metric: str = "cosine") -> Tensor:
    """Index of the nearest code of each row.

    Args:
        x: (n, d).
        codebook: (v, d).
        metric: "cosine" takes the greatest inner product, so give it unit vectors; "euclidean" the least distance.

    Returns:
        (n,) int64; of equals, the lowest index. A NaN never wins, and a row where all is NaN gives 0.
    """
    precision = torch.promote_types(torch.promote_types(x.dtype, codebook.dtype), torch.float32)
    x, codes = x.to(precision), codebook.to(precision).T
    # |x - c|^2 is least where <x, c> - |c|^2 / 2 is greatest
    half = codes.square().sum(0) / 2 if metric == "euclidean" else None  # (v,)
    height = max(1, LOOKUP_BLOCK // codes.shape[1])
    ids = [_best_code(block, codes, half) for block in x.split(height)]
    return torch.cat(ids) if len(ids) > 1 else ids[0]


def _best_code(x: Tensor, codes: Tensor, half: Tensor | None) -> Tensor:
    scores = torch.matmul(x, codes) if half is None else torch.addmm(half, x, codes, beta=-1)  # (n, v)
    best, ids = scores.max(dim=-1)
    if best.isnan().any():  # rare: the sweep over all scores is saved otherwise
        ids = scores.nan_to_num(nan=float("-inf")).argmax(dim=-1)
    return ids


def _in_order(n: int, window: int | None, device: torch.device) -> Tensor:
    """Which keys a causal query sees, (n, n) bool."""
    past = torch.ones(n, n, dtype=torch.bool, device=device).tril()
    return past if window is None else past.triu(1 - window)


def _zero_if_nothing_seen(out: Tensor, mask: Tensor | None, *, causal: bool, window: int | None) -> Tensor:
    """Zeros for queries whose keys are all hidden: softmax leaves NaN there, or what it finds in memory."""
    if mask is None:
        return out
    if causal:
        passed = mask.cumsum(dim=-1)
        if window is not None:
            passed = passed - F.pad(passed, (window, 0))[:, : mask.shape[1]]
        seen = passed > 0  # (b, n)
    else:
        seen = mask.any(dim=-1, keepdim=True)  # (b, 1)
    return out.masked_fill(~seen[:, None, :, None], 0.0)
