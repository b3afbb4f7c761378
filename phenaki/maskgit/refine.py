"""Refinement steps: the draw of tokens, and which of them are masked again.

``RefineMasked`` asks for the logits of masked tokens only, so its shapes change from step to step: right for a CPU.
``refine_fixed`` does the same with shapes that never change, so that a GPU can replay it as one recorded graph.
Both give the same tokens. With a critic, it decides what is masked again; see ``critic.mask_wrong``.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

import kernels
from phenaki.maskgit.critic import Verdict, mask_wrong
from phenaki.maskgit.sampler import StepPlan

# Token ids (b, n) and the places (m,) among all b * n whose logits are wanted -> logits (m, v).
LogitsFunction = Callable[[Tensor, Tensor], Tensor]


class RefineMasked:
    """A step whose head and draw see masked tokens only: a ``sampler.Refine``."""

    def __init__(self, logits: LogitsFunction, mask_token_id: int, verdict: Verdict | None = None) -> None:
        """``verdict``: of a critic, if there is one."""
        self.logits, self.mask_token_id, self.verdict = logits, mask_token_id, verdict

    def __call__(self, token_ids: Tensor, plan: StepPlan) -> tuple[Tensor, Tensor]:
        key = plan.key.to(token_ids.device)
        places = (token_ids == self.mask_token_id).flatten().nonzero()[:, 0]  # (b*m,), the same m in each row
        drawn, log_p = kernels.sample_tokens(self.logits(token_ids, places), places, key, plan.temperature)
        guess = token_ids.flatten().scatter(0, places, drawn)
        if self.verdict is not None:
            guess = guess.view_as(token_ids)
            log_right = self.verdict(guess)
            return mask_wrong(guess, log_right, plan.unknown, self.mask_token_id, key, plan.heat, plan.remaining), guess
        confidence = log_p + plan.heat * _confidence_noise(places, self.mask_token_id, key)
        doubtful = confidence.view(-1, plan.masked).topk(plan.remaining, dim=1, largest=False).indices
        again = places.view(-1, plan.masked).gather(1, doubtful).flatten()  # (b*remaining,)
        token_ids = guess.index_fill(0, again, self.mask_token_id).view_as(token_ids)
        return token_ids, guess.view_as(token_ids)


def refine_fixed(
    logits: LogitsFunction, token_ids: Tensor, mask_token_id: int, key: Tensor, temperature: Tensor, heat: Tensor,
    remaining: Tensor, unknown: Tensor, verdict: Verdict | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """A step in which every place gets logits and a draw, and every number is a tensor on the device.

    Args:
        logits: asked for every place.
        token_ids: (b, n).
        mask_token_id: the id that means unknown.
        key: (2,) int32; the next three have no axes; (b, n) bool; all as in ``StepPlan``.
        verdict: of a critic, if there is one.

    Returns:
        See ``sampler.Refine``.
    """
    places = torch.arange(token_ids.numel(), device=token_ids.device)
    drawn, log_p = kernels.sample_tokens(logits(token_ids, places), places, key, temperature)
    masked = token_ids == mask_token_id
    guess = torch.where(masked, drawn.view_as(token_ids), token_ids)
    if verdict is not None:
        return mask_wrong(guess, verdict(guess), unknown, mask_token_id, key, heat, remaining), guess
    confidence = (log_p + heat * _confidence_noise(places, mask_token_id, key)).view_as(token_ids)
    rank = confidence.masked_fill(~masked, torch.inf).argsort(dim=1).argsort(dim=1)  # 0 = least certain
    return guess.masked_fill(rank < remaining, mask_token_id), guess


def _confidence_noise(places: Tensor, mask_token_id: int, key: Tensor) -> Tensor:
    """Gumbel noise on the confidence of tokens, (m,) -> (m,): that of the one id which is never drawn."""
    return kernels.gumbel_noise(places, torch.full((1,), mask_token_id, device=places.device), key)[:, 0]
