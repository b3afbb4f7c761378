"""The sampling loop. It knows no network: what it needs is a function from tokens to logits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from phenaki.config import SamplingConfig
from phenaki.maskgit.model import MaskGit, TextMemory, join_memories
from phenaki.maskgit.schedule import masked_after

# Token ids (b, n) and the positions (b, m) whose logits are wanted -> logits (b, m, v).
LogitsFunction = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class SampleStep:
    """The state after one refinement step."""

    step: int  # from 1
    num_steps: int
    token_ids: Tensor  # (b, n), ``mask_token_id`` where still undecided
    guess: Tensor  # (b, n), with a guess where still undecided: for previews


@torch.inference_mode()
def sample_tokens(
    logits_fn: LogitsFunction, token_ids: Tensor, mask_token_id: int, config: SamplingConfig, generator: torch.Generator
) -> Iterator[SampleStep]:
    """Fill the masked tokens of a clip in a few steps; leaving the loop stops it.

    In each step every masked token is drawn by its probability, and those of low confidence are masked again:
    confidence = log p + choice_temperature * (1 - progress) * Gumbel noise. What is known at the start never changes.

    Args:
        logits_fn: called once a step; it is asked for the logits of masked positions only.
        token_ids: (b, n) int64, ``mask_token_id`` where unknown, as often in every row. It is not changed.
        mask_token_id: the id that means unknown.
        config: steps and temperatures (guidance is the affair of ``logits_fn``).
        generator: all noise comes from it; on the CPU, so that a seed means the same on every device.

    Source: Phenaki, arXiv 2210.02399, and google-research/maskgit ``parallel_decode.py`` (the rule, not the code).
    """
    b = token_ids.shape[0]
    token_ids = token_ids.clone()
    unknown = masked = int((token_ids[0] == mask_token_id).sum())
    step, num_steps = 0, min(config.num_inference_steps, unknown)
    while masked:
        positions = (token_ids == mask_token_id).nonzero()[:, 1].view(b, masked)  # (b, m)
        logits = logits_fn(token_ids, positions).float()
        drawn, log_p = _draw(logits, config.temperature, generator)
        guess = token_ids.scatter(1, positions, drawn)
        remaining = masked_after(step, num_steps, masked, unknown)
        if remaining:
            noise = _gumbel(log_p.shape, generator).to(log_p.device)
            heat = config.choice_temperature * (1 - (step + 1) / num_steps)
            doubtful = (log_p + heat * noise).topk(remaining, dim=1, largest=False).indices
            token_ids = guess.scatter(1, positions.gather(1, doubtful), mask_token_id)
        else:
            token_ids = guess
        masked, step = remaining, step + 1
        yield SampleStep(step, num_steps, token_ids, guess)


class GuidedLogits:
    """Logits of the transformer pushed toward the prompt: null + scale * (cond - null).

    With and without the prompt run as one batch. The head is linear, so the two are combined before it, which halves
    its work. A scale of 1.0 leaves the batch without the prompt out.

    Source: classifier-free guidance, arXiv 2207.12598, with guidance_scale = 1 + w.
    """

    def __init__(self, model: MaskGit, text: TextMemory, guidance_scale: float, grid: tuple[int, int, int]) -> None:
        """``grid``: token frames, rows and columns of the clip."""
        self.model, self.scale, self.grid = model, guidance_scale, grid
        batch = text.mask.shape[0]
        self.guided = guidance_scale != 1.0
        self.text = join_memories(text, model.read_null(batch)) if self.guided else text

    def __call__(self, token_ids: Tensor, positions: Tensor) -> Tensor:
        """Token ids (b, n) and positions (b, m) -> logits (b, m, v)."""
        ids = token_ids.unflatten(1, self.grid)
        hidden = self.model(torch.cat([ids, ids]) if self.guided else ids, self.text)  # (b or 2b, n, d)
        if self.guided:
            cond, null = hidden.chunk(2)
            hidden = null + self.scale * (cond - null)
        index = positions[..., None].expand(-1, -1, hidden.shape[-1])
        return self.model.logits(hidden.gather(1, index))


def _draw(logits: Tensor, temperature: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw a token at each place by its probability: ids and their log probabilities, both (b, m)."""
    if temperature > 0:
        noise = _gumbel(logits.shape, generator).to(logits.device)
        drawn = (logits / temperature + noise).argmax(-1)
    else:
        drawn = logits.argmax(-1)
    log_p = logits.gather(-1, drawn[..., None])[..., 0] - logits.logsumexp(-1)
    return drawn, log_p


def _gumbel(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Standard Gumbel noise."""
    uniform = torch.rand(shape, generator=generator)
    return -torch.log(-torch.log(uniform.clamp(1e-20, 1 - 1e-7)))
