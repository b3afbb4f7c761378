"""The frame of a training run: time box, averages, resumption, log."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from phenaki.errors import CheckpointError, TrainingError
from phenaki.training.engine import Engine
from phenaki.training.run import MOST_BAD_STEPS, Run


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


def finish(run: Run) -> None:
    """Train to the end of the stretch, or to a signal."""
    with run:
        while run.going:
            learn(run, 1)
        run.save()


@pytest.mark.parametrize(("number", "ends"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)])
def test_a_signal_lets_it_save_and_what_follows_gives_the_same_bits(
    tmp_path: Path, number: int, ends: type[BaseException]
) -> None:
    whole = make(tmp_path / "a", max_steps=12)
    finish(whole)
    half = make(tmp_path / "b", max_steps=12)
    usual = signal.getsignal(number)
    with pytest.raises(ends), half:
        while half.going:
            learn(half, 1)
            if half.step == 7:
                os.kill(os.getpid(), number)
        half.save()
    assert half.step == 7 and signal.getsignal(number) == usual
    rest = make(tmp_path / "b", max_steps=5, resume=True)
    assert rest.step == 7 and 0.5 < rest.progress < 0.6  # amid the stretch, and not at the start of another
    finish(rest)
    assert all(torch.equal(one, two) for one, two in zip(weights(whole), weights(rest), strict=True))
    another = make(tmp_path / "b", max_steps=5, resume=True)
    assert another.progress < 0.01  # a stretch that came to its end is followed by a new one


def test_a_stage_ends_without_cooling_down(tmp_path: Path) -> None:
    run = make(tmp_path, engine=Engine(stage_minutes=0.001), max_steps=10**6)
    finish(run)
    assert run.progress < 0.01 and run.optimizers[0].param_groups[0]["lr"] == run.lr
    assert make(tmp_path, resume=True).first_step == 0


def test_parts_of_a_batch_add_up_to_it(tmp_path: Path) -> None:
    one, two = make(tmp_path / "a"), make(tmp_path / "b")
    x = torch.randn(16, 4)
    one.update(one.model(x).square().mean())
    for part in x.split(4):
        two.add(two.model(part).square().mean() / 4)
    two.update()
    for a, b in zip(weights(one), weights(two), strict=True):
        torch.testing.assert_close(a, b)
    two.update(two.model(x).square().mean())  # gradients of the step before are gone
    one.update(one.model(x).square().mean())
    torch.testing.assert_close(weights(one), weights(two))


def test_after_many_steps_that_are_not_finite_it_gives_up_and_keeps_what_was_good(tmp_path: Path) -> None:
    run = make(tmp_path)
    learn(run, 3)
    run.save()
    good = weights(run)

    def fail(steps: int) -> None:
        for _ in range(steps):
            run.update(run.model(torch.ones(1, 4)).sum() * float("nan"))

    fail(MOST_BAD_STEPS - 1)
    run.last_save = 0.0
    assert not run.due  # nothing is saved amid trouble
    learn(run, 1)
    assert run.due and run.bad_steps == 0  # a good step ends it
    with pytest.raises(TrainingError, match=rf"{MOST_BAD_STEPS} steps in a row .* saved at step 3.*--resume.*--lr"):
        fail(MOST_BAD_STEPS)
    rest = make(tmp_path, resume=True)
    assert rest.step == 3 and all(torch.equal(a, b) for a, b in zip(good, weights(rest), strict=True))


def test_weights_that_are_not_finite_are_not_saved(tmp_path: Path) -> None:
    run = make(tmp_path)
    run.save()
    run.model[0].bias.data[0] = float("inf")
    with pytest.raises(TrainingError, match="not finite at step 0"):
        run.save()
    assert make(tmp_path, resume=True).model[0].bias.isfinite().all()


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError("[enforce] can't allocate memory")],
)
def test_too_little_memory_is_a_sentence_that_says_what_to_lower(tmp_path: Path, error: Exception) -> None:
    run = make(tmp_path)
    with pytest.raises(TrainingError, match=r"Nothing was saved.*--batch.*--accumulate.*--checkpointing"), run:
        raise error
    run.save()
    with pytest.raises(TrainingError, match="saved at step 0"), run:
        raise error
    with pytest.raises(RuntimeError, match="another"), run:
        raise RuntimeError("another")


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
    assert run.step == 3
    assert torch.equal(before, run.model[0].weight)


def test_what_moved_in_the_forward_pass_of_such_a_step_is_put_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))
    run = Run(model, tmp_path, "net", minutes=100, lr=1e-2, resume=False, warm_up=1)
    learn(run, 2)
    before = model[1].running_mean.clone()
    run.update(model(torch.full((4, 4), float("nan"))).sum())
    assert run.bad_steps == 1 and torch.equal(model[1].running_mean, before)
    learn(run, 1)
    assert run.bad_steps == 0 and not torch.equal(model[1].running_mean, before)
    run.save()


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
