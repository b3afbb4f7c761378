"""How many tokens are masked: while training, and after each step of sampling."""

from __future__ import annotations

import math


def mask_ratio(progress: float) -> float:
    """Share of tokens that are masked at ``progress`` from 0 (all) to 1 (none): the cosine schedule of MaskGIT."""
    return math.cos(math.pi / 2 * progress)


def masked_after(step: int, num_steps: int, masked: int, unknown: int) -> int:
    """Tokens still masked after a step.

    Args:
        step: which step, from 0.
        num_steps: steps in all.
        masked: tokens masked before the step.
        unknown: tokens that were masked before the first step.

    Returns:
        At least one fewer than before, at least one until the last step, and none after it.
    """
    if step + 1 >= num_steps:
        return 0
    wanted = math.floor(unknown * mask_ratio((step + 1) / num_steps))
    return min(max(wanted, 1), masked - 1)
