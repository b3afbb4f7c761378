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
from phenaki.maskgit.guidance import GuidedLogits, guided_memory
from phenaki.maskgit.model import MaskGit, TextMemory
from phenaki.maskgit.refine import RefineMasked, refine_fixed
from phenaki.maskgit.sampler import Refine, StepPlan

TEXT_STEP = 16  # prompts are padded to a multiple of this many positions, so that few graphs serve all prompts

Grid = tuple[int, int, int]


class Refinement(Protocol):
    """A transformer, ready to refine."""

    def refiner(self, text: TextMemory, guidance_scale: float, grid: Grid) -> Refine:
        """Steps for one prompt and one (t, h, w) grid of tokens."""


def refinement_for(model: MaskGit, device: torch.device) -> Refinement:
    """What suits the device."""
    return RecordedRefinement(model) if device.type == "cuda" else MaskedRefinement(model)


class MaskedRefinement:
    """Steps that see masked tokens only."""

    def __init__(self, model: MaskGit) -> None:
        self.model = model

    def refiner(self, text: TextMemory, guidance_scale: float, grid: Grid) -> Refine:
        """See ``Refinement``."""
        logits = GuidedLogits(self.model, *guided_memory(self.model, text, guidance_scale), grid)
        return RefineMasked(logits, self.model.mask_token_id)


class RecordedRefinement:
    """Recorded steps: one graph for each grid, text length and kind of guidance.

    A graph holds all of its inputs in memory of its own: tokens, prompt, noise key, temperatures, guidance scale. So
    it serves every later prompt and seed. Where there is nothing to record with, the step simply runs.
    """

    def __init__(self, model: MaskGit) -> None:
        self.model = model
        self._graphs: dict[tuple[Grid, bool], StepGraph] = {}

    def refiner(self, text: TextMemory, guidance_scale: float, grid: Grid) -> Refine:
        """See ``Refinement``."""
        memory, scale = guided_memory(self.model, text, guidance_scale)
        guided = scale is not None
        if (grid, guided) not in self._graphs:
            self._graphs[grid, guided] = StepGraph(self._step(grid, guided=guided))
        graph = self._graphs[grid, guided]
        keys_values, mask = _as_tensors(memory)
        device = mask.device

        def refine(token_ids: Tensor, plan: StepPlan) -> tuple[Tensor, Tensor]:
            numbers = torch.tensor([plan.temperature, plan.heat, guidance_scale], dtype=torch.float32).to(device)
            remaining = torch.tensor(plan.remaining).to(device)
            token_ids, guess = graph(token_ids, keys_values, mask, plan.key.to(device), numbers, remaining)
            return token_ids.clone(), guess.clone()  # the graph writes to the same memory in the next step

        return refine

    def _step(self, grid: Grid, *, guided: bool) -> Callable[..., tuple[Tensor, Tensor]]:
        """One step as a function of tensors alone."""

        def step(
            token_ids: Tensor, keys_values: Tensor, mask: Tensor, key: Tensor, numbers: Tensor, remaining: Tensor
        ) -> tuple[Tensor, Tensor]:
            memory = TextMemory(tuple((pair[0], pair[1]) for pair in keys_values.unbind(0)), mask)
            temperature, heat, scale = numbers.unbind(0)
            logits = GuidedLogits(self.model, memory, scale if guided else None, grid)
            return refine_fixed(logits, token_ids, self.model.mask_token_id, key, temperature, heat, remaining)

        return step


def _as_tensors(memory: TextMemory) -> tuple[Tensor, Tensor]:
    """Keys and values of all layers as one (depth, 2, b, a, l, e), and the mask (b, l), padded."""
    missing = -memory.mask.shape[1] % TEXT_STEP
    keys_values = torch.stack([torch.stack(pair) for pair in memory.layers])
    return pad(keys_values, (0, 0, 0, missing)), pad(memory.mask, (0, missing))
