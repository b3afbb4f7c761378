"""Transformer layers: attention over a sequence, attention to text, feed-forward."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

import kernels
from phenaki.nn.positions import rotary_table, rotate


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(b, n, a*e) -> (b, a, n, e)."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(x: Tensor) -> Tensor:
    """(b, a, n, e) -> (b, n, a*e)."""
    return x.transpose(1, 2).flatten(2)


class SelfAttention(nn.Module):
    """Pre-norm attention of a sequence to itself, (b, n, d) -> (b, n, d), without the residual.

    Causal ones are expected to be many and short: one for each place of a video, along time. With a ``window`` they
    see themselves and ``window`` - 1 before them, else all before them.
    """

    def __init__(
        self, dim: int, heads: int, *, causal: bool = False, rotary: bool = False, window: int | None = None
    ) -> None:
        super().__init__()
        self.heads, self.causal, self.rotary, self.window = heads, causal, rotary, window
        self.norm = nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (split_heads(y, self.heads) for y in self.qkv(self.norm(x)).chunk(3, dim=-1))  # (b, a, n, e)
        if self.rotary:
            table = rotary_table(x.shape[1], q.shape[-1], x.device)
            q, k = rotate(q, table), rotate(k, table)
        seen = kernels.packed_attention(q, k, v, window=self.window) if self.causal else kernels.attention(q, k, v)
        return self.out(join_heads(seen))


class CrossAttention(nn.Module):
    """Pre-norm attention of a sequence to the words of its prompt, without the residual.

    Keys and values depend on the prompt alone: ``project`` makes them once, ``forward`` uses them at every step.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(dim)
        self.query = nn.Linear(dim, dim, bias=False)
        self.key_value = nn.Linear(dim, 2 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)

    def project(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the words, (b, l, d) -> two of (b, a, l, e)."""
        k, v = self.key_value(text).chunk(2, dim=-1)
        return split_heads(k, self.heads), split_heads(v, self.heads)

    def forward(self, x: Tensor, text: tuple[Tensor, Tensor], text_mask: Tensor) -> Tensor:
        """Attend; ``x`` (b, n, d), ``text`` from ``project``, ``text_mask`` (b, l) bool, True where a real word is."""
        q = split_heads(self.query(self.norm(x)), self.heads)
        return self.out(join_heads(kernels.attention(q, *text, text_mask)))


class FeedForward(nn.Module):
    """Pre-norm two-layer perceptron, (b, n, d) -> (b, n, d), without the residual."""

    def __init__(self, dim: int, ratio: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.up = nn.Linear(dim, int(dim * ratio))
        self.down = nn.Linear(int(dim * ratio), dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.gelu(self.up(self.norm(x))))


class TransformerLayer(nn.Module):
    """Self-attention and feed-forward with residuals, (b, n, d) -> (b, n, d)."""

    def __init__(
        self, dim: int, heads: int, ratio: float, *, causal: bool = False, rotary: bool = False,
        window: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.attention = SelfAttention(dim, heads, causal=causal, rotary=rotary, window=window)
        self.feed_forward = FeedForward(dim, ratio)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(x)
        return x + self.feed_forward(x)
