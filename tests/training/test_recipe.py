"""The recipe as a whole, in stages, on a machine that has nothing but what it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from phenaki.config import preset
from phenaki.errors import ConfigError, DeviceError
from phenaki.training import recipe as module
from phenaki.training.parcel import LARGEST, MOST_FILES
from phenaki.training.recipe import BATCHES, Recipe, cook
from phenaki.upsampler import load_upsampler
from phenaki.world.parts import CORE, LIVELY

ROOT = Path(__file__).resolve().parents[2]
# small numbers, and none of the libraries that a bare GPU machine lacks
CALL = """
import sys
for name in ("gradio", "moviepy", "imageio_ffmpeg", "imageio", "tqdm", "matplotlib", "torchmetrics", "tensorboard"):
    sys.modules[name] = None
from phenaki.training import maskgit, pairs
from phenaki.training.recipe import main
from phenaki.training.source import RenderedWorld
held_out = RenderedWorld.held_out
RenderedWorld.held_out = lambda world, shape, count: held_out(world, shape, 4 if count > 4 else 1)
pairs.CLIPS = pairs.LEAVES = 2
chunk = maskgit.make_chunk
maskgit.make_chunk = lambda config, cvivit, text, size, *rest: chunk(config, cvivit, text, min(size, 64), *rest)
codes = []
while not codes or codes[-1] == 3:
    codes.append(main(sys.argv[1:]))
print(codes)
"""


def test_all_of_it_runs_in_stages_and_leaves_a_measured_model(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CALL, "--device", "cpu", "--preset", "tiny", "--minutes", "0.04"]
    command += ["--stage-minutes", "0.03", "--folder", str(tmp_path / "run"), "--out", str(tmp_path / "out")]
    environment = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    codes = json.loads(done.stdout.splitlines()[-1])
    assert len(codes) > 2 and codes[-1] == 0 and "run the same command again" in done.stderr
    files = list((tmp_path / "out").iterdir())
    assert len(files) <= MOST_FILES and all(file.stat().st_size <= LARGEST for file in files)
    report = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert report["splits"]["iid"]["subject"] and (tmp_path / "out" / "samples.webp").stat().st_size > 1000
    lines = [json.loads(line) for line in (tmp_path / "out" / "metrics.jsonl").read_text().splitlines()]
    assert [line["part"] for line in lines] == sorted(
        (line["part"] for line in lines), key=["cvivit", "maskgit", "upsampler"].index
    )
    # what came out is a model, with what belongs to it
    from phenaki import Phenaki

    assert Phenaki.from_pretrained(tmp_path / "out", "cpu").vocabulary["subjects"] == list(CORE.subjects)
    assert load_upsampler(tmp_path / "out") is not None


def make(folder: Path, **settings) -> Recipe:
    given = {"config": preset("tiny"), "part": CORE, "folder": folder, "minutes": 10, "stage_minutes": 4}
    return Recipe(**(given | {"device": "cpu"} | settings))


def test_the_time_is_shared_out_and_a_part_that_needs_a_judge_gets_one(tmp_path: Path) -> None:
    for part, stages in (
        (CORE, ["cvivit", "maskgit", "upsampler"]),
        (LIVELY, ["cvivit", "judge", "maskgit", "upsampler"]),
    ):
        recipe = make(tmp_path, part=part)
        assert [name for name, _, _ in recipe.steps()] == stages
        assert sum(recipe.budget(name) for name in [*stages, "evaluation"]) == pytest.approx(10)


def test_each_stage_gets_what_is_left_of_its_own_time_and_of_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, states = [], {"cvivit": (False, 120.0), "maskgit": (False, 0.0), "upsampler": (False, 0.0)}

    def train(config, folder, *, minutes, resume, engine, batch, **options) -> None:
        asked.append((minutes, resume, engine.stage_minutes, batch))
        states["cvivit"] = (True, 0.0)

    monkeypatch.setattr(module, "is_finished", lambda folder, stage: states[stage])
    monkeypatch.setattr(module, "train_cvivit", train)
    monkeypatch.setattr(module, "train_maskgit", train)
    recipe = make(tmp_path, batch_share=0.5)
    assert not cook(recipe)  # the transformer was stopped amid its time
    (first, resumed, stage, batch), (second, fresh, _, _) = asked
    assert first == pytest.approx(recipe.budget("cvivit") - 2) and resumed and stage < 4
    assert second == pytest.approx(recipe.budget("maskgit")) and not fresh
    assert batch == BATCHES["tiny", "cpu"].cvivit // 2


def test_what_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    for name in ("minutes", "stage_minutes", "batch_share"):
        with pytest.raises(ConfigError, match=name):
            make(tmp_path, **{name: 0})
    with pytest.raises(ConfigError, match=r"no recipe for 'paper' on cpu; use one of tiny, toy-64, toy-128"):
        make(tmp_path, config=preset("paper"))
    with pytest.raises(DeviceError):
        make(tmp_path, device="cuda:77")
    with pytest.raises(ConfigError):
        make(tmp_path, config=replace(preset("tiny"), name="another"))
