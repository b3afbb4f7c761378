"""A few steps of tokenizer and transformer, alone or in each of several processes: shared_lesson.py FOLDER MODE..."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from phenaki.checkpoint import save_part
from phenaki.config import preset
from phenaki.cvivit import CViViT
from phenaki.pipeline import build_networks
from phenaki.training.cvivit import _follow
from phenaki.training.engine import Engine
from phenaki.training.maskgit import guess, hide_some
from phenaki.training.run import Run
from phenaki.training.tokens import TokenChunk

CONFIG = preset("tiny")
SAMPLES = 8


def learn(folder: Path, mode: str) -> None:
    """Two steps and, resumed, another; the processes share out the samples of each step.

    All is in float32, so that only the order of sums differs, and what Muon makes of that.
    """
    with patch.object(torch, "autocast", lambda *a, **k: nullcontext()):
        _learn(folder, mode)


def _learn(folder: Path, mode: str) -> None:
    for steps, resume in ((2, False), (1, True)):
        for part, model, lesson in lessons():
            run = Run(
                model, folder / mode, part, minutes=1e6, lr=1e-3, resume=resume, max_steps=steps, warm_up=1,
                muon=part == "maskgit", engine=Engine(fsdp=mode == "fsdp"),
            )  # fmt: skip
            with run:
                while run.going:
                    lesson(run, torch.arange(SAMPLES)[run.workers.rank :: run.workers.count])
                    if isinstance(model, CViViT):
                        _follow(model, run.workers)
                    run.update()
                run.save()
                if run.workers.leads:
                    save_part(run.ema, folder / mode, part, {})


def lessons():
    torch.manual_seed(0)
    cvivit, maskgit = (network.train() for network in build_networks(CONFIG))
    cvivit.quantizer.waiting = []
    draw = torch.Generator().manual_seed(1)
    video = torch.rand(SAMPLES, 3, 3, 32, 32, generator=draw) * 2 - 1
    text_mask = torch.ones(SAMPLES, 4, dtype=torch.bool)
    chunk = TokenChunk(
        torch.randint(64, (SAMPLES, 3, 4, 4), generator=draw).short(), torch.rand(SAMPLES, 3, 4, 4, generator=draw),
        torch.tensor([0, 2] * (SAMPLES // 2)), torch.arange(SAMPLES) >= SAMPLES - 2,
        torch.randn(SAMPLES, 4, CONFIG.maskgit.text_dim, generator=draw), text_mask,
    )  # fmt: skip

    def rebuild(run: Run, own: Tensor) -> None:
        def loss(model: CViViT) -> Tensor:
            out, _, commitment = model(video[own])
            return (out - video[own]).square().mean() + commitment

        run.add(run.call(loss))

    def fill_in(run: Run, own: Tensor) -> None:
        hidden = hide_some(chunk, torch.arange(SAMPLES), np.random.default_rng(run.step), 0.2)
        total = hidden.weights(chunk, 3.0).sum() / run.workers.count
        run.add(run.call(guess, chunk, hidden.take(own), 3.0, total)[0])

    return (("cvivit", cvivit, rebuild), ("maskgit", maskgit, fill_in))


if __name__ == "__main__":
    for name in sys.argv[2:]:
        learn(Path(sys.argv[1]), name)
