"""Vector quantisation with unit codes, learned by moving averages."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import kernels

DECAY = 0.97  # of the averages
DEAD = 0.05  # a code hit less often than this many times a step, on average, is restarted


class CosineQuantizer(nn.Module):
    """Maps vectors to the nearest of ``codebook_size`` unit vectors.

    Source: factorised l2-normalised codes of ViT-VQGAN, arXiv 2110.04627; averages as in VQ-VAE, arXiv 1711.00937.
    """

    def __init__(self, codebook_size: int, codebook_dim: int) -> None:
        super().__init__()
        self.codebook: Tensor
        self.hits: Tensor
        self.register_buffer("codebook", F.normalize(torch.randn(codebook_size, codebook_dim), dim=-1))
        self.register_buffer("hits", torch.ones(codebook_size), persistent=False)
        # None: codes move in every training pass; a list: passes are noted there, for ``follow`` to be called later
        self.waiting: list[tuple[Tensor, Tensor]] | None = None

    def lookup(self, x: Tensor) -> Tensor:
        """Ids of the nearest codes: (..., e) -> (...) int64; in float32, for rounding changes which is the nearest."""
        with torch.autocast(x.device.type, enabled=False):
            return kernels.vq_lookup(x.reshape(-1, x.shape[-1]).float(), self.codebook).view(x.shape[:-1])

    def embed(self, token_ids: Tensor) -> Tensor:
        """Codes of ids: (...) -> (..., e)."""
        return F.embedding(token_ids, self.codebook)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Quantise unit vectors, passing gradients straight through.

        Returns:
            codes with the shape of ``x``; ids; commitment loss, a scalar.
        """
        x = x.float()
        token_ids = self.lookup(x)
        codes = self.embed(token_ids)
        commitment = (x - codes).square().sum(-1).mean()
        if self.training:
            seen = x.detach().reshape(-1, x.shape[-1]), token_ids.reshape(-1)
            if self.waiting is None:
                self.follow(*seen)
            else:
                self.waiting.append(seen)
        return x + (codes - x).detach(), token_ids, commitment

    @torch.no_grad()
    def follow(self, x: Tensor, token_ids: Tensor) -> None:
        """Move each code toward the vectors that chose it; give dead codes a new place among the vectors.

        Args:
            x: unit vectors, (n, e).
            token_ids: the codes that they chose, (n,).
        """
        size = self.codebook.shape[0]
        count = torch.bincount(token_ids, minlength=size).float()
        mean = torch.zeros_like(self.codebook).index_add_(0, token_ids, x)
        self.hits.lerp_(count, 1 - DECAY)
        # the old code weighs as much as its average hits, so that rare codes move slowly
        moved = F.normalize(self.codebook * self.hits[:, None] * DECAY + mean * (1 - DECAY), dim=-1)
        self.codebook.copy_(torch.where(count[:, None] > 0, moved, self.codebook))
        dead = (self.hits < DEAD).nonzero()[:, 0]
        if len(dead):
            pick = torch.randint(len(x), (len(dead),), device=x.device)
            self.codebook[dead] = F.normalize(x[pick], dim=-1)
            self.hits[dead] = 1.0

    @torch.no_grad()
    def initialise(self, x: Tensor, rounds: int = 12) -> None:
        """Spherical k-means of sample vectors ``x`` (n, e), n at least the codebook size."""
        size = self.codebook.shape[0]
        self.codebook.copy_(F.normalize(x[torch.randperm(len(x), device=x.device)[:size]], dim=-1))
        for _ in range(rounds):
            token_ids = self.lookup(x)
            total = torch.zeros_like(self.codebook).index_add_(0, token_ids, x.float())
            count = torch.bincount(token_ids, minlength=size)
            spare = x[torch.randint(len(x), (size,), device=x.device)].float()
            self.codebook.copy_(F.normalize(torch.where(count[:, None] > 0, total, spare), dim=-1))
        self.hits.fill_(1.0)
