"""The masked transformer: guesses the missing tokens of a clip from those that are known and from the prompt."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from phenaki.config import MaskGitConfig
from phenaki.errors import ShapeError
from phenaki.nn.blocks import CrossAttention, FeedForward, SelfAttention


@dataclass(frozen=True)
class TextMemory:
    """What the transformer needs of its prompts, made once for each prompt and used at every step."""

    layers: tuple[tuple[Tensor, Tensor], ...]  # keys and values for each layer, (b, a, l, e)
    mask: Tensor  # (b, l) bool, True where a real word is


class MaskGitLayer(nn.Module):
    """Attention among tokens, attention to the words, feed-forward; each with its residual."""

    def __init__(self, config: MaskGitConfig) -> None:
        super().__init__()
        self.attention = SelfAttention(config.dim, config.heads)
        self.text = CrossAttention(config.dim, config.heads)
        self.feed_forward = FeedForward(config.dim, config.mlp_ratio)

    def forward(self, x: Tensor, text: tuple[Tensor, Tensor], text_mask: Tensor) -> Tensor:
        x = x + self.attention(x)
        x = x + self.text(x, text, text_mask)
        return x + self.feed_forward(x)


class MaskGit(nn.Module):
    """Bidirectional transformer over the (t, h, w) tokens of one clip, with cross-attention to its prompt.

    Source: Phenaki, arXiv 2210.02399, section 2.2, after MaskGIT, arXiv 2202.04200.
    """

    def __init__(self, config: MaskGitConfig, codebook_size: int, grid: tuple[int, int, int]) -> None:
        """``grid``: the most token frames, rows and columns that a clip may have."""
        super().__init__()
        t, h, w = grid
        self.grid = grid
        self.mask_token_id = codebook_size
        self.token = nn.Embedding(codebook_size + 1, config.dim)
        self.time = nn.Parameter(torch.randn(t, 1, 1, config.dim) * 0.02)
        self.place = nn.Parameter(torch.randn(h, w, config.dim) * 0.02)
        self.text_in = nn.Sequential(nn.Linear(config.text_dim, config.dim), nn.LayerNorm(config.dim))
        self.null_text = nn.Parameter(torch.randn(1, 1, config.dim) * 0.02)
        self.layers = nn.ModuleList(MaskGitLayer(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.dim)
        self.bias = nn.Parameter(torch.zeros(codebook_size))
        nn.init.normal_(self.token.weight, std=0.02)

    @torch.no_grad()
    def initialise_tokens(self, codebook: Tensor) -> None:
        """Start the token embeddings from the tokenizer's codes (v, e), so that like tokens start alike."""
        projection = torch.randn(codebook.shape[1], self.token.weight.shape[1]) * 0.02
        self.token.weight[: len(codebook)] = codebook @ projection

    def read_text(self, text_embeds: Tensor, text_mask: Tensor) -> TextMemory:
        """Keys and values of prompts: text_embeds (b, l, text_dim), text_mask (b, l) bool."""
        text = self.text_in(text_embeds)
        return TextMemory(tuple(layer.text.project(text) for layer in self.layers), text_mask)

    def read_null(self, batch: int) -> TextMemory:
        """The memory of no prompt at all, for ``batch`` samples: one learned vector."""
        text = self.null_text.expand(batch, 1, -1)
        mask = torch.ones(batch, 1, dtype=torch.bool, device=text.device)
        return TextMemory(tuple(layer.text.project(text) for layer in self.layers), mask)

    def forward(self, token_ids: Tensor, text: TextMemory) -> Tensor:
        """Hidden states before the linear head: token_ids (b, t, h, w), ``mask_token_id`` where unknown -> (b, n, d).

        Raises:
            ShapeError: there are more token frames, rows or columns than the model has places for.
        """
        b, t, h, w = token_ids.shape
        if t > self.grid[0] or (h, w) != self.grid[1:]:
            raise ShapeError(f"The tokens are {t}x{h}x{w}; this model takes up to {'x'.join(map(str, self.grid))}.")
        x = self.token(token_ids) + self.time[:t] + self.place  # (b, t, h, w, d)
        x = x.reshape(b, t * h * w, -1)
        for layer, memory in zip(self.layers, text.layers, strict=True):
            x = layer(x, memory, text.mask)
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of every token: (..., d) -> (..., v). Linear, so guidance may be applied to its input."""
        return nn.functional.linear(hidden, self.token.weight[:-1], self.bias)


def join_memories(first: TextMemory, second: TextMemory) -> TextMemory:
    """One batch of two: padded to the longer text."""
    length = max(first.mask.shape[1], second.mask.shape[1])

    def pad(x: Tensor, dim: int) -> Tensor:
        missing = length - x.shape[dim]
        shape = list(x.shape)
        shape[dim] = missing
        return torch.cat([x, x.new_zeros(shape)], dim=dim) if missing else x

    layers = tuple(
        tuple(torch.cat([pad(a, 2), pad(b, 2)]) for a, b in zip(one, two, strict=True))
        for one, two in zip(first.layers, second.layers, strict=True)
    )
    return TextMemory(layers, torch.cat([pad(first.mask, 1), pad(second.mask, 1)]))  # type: ignore[arg-type]
