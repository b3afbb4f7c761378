"""Pictures of what a model makes while it learns."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from phenaki.checkpoint import save_config, save_part
from phenaki.config import preset
from phenaki.cvivit import CViViT
from phenaki.pipeline import build_networks
from phenaki.training.engine import Engine
from phenaki.training.run import Run
from phenaki.training.sheets import ROWS, write_films, write_reconstructions
from phenaki.training.source import RenderedWorld
from phenaki.world.parts import LIVELY

CONFIG = preset("tiny")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def test_reconstructions_stand_beside_their_renders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model, windows = CViViT(CONFIG.cvivit), RenderedWorld(LIVELY).held_out(CONFIG.clip, ROWS + 2)
    world = RenderedWorld(LIVELY)
    write_reconstructions(model, CONFIG, windows, tmp_path / "untrained.png", world)
    monkeypatch.setattr(CViViT, "forward", lambda self, video, quantize: (video, None, None))
    write_reconstructions(model, CONFIG, windows, tmp_path / "perfect.png", world)
    for name, alike in (("untrained", False), ("perfect", True)):
        sheet = pixels(tmp_path / f"{name}.png")
        left, right = (sheet[8:100, x : x + 380] for x in (8, sheet.shape[1] // 2 + 4))
        assert np.array_equal(left, right) == alike and left.std() > 20


def test_films_are_those_that_the_folder_makes(tmp_path: Path) -> None:
    save_config(CONFIG, tmp_path)
    for seed in (0, 1):
        torch.manual_seed(seed)
        for network, part in zip(build_networks(CONFIG), ("cvivit", "maskgit"), strict=True):
            save_part(network, tmp_path, part, {})
        write_films(tmp_path, tmp_path / f"{seed}.png", RenderedWorld(LIVELY), "cpu")
    one, two = (pixels(tmp_path / f"{seed}.png") for seed in (0, 1))
    assert one.shape == two.shape and one.shape[0] > ROWS * 96 and not np.array_equal(one, two)


def test_there_is_one_now_and_then_and_at_the_end_of_all_but_the_shortest_stretches(tmp_path: Path) -> None:
    run = Run(torch.nn.Linear(2, 1), tmp_path, "net", minutes=100, lr=1e-3, resume=False, max_steps=1)

    def due(minutes: float) -> bool:
        run.last_sheet = time.monotonic() - 60 * minutes
        return run.sheet_due

    assert not due(9) and due(11) and not run.sheet_due
    run.update(run.model(torch.ones(1, 2)).sum())
    assert not run.going and due(2) and not due(0.5)
    run.engine = Engine(sheet_minutes=0)
    assert not due(1000)
