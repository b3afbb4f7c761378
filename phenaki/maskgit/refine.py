"""Refinement steps: the draw of tokens, and which of them are masked again.

``RefineMasked`` asks for the logits of masked tokens only, so its shapes change from step to step: right for a CPU.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

import kernels
from phenaki.maskgit.sampler import StepPlan

# Token ids (b, n) and the places (m,) among all b * n whose logits are wanted -> logits (m, v).
LogitsFunction = Callable[[Tensor, Tensor], Tensor]


class RefineMasked:
    """A step whose head and draw see masked tokens only."""

    def __init__(self, logits: LogitsFunction, mask_token_id: int) -> None:
        self.logits, self.mask_token_id = logits, mask_token_id

    def __call__(self, token_ids: Tensor, plan: StepPlan) -> tuple[Tensor, Tensor]:
        """See ``sampler.Refine``."""
        key = plan.key.to(token_ids.device)
        places = (token_ids == self.mask_token_id).flatten().nonzero()[:, 0]  # (b*m,), the same m in each row
        logits = self.logits(token_ids, places)  # (b*m, v)
        drawn, log_p = kernels.sample_tokens(logits, places, key, plan.temperature)
        guess = token_ids.flatten().scatter(0, places, drawn)
        confidence = log_p + plan.heat * confidence_noise(places, self.mask_token_id, key)
        doubtful = confidence.view(-1, plan.masked).topk(plan.remaining, dim=1, largest=False).indices
        again = places.view(-1, plan.masked).gather(1, doubtful).flatten()  # (b*remaining,)
        token_ids = guess.index_fill(0, again, self.mask_token_id).view_as(token_ids)
        return token_ids, guess.view_as(token_ids)


def confidence_noise(places: Tensor, mask_token_id: int, key: Tensor) -> Tensor:
    """Gumbel noise on the confidence of tokens, (m,) -> (m,): that of the one id which is never drawn."""
    return kernels.gumbel_noise(places, torch.full((1,), mask_token_id, device=places.device), key)[:, 0]
