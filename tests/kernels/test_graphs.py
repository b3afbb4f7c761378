"""Recorded steps: what they are kept by, and when the function simply runs."""

from __future__ import annotations

import logging

import pytest
import torch

import kernels
from kernels import graphs
from kernels.graphs import Recording, StepGraph


class FakeGraph:
    """Replays by calling the function on the recorded memory."""

    def __init__(self, function, inputs: tuple[torch.Tensor, ...], outputs: torch.Tensor) -> None:
        self.function, self.inputs, self.outputs = function, inputs, outputs

    def replay(self) -> None:
        self.outputs.copy_(self.function(*self.inputs))


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[torch.Tensor, ...]]:
    """Pretend that tensors are on a GPU; gives the inputs of each recording."""
    made: list[tuple[torch.Tensor, ...]] = []

    def record(self: StepGraph, inputs: tuple[torch.Tensor, ...]) -> Recording:
        static = tuple(x.clone() for x in inputs)
        made.append(static)
        outputs = self.function(*static).clone()
        return Recording(FakeGraph(self.function, static, outputs), static, outputs)

    monkeypatch.setattr(StepGraph, "_record", record)
    monkeypatch.setattr(graphs, "recordable", lambda inputs: True)
    return made


def test_on_a_cpu_the_function_runs_as_it_is() -> None:
    calls = []
    step = StepGraph(lambda x, y: calls.append(1) or (x + y, x * y))
    total, product = step(torch.ones(2), torch.full((2,), 3.0))
    assert total.tolist() == [4, 4] and product.tolist() == [3, 3]
    assert len(calls) == 1 and not step.recordings


def test_a_shape_is_recorded_once_and_replayed_with_new_values(recorded) -> None:
    step = StepGraph(lambda x, key: x * key)
    for value in (1.0, 2.0, 5.0):
        assert step(torch.ones(3), torch.tensor(value)).tolist() == [value] * 3
    assert len(recorded) == 1
    step(torch.ones(4), torch.tensor(1.0))
    step(torch.ones(3, dtype=torch.float64), torch.tensor(1.0))
    assert len(recorded) == 3


def test_the_inputs_stay_as_they_are(recorded) -> None:
    step = StepGraph(lambda x: x + 1)
    first, second = torch.zeros(2), torch.ones(2)
    step(first)
    assert step(second).tolist() == [2, 2]
    assert first.tolist() == [0, 0] and second.tolist() == [1, 1]


def test_past_the_limit_the_function_runs_and_it_is_said_once(recorded, caplog: pytest.LogCaptureFixture) -> None:
    step = StepGraph(lambda x: x + 1, limit=2)
    with caplog.at_level(logging.INFO, logger="kernels"):
        for size in (1, 2, 3, 4, 1):
            assert step(torch.zeros(size)).tolist() == [1.0] * size
    assert len(recorded) == 2 and len(caplog.records) == 1
    step.clear()
    step(torch.zeros(3))
    assert len(recorded) == 3


def test_gradients_flow_because_nothing_is_recorded() -> None:
    x = torch.ones(2, requires_grad=True)
    assert not graphs.recordable((x,))
    StepGraph(lambda x: x * 2)(x).sum().backward()
    assert x.grad.tolist() == [2, 2]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_recorded_draw_is_the_same_as_a_direct_one() -> None:
    def draw(logits, rows, key, temperature):
        return kernels.sample_tokens(logits, rows, key, temperature)

    step, rows = StepGraph(draw), torch.arange(64, device="cuda")
    for number in range(4):
        logits = torch.randn(64, 4096, device="cuda")
        key = kernels.random_key(3, number).cuda()
        heat = torch.tensor(0.5 + number, device="cuda")
        ids, log_p = step(logits, rows, key, heat)
        want_ids, want_log_p = draw(logits, rows, key, heat)
        assert torch.equal(ids, want_ids)
        torch.testing.assert_close(log_p, want_log_p)
    assert len(step.recordings) == 1
