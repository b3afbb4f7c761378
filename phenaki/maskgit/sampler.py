"""The sampling loop. It knows no network: what it needs is a function that refines the tokens once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

import kernels
from phenaki.config import SamplingConfig
from phenaki.maskgit.schedule import masked_after


@dataclass(frozen=True)
class StepPlan:
    """What one refinement step is to do; known before the step, whatever the tokens are."""

    key: Tensor  # (2,) int32, of all noise in this step
    temperature: float  # of the token draw
    heat: float  # of the noise on the confidence
    masked: int  # tokens in each row that are masked before it
    remaining: int  # and after it
    unknown: Tensor  # (b, n) bool, the tokens that were masked before the first step


class Refine(Protocol):
    """One refinement step: draw every masked token, and mask those of low confidence again.

    A token is drawn by its probability. Its confidence is log p + heat * Gumbel noise, with noise that depends on the
    key and on the place of the token alone: neither the device nor the way of computing changes it. Where a critic has
    the say, log p is its own: the chance that the token is right, of tokens settled in earlier steps too, and these may
    be masked again.
    """

    def __call__(self, token_ids: Tensor, plan: StepPlan) -> tuple[Tensor, Tensor]:
        """Token ids (b, n) -> token ids with ``plan.remaining`` masked in each row; the same with a guess there."""


@dataclass(frozen=True)
class SampleStep:
    """The state after one refinement step."""

    step: int  # from 1
    num_steps: int
    token_ids: Tensor  # (b, n), ``mask_token_id`` where still undecided
    guess: Tensor  # (b, n), with a guess where still undecided: for previews


@torch.inference_mode()
def sample_tokens(
    refine: Refine, token_ids: Tensor, mask_token_id: int, config: SamplingConfig, seed: int
) -> Iterator[SampleStep]:
    """Fill the masked tokens of a clip in a few steps; leaving the loop stops it. What is known never changes.

    Args:
        refine: called once a step.
        token_ids: (b, n) int64, ``mask_token_id`` where unknown, as often in every row. It is not changed.
        mask_token_id: the id that means unknown.
        config: steps and temperatures (guidance is the affair of ``refine``).
        seed: of all noise, 0 or more and less than 2^64; it means the same on every device.

    Source: Phenaki, arXiv 2210.02399, and google-research/maskgit ``parallel_decode.py`` (the rule, not the code).
    """
    unknown = token_ids == mask_token_id
    count = masked = int(unknown[0].sum())
    num_steps = min(config.num_inference_steps, count)
    for step in range(num_steps):
        remaining = masked_after(step, num_steps, masked, count)
        heat = config.choice_temperature * (1 - (step + 1) / num_steps)
        plan = StepPlan(kernels.random_key(seed, step), config.temperature, heat, masked, remaining, unknown)
        token_ids, guess = refine(token_ids, plan)
        masked = remaining
        yield SampleStep(step + 1, num_steps, token_ids, guess)
