"""Classifier-free guidance: the transformer's logits, pushed toward the prompt."""

from __future__ import annotations

import torch
from torch import Tensor

from phenaki.maskgit.model import MaskGit, TextMemory, join_memories


class GuidedLogits:
    """Logits pushed toward the prompt: null + scale * (cond - null).

    With and without the prompt run as one batch. The head is linear, so guidance on its input is exact and halves its
    work. A scale of 1.0 leaves the batch without the prompt out.

    Source: classifier-free guidance, arXiv 2207.12598, with guidance_scale = 1 + w.
    """

    def __init__(self, model: MaskGit, text: TextMemory, guidance_scale: float, grid: tuple[int, int, int]) -> None:
        """``grid``: token frames, rows and columns of the clip."""
        self.model, self.scale, self.grid = model, guidance_scale, grid
        self.guided = guidance_scale != 1.0
        self.text = join_memories(text, model.read_null(text.mask.shape[0])) if self.guided else text

    def __call__(self, token_ids: Tensor, places: Tensor) -> Tensor:
        """Token ids (b, n) and the places (m,) among all b * n whose logits are wanted -> (m, v)."""
        ids = token_ids.unflatten(1, self.grid)
        hidden = self.model(torch.cat([ids, ids]) if self.guided else ids, self.text)  # (b or 2b, n, d)
        if self.guided:
            cond, null = (x.flatten(0, 1)[places].float() for x in hidden.chunk(2))  # (m, d)
            guided = (null + self.scale * (cond - null)).to(hidden.dtype)
        else:
            guided = hidden.flatten(0, 1)[places]
        return self.model.logits(guided)
