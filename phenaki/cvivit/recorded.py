"""Decoding as a recorded graph, for GPUs: two hundred small kernels are launched at once."""

from __future__ import annotations

from functools import partial

from torch import Tensor

from kernels.graphs import StepGraph
from phenaki.cvivit.model import CViViT


class RecordedDecoder:
    """``CViViT.decode`` as graphs, one for each ``start`` and shape; where there is nothing to record with, it runs."""

    def __init__(self, cvivit: CViViT) -> None:
        self.cvivit = cvivit
        self._graphs: dict[int, StepGraph] = {}

    def __call__(self, token_ids: Tensor, *, start: int = 0) -> Tensor:
        """See ``CViViT.decode``."""
        if start not in self._graphs:
            self._graphs[start] = StepGraph(partial(self.cvivit.decode, start=start))
        return self._graphs[start](token_ids).clone()  # the graph writes to the same memory in the next clip
