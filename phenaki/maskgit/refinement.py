"""Which way to refine suits a device: only what is masked, or everything in a recorded graph.

On a GPU a step of a small model costs less than launching its kernels one by one, so it is recorded once and replayed.
On a CPU there is nothing to launch, and half of the tokens need no logits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from kernels.graphs import StepGraph
from phenaki.maskgit.critic import TokenCritic
from phenaki.maskgit.guidance import GuidedLogits, guided_memory
from phenaki.maskgit.model import MaskGit, TextMemory
from phenaki.maskgit.refine import RefineMasked, refine_fixed
from phenaki.maskgit.sampler import Refine, StepPlan

TEXT_STEP = 16  # prompts are padded to a multiple of this many positions, so that few graphs serve all prompts

Grid = tuple[int, int, int]


class Refinement(Protocol):
    """A transformer, ready to refine."""

    def refiner(
        self, text: TextMemory, guidance_scale: float, grid: Grid, critic_text: TextMemory | None = None
    ) -> Refine:
        """Steps for one prompt and one (t, h, w) grid of tokens.

        ``critic_text``: the prompt as the critic reads it; None: the transformer's own confidence decides.
        """


def refinement_for(model: MaskGit, device: torch.device, critic: TokenCritic | None = None) -> Refinement:
    """What suits the device."""
    return (RecordedRefinement if device.type == "cuda" else MaskedRefinement)(model, critic)


class MaskedRefinement:
    """Steps that see masked tokens only."""

    def __init__(self, model: MaskGit, critic: TokenCritic | None = None) -> None:
        self.model, self.critic = model, critic

    def refiner(
        self, text: TextMemory, guidance_scale: float, grid: Grid, critic_text: TextMemory | None = None
    ) -> Refine:
        """See ``Refinement``."""
        logits = GuidedLogits(self.model, *guided_memory(self.model, text, guidance_scale), grid)
        verdict = None
        if self.critic is not None and critic_text is not None:
            verdict = self.critic.verdict(critic_text, grid)
        return RefineMasked(logits, self.model.mask_token_id, verdict)


class RecordedRefinement:
    """Recorded steps: one graph for each grid, text length and kind of guidance, with the critic's words or without.

    A graph holds all of its inputs in memory of its own: tokens, prompt, noise key, temperatures, guidance scale. So
    it serves every later prompt and seed. Where there is nothing to record with, the step simply runs.
    """

    def __init__(self, model: MaskGit, critic: TokenCritic | None = None) -> None:
        self.model, self.critic = model, critic
        self._graphs: dict[tuple[Grid, bool], StepGraph] = {}

    def refiner(
        self, text: TextMemory, guidance_scale: float, grid: Grid, critic_text: TextMemory | None = None
    ) -> Refine:
        """See ``Refinement``."""
        memory, scale = guided_memory(self.model, text, guidance_scale)
        guided = scale is not None
        if (grid, guided) not in self._graphs:
            self._graphs[grid, guided] = StepGraph(self._step(grid, guided=guided))
        graph = self._graphs[grid, guided]
        keys_values, mask = _as_tensors(memory)
        critic_words = () if self.critic is None or critic_text is None else _as_tensors(critic_text)
        device = mask.device

        def refine(token_ids: Tensor, plan: StepPlan) -> tuple[Tensor, Tensor]:
            numbers = torch.tensor([plan.temperature, plan.heat, guidance_scale], dtype=torch.float32).to(device)
            remaining = torch.tensor(plan.remaining).to(device)
            token_ids, guess = graph(
                token_ids, keys_values, mask, plan.key.to(device), numbers, remaining, plan.unknown, *critic_words
            )
            return token_ids.clone(), guess.clone()  # the graph writes to the same memory in the next step

        return refine

    def _step(self, grid: Grid, *, guided: bool) -> Callable[..., tuple[Tensor, Tensor]]:
        """One step as a function of tensors alone."""

        def step(
            token_ids: Tensor, keys_values: Tensor, mask: Tensor, key: Tensor, numbers: Tensor, remaining: Tensor,
            unknown: Tensor, *critic_words: Tensor,
        ) -> tuple[Tensor, Tensor]:  # fmt: skip
            memory = _as_memory(keys_values, mask)
            temperature, heat, scale = numbers.unbind(0)
            logits = GuidedLogits(self.model, memory, scale if guided else None, grid)
            verdict = None
            if self.critic is not None and critic_words:
                verdict = self.critic.verdict(_as_memory(*critic_words), grid)
            mask_token_id = self.model.mask_token_id
            return refine_fixed(logits, token_ids, mask_token_id, key, temperature, heat, remaining, unknown, verdict)

        return step


def _as_tensors(memory: TextMemory) -> tuple[Tensor, Tensor]:
    """Keys and values of all layers as one (depth, 2, b, a, l, e), and the mask (b, l), padded."""
    missing = -memory.mask.shape[1] % TEXT_STEP
    keys_values = torch.stack([torch.stack(pair) for pair in memory.layers])
    return pad(keys_values, (0, 0, 0, missing)), pad(memory.mask, (0, missing))


def _as_memory(keys_values: Tensor, mask: Tensor) -> TextMemory:
    """The way back of ``_as_tensors``, but for the padding."""
    return TextMemory(tuple((pair[0], pair[1]) for pair in keys_values.unbind(0)), mask)
