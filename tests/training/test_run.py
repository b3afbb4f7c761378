"""The frame of a training run: time box, averages, resumption, log."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from phenaki.errors import CheckpointError
from phenaki.training.run import Run


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))


def make(folder: Path, *, resume: bool = False, minutes: float = 100, **settings) -> Run:
    return Run(network(), folder, "net", minutes=minutes, lr=1e-2, resume=resume, warm_up=1, **settings)


def learn(run: Run, steps: int) -> None:
    for _ in range(steps):
        torch.manual_seed(run.step)
        x = torch.randn(16, 4)
        run.update((run.model(x) - x.sum(1, keepdim=True)).square().mean())


def weights(run: Run) -> list[torch.Tensor]:
    return [p.detach().clone() for m in (run.model, run.ema) for p in m.parameters()]


def test_a_resumed_run_goes_on_as_if_it_had_not_been_interrupted(tmp_path: Path) -> None:
    whole = make(tmp_path / "a")
    learn(whole, 12)
    half = make(tmp_path / "b")
    learn(half, 6)
    half.facts["quantized"] = True
    half.save()
    rest = make(tmp_path / "b", resume=True)
    assert rest.step == 6 and rest.facts == {"quantized": True} and rest.minutes > 0
    learn(rest, 6)
    for one, two in zip(weights(whole), weights(rest), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-5)  # the clock moves the learning rate a little


def test_what_is_kept_goes_on_with_the_run(tmp_path: Path) -> None:
    run, critic = make(tmp_path), nn.Linear(2, 1)
    run.keep("critic", critic)
    run.save()
    critic.weight.data += 1
    other, newcomer = nn.Linear(2, 1), nn.Linear(3, 3)
    rest = make(tmp_path, resume=True)
    rest.keep("critic", other)
    rest.keep("newcomer", newcomer)  # what no earlier stretch had begins afresh
    torch.testing.assert_close(other.weight, critic.weight - 1)


def test_resuming_nothing_and_resuming_another_model_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nothing to resume"):
        make(tmp_path, resume=True)
    make(tmp_path).save()
    with pytest.raises(CheckpointError, match="other sizes"):
        Run(nn.Linear(3, 3), tmp_path, "net", minutes=1, lr=1e-2, resume=True)


def test_the_average_lags_behind_the_weights(tmp_path: Path) -> None:
    run = make(tmp_path, ema_decay=0.9)
    learn(run, 40)
    start = network()[0].weight
    moved = (run.model[0].weight - start).norm()
    assert 0 < (run.ema[0].weight - start).norm() < moved


def test_a_step_that_is_not_finite_is_left_out(tmp_path: Path) -> None:
    run = make(tmp_path)
    learn(run, 2)
    before = run.model[0].weight.detach().clone()
    run.update(run.model(torch.ones(1, 4)).sum() * float("nan"))
    assert torch.equal(before, run.model[0].weight)


def test_time_runs_out(tmp_path: Path) -> None:
    run = make(tmp_path, minutes=1e-6)
    time.sleep(0.001)
    assert not run.going and run.progress == 1.0


def test_the_log_is_lines_of_json(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run = make(tmp_path)
    learn(run, 1)
    run.log(every=0, loss=0.5)
    row = json.loads((tmp_path / "metrics.jsonl").read_text())
    assert row["part"] == "net" and row["step"] == 1 and row["loss"] == 0.5
    assert "left=" in capsys.readouterr().err


def test_steps_run_out(tmp_path: Path) -> None:
    run = make(tmp_path, max_steps=3)
    learn(run, 2)
    assert run.going
    learn(run, 1)
    assert not run.going


def test_muon_takes_the_matrices_of_layers_only(tmp_path: Path) -> None:
    model = nn.ModuleDict({"layers": nn.Linear(4, 4), "head": nn.Linear(4, 4)})
    run = Run(model, tmp_path, "net", minutes=1, lr=1e-2, resume=False, muon=True)
    adam, muon = run.optimizers
    assert [p.shape for g in muon.param_groups for p in g["params"]] == [(4, 4)]
    assert sum(len(g["params"]) for g in adam.param_groups) == 3
