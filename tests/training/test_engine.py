"""How the work is done changes what is learned by rounding only."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from phenaki.checkpoint import load_config, load_part, save_part
from phenaki.config import preset
from phenaki.cvivit import CViViT
from phenaki.errors import ConfigError
from phenaki.pipeline import build_networks
from phenaki.text import load_text_encoder
from phenaki.training import cvivit as tokenizer
from phenaki.training.cvivit import train_cvivit, training_batches
from phenaki.training.engine import Engine, forget_activations
from phenaki.training.maskgit import guess, hide_some, train_maskgit
from phenaki.training.tokens import make_chunk
from phenaki.world.parts import CORE, LIVELY
from phenaki.world.words import known_words

CONFIG = preset("tiny")
Weights = dict[str, torch.Tensor]


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything in float32, so that only the order of sums differs."""
    monkeypatch.setattr(torch, "autocast", lambda *a, **k: nullcontext())


def few_samples(config, cvivit, text, size, seed, source):
    return make_chunk(config, cvivit, text, 16, seed, source)


@pytest.fixture(autouse=True)
def short_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phenaki.training.cvivit.TEST_CLIPS", 2)
    monkeypatch.setattr("phenaki.training.maskgit.CHUNK", 16)
    monkeypatch.setattr("phenaki.training.maskgit.make_chunk", few_samples)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tokenizer to start from, so that codes are in use from the first step."""
    folder = tmp_path_factory.mktemp("begun")
    torch.manual_seed(0)
    save_part(CViViT(CONFIG.cvivit), folder, "cvivit", {})
    return folder


def state(folder: Path, part: str) -> dict:
    return torch.load(folder / f"{part}.state.pt", weights_only=True)


def distance(one: Weights, two: Weights) -> float:
    """Greatest difference of two sets of weights."""
    return max(float((one[name].float() - two[name].float()).abs().max()) for name in one)


def unquantized(folder: Path, **options) -> Weights:
    train_cvivit(CONFIG, folder, minutes=1e6, max_steps=2, lr=1e-3, **options)
    return state(folder, "cvivit")["model"]


def test_a_step_in_parts_is_a_step_of_a_larger_batch(
    exact: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizer, "WARM_START", 2.0)
    start = {name: value.clone() for name, value in unquantized(tmp_path / "short", batch=1).items()}
    large = unquantized(tmp_path / "large", batch=6)
    parts = unquantized(tmp_path / "parts", batch=2, engine=Engine(accumulate=3))
    assert distance(large, parts) < 0.02 * distance(large, start)
    monkeypatch.setattr(tokenizer, "_shares", lambda parts, *rest: [(1.0, 1.0)] * len(parts))
    wrong = unquantized(tmp_path / "wrong", batch=2, engine=Engine(accumulate=3))
    assert distance(large, wrong) > 2 * distance(large, parts)


def test_masked_tokens_in_parts_weigh_as_in_one_batch(exact: None) -> None:
    torch.manual_seed(0)
    cvivit, model = build_networks(CONFIG)
    chunk = make_chunk(CONFIG, cvivit.eval(), load_text_encoder("minilm"), 20, (0, 1))
    draw = hide_some(chunk, torch.arange(20), np.random.default_rng(0), 0.2)

    def gradients(parts: int) -> Weights:
        model.zero_grad()
        total = draw.weights(chunk, 3.0).sum() if parts > 1 else None
        for picked in torch.arange(20).split(20 // parts):
            guess(model, chunk, draw.take(picked), 3.0, total)[0].backward()
        return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}

    whole = gradients(1)
    assert distance(whole, gradients(4)) < 1e-5 * max(float(g.abs().max()) for g in whole.values()) + 1e-7


def test_the_transformer_learns_the_same_from_parts(exact: None, begun: Path, tmp_path: Path) -> None:
    found = []
    for name, batch, parts in (("whole", 8, 1), ("parts", 4, 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cvivit.safetensors").write_bytes((begun / "cvivit.safetensors").read_bytes())
        engine = Engine(accumulate=parts)
        train_maskgit(CONFIG, tmp_path / name, minutes=1e6, max_steps=3, batch=batch, engine=engine)
        found.append(state(tmp_path / name, "maskgit")["model"])
    assert distance(*found) < 1e-5


def gradients(model: nn.Module, loss: Callable[[], torch.Tensor]) -> list[torch.Tensor]:
    model.zero_grad()
    loss().backward()
    return [p.grad.clone() for p in model.parameters() if p.grad is not None]


def test_forgotten_activations_leave_gradients_as_they_are() -> None:
    torch.manual_seed(0)
    cvivit, maskgit = (network.train() for network in build_networks(CONFIG))
    cvivit.quantizer.waiting = []  # the codebook holds still
    clips, _ = training_batches(CONFIG, 2, 1, np.random.default_rng(0))[0]
    chunk = make_chunk(CONFIG, cvivit, load_text_encoder("minilm"), 20, (0, 1))
    cvivit.train()

    def rebuild() -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            out, _, commitment = cvivit(clips.video)
        return (out.float() - clips.video).square().mean() + commitment

    def guessed() -> torch.Tensor:
        draw = hide_some(chunk, torch.arange(20), np.random.default_rng(0), 0.2)
        return guess(maskgit, chunk, draw, 3.0)[0]

    for model, loss in ((cvivit, rebuild), (maskgit, guessed)):
        before, held = gradients(model, loss), saved_bytes(loss)
        forget_activations(model)
        after = gradients(model, loss)
        assert len(before) == len(after) and all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        assert saved_bytes(loss) < 0.7 * held


def saved_bytes(loss: Callable[[], torch.Tensor]) -> int:
    """What autograd keeps for the backward pass."""
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        out = loss()
    del out
    return sum(kept.values())


def stop_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send SIGTERM while the data of a step is drawn."""
    drawn: Iterator[int] = iter(range(1, 100))
    draw = tokenizer.training_batches

    def draw_and_stop(*arguments):
        if next(drawn) == steps:
            os.kill(os.getpid(), signal.SIGTERM)
        return draw(*arguments)

    monkeypatch.setattr(tokenizer, "training_batches", draw_and_stop)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_tokenizer_that_is_stopped_and_resumed_gives_the_same_bits(
    begun: Path, tmp_path: Path, accumulate: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"minutes": 1e6, "batch": 2, "start": begun, "engine": Engine(accumulate=accumulate)}
    train_cvivit(CONFIG, tmp_path / "whole", max_steps=4, **options)
    with monkeypatch.context() as patch:
        stop_after(2, patch)
        with pytest.raises(SystemExit):
            train_cvivit(CONFIG, tmp_path / "halves", max_steps=4, **options)
    assert state(tmp_path / "halves", "cvivit")["step"] == 2
    train_cvivit(CONFIG, tmp_path / "halves", max_steps=2, resume=True, **options)
    one, two = (state(tmp_path / name, "cvivit") for name in ("whole", "halves"))
    for kind in ("model", "ema", "buffers"):
        assert one[kind] and distance(one[kind], two[kind]) == 0
    load_part(CViViT(CONFIG.cvivit), tmp_path / "halves", "cvivit")


def test_the_command_trains_on_another_part_of_the_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from phenaki.cli import main

    with pytest.raises(SystemExit):
        main(["train", "cvivit", "--minutes", "1", "--part", "elsewhere"])
    command = ["train", "cvivit", "--minutes", "0.002", "--preset", "tiny", "--folder", str(tmp_path), "--batch", "2"]
    assert main([*command, "--part", "lively", "--device", "cpu"]) == 0
    assert load_config(tmp_path).known_words == known_words(LIVELY) != known_words(CORE)
    facts = load_part(CViViT(CONFIG.cvivit), tmp_path, "cvivit")
    assert facts["world_part"] == "lively" and facts["world_version"] == "2"
    assert main([*command, "--accumulate", "0"]) == 2 and main([*command, "--batch", "0"]) == 2
    assert main([*command, "--device", "abacus"]) == 2


@pytest.mark.parametrize(
    "wrong", [{"accumulate": 0}, {"accumulate": 1.5}, {"stage_minutes": 0}, {"sheet_minutes": -1.0}]
)
def test_an_engine_checks_its_settings(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Engine(**wrong)
