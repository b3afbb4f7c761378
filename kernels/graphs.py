"""Replaying a step instead of launching it: small models wait for the launches of their kernels, not for the kernels.

A step of fixed shapes is recorded once as a CUDA graph and then started as a whole.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

logger = logging.getLogger(__name__)

Key = tuple[tuple[tuple[int, ...], torch.dtype, torch.device], ...]
WARM_UPS = 3  # calls before recording: kernels are compiled, libraries choose their plans and take their memory


@dataclass
class Recording:
    """One graph with the memory that it reads and writes."""

    graph: Any
    inputs: tuple[Tensor, ...]
    outputs: Any


class StepGraph:
    """A function of tensors, recorded for each set of shapes it is called with.

    The function must launch the same work at every call: whatever changes from step to step, such as a key of the
    noise or a temperature, comes in as a tensor on the device, and nothing it returns may depend on a value read back.
    What a recorded call returns is memory of the recording, which the next call of the same shapes overwrites.

    Calls on a CPU, calls that want gradients and calls after ``limit`` recordings run the function as it is.
    """

    def __init__(self, function: Callable[..., Any], *, limit: int = 8) -> None:
        """``limit``: most recordings; each holds the memory of one call."""
        self.function, self.limit = function, limit
        self.recordings: dict[Key, Recording] = {}
        self._told = False

    def __call__(self, *inputs: Tensor) -> Any:
        if not recordable(inputs):
            return self.function(*inputs)
        key = key_of(inputs)
        recording = self.recordings.get(key)
        if recording is None:
            if len(self.recordings) >= self.limit:
                self._tell_once()
                return self.function(*inputs)
            recording = self.recordings[key] = self._record(inputs)
        for static, given in zip(recording.inputs, inputs, strict=True):
            if static is not given:
                static.copy_(given)
        recording.graph.replay()
        return recording.outputs

    def clear(self) -> None:
        """Drop all recordings and their memory: after the function or its weights were replaced."""
        self.recordings.clear()

    def _record(self, inputs: tuple[Tensor, ...]) -> Recording:
        static = tuple(x.detach().clone(memory_format=torch.contiguous_format) for x in inputs)
        # a stream of its own, as recording asks for: the warm-up's memory must not be the default stream's
        stream = torch.cuda.Stream(static[0].device)
        stream.wait_stream(torch.cuda.current_stream(static[0].device))
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                self.function(*static)
        torch.cuda.current_stream(static[0].device).wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with (
            torch.cuda.device(static[0].device),
            torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"),
        ):
            outputs = self.function(*static)
        return Recording(graph, static, outputs)

    def _tell_once(self) -> None:
        if not self._told:
            logger.info("%d recordings are held, the limit; further shapes run without one.", self.limit)
            self._told = True


def recordable(inputs: tuple[Tensor, ...]) -> bool:
    """Whether a call could be recorded at all: everything on a GPU, and no gradient wanted."""
    if torch.is_grad_enabled() and any(x.requires_grad for x in inputs):
        return False
    return bool(inputs) and all(x.is_cuda for x in inputs)


def key_of(inputs: tuple[Tensor, ...]) -> Key:
    """What a recording is found by."""
    return tuple((tuple(x.shape), x.dtype, x.device) for x in inputs)
