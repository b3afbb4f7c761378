"""Two processes learn what one process learns from their batches together, whether or not they share out the model."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from phenaki.checkpoint import load_part
from phenaki.errors import ConfigError
from phenaki.pipeline import build_networks
from phenaki.training.engine import Engine
from phenaki.training.run import Run

SCRIPT = Path(__file__).with_name("shared_lesson.py")
specification = importlib.util.spec_from_file_location("shared_lesson", SCRIPT)
assert specification is not None and specification.loader is not None
lesson = importlib.util.module_from_spec(specification)
specification.loader.exec_module(lesson)

NEAR = {"cvivit": 1e-3, "maskgit": 0.1}  # of what was learned; Muon works in bfloat16, where the order of sums shows


def test_two_processes_learn_what_one_does_from_the_doubled_batch(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone", str(SCRIPT)]
    environment = {"PYTHONPATH": str(SCRIPT.parents[2]), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, str(tmp_path), "average", "fsdp"], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    lesson.learn(tmp_path, "alone")
    for part, network in zip(("cvivit", "maskgit"), build_networks(lesson.CONFIG), strict=True):
        states = [torch.load(tmp_path / mode / f"{part}.state.pt") for mode in ("alone", "average", "fsdp")]
        start = dict(next(model for name, model, _ in lesson.lessons() if name == part).named_parameters())
        alone = states[0]["model"]
        for other in states[1:]:
            assert other["step"] == 3 and other["model"].keys() == alone.keys()
            for name, first in start.items():
                for kind in ("model", "ema"):
                    error = (other[kind][name] - states[0][kind][name]).norm()
                    moved = (alone[name] - first).norm()
                    assert error <= NEAR[part] * moved + 1e-6, (part, name)
            # what a single process can go on from
            Run(network, tmp_path / "fsdp", part, minutes=1, lr=1e-3, resume=True, muon=part == "maskgit")
        load_part(network, tmp_path / "fsdp", part)


def test_one_process_has_nobody_to_share_with(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="torchrun"):
        Run(torch.nn.Linear(2, 2), tmp_path, "net", minutes=1, lr=1e-3, resume=False, engine=Engine(fsdp=True))
