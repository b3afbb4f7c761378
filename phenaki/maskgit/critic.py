"""The token critic: says of each token of a filled clip whether it looks wrong; those that do are sampled again."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import kernels
from phenaki.config import CriticConfig
from phenaki.maskgit.model import MaskGit, TextMemory

# Token ids (b, n), none of them masked -> for each the logarithm of the chance that it is right, (b, n) float32.
Verdict = Callable[[Tensor], Tensor]


class TokenCritic(nn.Module):
    """A small transformer like ``MaskGit`` with one number a token in the place of logits.

    Source: Token-Critic, arXiv 2209.04439.
    """

    def __init__(self, config: CriticConfig, codebook_size: int, grid: tuple[int, int, int]) -> None:
        """``grid``: the most token frames, rows and columns that a clip may have."""
        super().__init__()
        self.trunk = MaskGit(config, codebook_size, grid)
        self.head = nn.Linear(config.dim, 1)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)  # it begins without an opinion

    @torch.no_grad()
    def begin_like(self, model: MaskGit) -> None:
        """Take over the embeddings and the first layers of a transformer, as far as their shapes agree.

        Tokens, words and places mean to it what they mean to that one, so it has less to learn.
        """
        learned = model.state_dict()
        for name, tensor in self.trunk.state_dict().items():
            if name != "bias" and name in learned and learned[name].shape == tensor.shape:
                tensor.copy_(learned[name])

    def read_text(self, text_embeds: Tensor, text_mask: Tensor) -> TextMemory:
        """See ``MaskGit.read_text``; the critic has keys and values of its own."""
        return self.trunk.read_text(text_embeds, text_mask)

    def forward(self, token_ids: Tensor, text: TextMemory) -> Tensor:
        """Logits of "this token is wrong": token_ids (b, t, h, w), none of them masked -> (b, n) float32.

        A part of each is the token's own: some are drawn too often, wherever they stand.

        Raises:
            ShapeError: see ``MaskGit.forward``.
        """
        hidden = self.trunk(token_ids, text)
        return self.head(hidden)[..., 0].float() + self.trunk.bias[token_ids.flatten(1)].float()

    def verdict(self, text: TextMemory, grid: tuple[int, int, int]) -> Verdict:
        """What it says of clips of one prompt and one (t, h, w) grid."""
        return lambda token_ids: F.logsigmoid(-self(token_ids.unflatten(1, grid), text))


def mask_wrong(
    guess: Tensor, log_right: Tensor, unknown: Tensor, mask_token_id: int, key: Tensor, heat: float | Tensor,
    remaining: int | Tensor,
) -> Tensor:  # fmt: skip
    """Mask the tokens that look wrong, those of earlier steps among them; what was given never.

    Args:
        guess: (b, n), none of them masked.
        log_right: from a ``Verdict``, (b, n).
        unknown: (b, n) bool, the tokens that were masked before the first step.
        mask_token_id: the id that means unknown.
        key: of this step's noise, which is that of the confidence where no critic is.
        heat: of that noise.
        remaining: tokens to mask in each row.

    Returns:
        (b, n).
    """
    places = torch.arange(guess.numel(), device=guess.device)
    column = torch.full((1,), mask_token_id, device=guess.device)  # of the one id which is never drawn
    noise = kernels.gumbel_noise(places, column, key).view_as(log_right)
    rank = (log_right + heat * noise).masked_fill(~unknown, torch.inf).argsort(dim=1).argsort(dim=1)
    return guess.masked_fill(rank < remaining, mask_token_id)
