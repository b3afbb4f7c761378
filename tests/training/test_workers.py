"""Two processes train one model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from phenaki.errors import DeviceError
from phenaki.training.workers import Workers, training_device

SCRIPT = """
import json, sys, torch
from pathlib import Path
from torch import nn
from phenaki.training.run import Run
torch.manual_seed(0)
model = nn.Linear(3, 1)
run = Run(model, Path(sys.argv[1]), "net", minutes=60, lr=1e-2, resume=False, max_steps=4, warm_up=1)
while run.going:
    x = torch.randn(8, 3, generator=torch.Generator().manual_seed(10 * run.step + run.workers.rank))
    run.update((model(x) - x.sum(1, keepdim=True)).square().mean())
    if run.due or not run.going:
        run.save()
path = Path(sys.argv[1]) / f"rank{run.workers.rank}.json"
path.write_text(json.dumps([run.workers.count, run.step, model.weight.tolist()]))
"""


def test_one_process_needs_no_others() -> None:
    workers = Workers.join()
    assert (workers.rank, workers.count, workers.leads) == (0, 1, True)
    assert workers.agree(0.25) == 0.25


def test_two_processes_keep_the_same_weights_and_see_other_data(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", str(script)]
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "OMP_NUM_THREADS": "1"}
    for folder, start in ((tmp_path / "two", command), (tmp_path / "one", [sys.executable, str(script)])):
        done = subprocess.run([*start, str(folder)], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    first, second = (json.loads((tmp_path / "two" / f"rank{r}.json").read_text()) for r in (0, 1))
    alone = json.loads((tmp_path / "one" / "rank0.json").read_text())
    assert first == second and first[:2] == [2, 4]
    assert alone[:2] == [1, 4] and alone[2] != first[2]
    assert torch.load(tmp_path / "two" / "net.state.pt", weights_only=True)["step"] == 4


def test_of_several_gpus_each_process_takes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = []
    monkeypatch.setattr("phenaki.training.workers.find_device", lambda name: torch.device(name.replace("auto", "cuda")))
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    assert training_device("auto") == torch.device("cuda:0")
    monkeypatch.setenv("LOCAL_RANK", "2")
    assert training_device("cuda") == torch.device("cuda:2") and training_device("cuda:1") == torch.device("cuda:1")
    assert training_device("cpu") == torch.device("cpu")
    assert chosen == [torch.device(f"cuda:{i}") for i in (0, 2, 1)]


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(DeviceError, match="cuda:77"):
        training_device("cuda:77")
