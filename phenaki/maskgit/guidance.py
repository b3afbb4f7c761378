"""Classifier-free guidance: the transformer's logits, pushed toward the prompt."""

from __future__ import annotations

import torch
from torch import Tensor

from phenaki.maskgit.model import MaskGit, TextMemory, join_memories


class GuidedLogits:
    """Logits pushed toward the prompt: null + scale * (cond - null).

    With and without the prompt run as one batch. The head is linear, so guidance on its input is exact and halves its
    work.

    Source: classifier-free guidance, arXiv 2207.12598, with guidance_scale = 1 + w.
    """

    def __init__(
        self, model: MaskGit, memory: TextMemory, scale: float | Tensor | None, grid: tuple[int, int, int]
    ) -> None:
        """Prepare for any number of steps.

        Args:
            model: the transformer.
            memory: of ``guided_memory``; of the prompts alone if there is no guidance.
            scale: weight of the prompt; None: no guidance.
            grid: token frames, rows and columns of the clip.
        """
        self.model, self.memory, self.scale, self.grid = model, memory, scale, grid

    def __call__(self, token_ids: Tensor, places: Tensor) -> Tensor:
        """Token ids (b, n) and the places (m,) among all b * n whose logits are wanted -> (m, v)."""
        ids = token_ids.unflatten(1, self.grid)
        if self.scale is None:
            hidden = self.model(ids, self.memory).flatten(0, 1)[places]  # (m, d)
        else:
            both = self.model(torch.cat([ids, ids]), self.memory)  # (2b, n, d)
            cond, null = (x.flatten(0, 1)[places].float() for x in both.chunk(2))
            hidden = (null + self.scale * (cond - null)).to(both.dtype)
        return self.model.logits(hidden)


def guided_memory(model: MaskGit, text: TextMemory, guidance_scale: float) -> tuple[TextMemory, float | None]:
    """Memory and scale for ``GuidedLogits``; a scale of 1.0 needs no guidance, and half the work."""
    if guidance_scale == 1.0:
        return text, None
    return join_memories(text, model.read_null(text.mask.shape[0])), guidance_scale
