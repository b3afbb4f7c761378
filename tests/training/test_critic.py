"""The critic learns which tokens are wrong, and a model that has one listens to it when told to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from phenaki import FramesReady, Phenaki, Segment, Timeline
from phenaki.checkpoint import load_config, load_part, save_config, save_part
from phenaki.cli import main
from phenaki.config import preset
from phenaki.errors import CheckpointError
from phenaki.pipeline import ASSETS, build_critic, build_networks
from phenaki.text import load_text_encoder
from phenaki.training.critic import fill_in, found_share, judge_filled, train_critic
from phenaki.training.tokens import TokenChunk, make_chunk

CONFIG = preset("tiny")
STORY = Timeline((Segment("a fox walks right", 0.625), Segment("the fox jumps", 0.5)), seed=5)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has learned nothing: its draws are easy to tell from the tokens of renders."""
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    save_config(CONFIG, folder)
    for network, part in zip(build_networks(CONFIG), ("cvivit", "maskgit"), strict=True):
        save_part(network, folder, part, {})
    return folder


@pytest.fixture(scope="module")
def chunk(model: Path) -> TokenChunk:
    cvivit, _ = build_networks(CONFIG)
    load_part(cvivit, model, "cvivit")
    return make_chunk(CONFIG, cvivit.eval(), load_text_encoder("minilm"), 20, (0, 1))


@pytest.fixture(scope="module")
def trained(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("critic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("phenaki.training.critic.CHUNK", 64)
        train_critic(folder, model=model, minutes=60, max_steps=50, batch=16, lr=1e-2)
    return folder


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_share_found_is_that_of_pairs_in_order() -> None:
    scores, wrong = torch.randn(60), torch.rand(60) < 0.3
    scores[::7] = scores[3]  # some are equal, and count half
    pairs = [(a, b) for a in scores[wrong] for b in scores[~wrong]]
    expected = np.mean([1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs])
    assert found_share(scores, wrong) == pytest.approx(expected)
    assert found_share(wrong.float(), wrong) == 1.0 and found_share(-wrong.float(), wrong) == 0.0
    assert found_share(scores, torch.ones(60, dtype=torch.bool)) == 0.5


def test_only_masked_tokens_are_drawn(chunk: TokenChunk) -> None:
    torch.manual_seed(0)
    maskgit = build_networks(CONFIG)[1].eval()
    ids = chunk.token_ids[:4].long()
    hide = torch.rand(ids.shape, generator=torch.Generator().manual_seed(0)) < 0.5
    one, two, other = (
        fill_in(maskgit, CONFIG, chunk, torch.arange(4), ids, hide, np.random.default_rng(i)) for i in (0, 0, 1)
    )
    assert torch.equal(one[~hide], ids[~hide]) and (one[hide] != ids[hide]).float().mean() > 0.5
    assert torch.equal(one, two) and not torch.equal(one, other)
    assert one.max() < CONFIG.cvivit.codebook_size


def test_it_is_asked_about_what_could_have_been_masked(chunk: TokenChunk) -> None:
    torch.manual_seed(0)
    maskgit, critic = build_networks(CONFIG)[1].eval(), build_critic(CONFIG)
    scores, wrong = judge_filled(critic, maskgit, CONFIG, chunk, torch.arange(20), np.random.default_rng(0))
    # 3 token frames of 4 x 4: 5 openings whole, 14 continuations without 2 of 3 frames, a still image of one frame
    assert scores.shape == wrong.shape == (5 * 48 + 14 * 16 + 16,)
    assert 0.3 < wrong.float().mean() < 0.95


def test_the_critic_learns_to_find_what_is_wrong(trained: Path) -> None:
    last = rows(trained)[-1]
    assert last["step"] == 50 and last["test_found"] > 0.75 and last["test_loss"] < 0.65  # by chance 0.5 and 0.69


def test_a_resumed_run_goes_on(trained: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phenaki.training.critic.CHUNK", 64)
    train_critic(trained, model=model, minutes=60, max_steps=2, batch=16, resume=True)
    assert rows(trained)[-1]["step"] == 52


def test_there_must_be_a_model_to_criticise(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a folder of weights"):
        train_critic(tmp_path, minutes=1, max_steps=1)


def test_the_command_line_trains_on_the_folders_own_model_or_the_shipped_one(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("phenaki.training.critic.train_critic", lambda folder, *, model, **k: asked.append(model))
    for folder in (model, tmp_path):
        assert main(["train", "critic", "--minutes", "1", "--folder", str(folder)]) == 0
    assert asked == [model, ASSETS / "toy-64"]


def film(folder: Path) -> tuple[list[str], np.ndarray]:
    model = Phenaki.from_pretrained(folder, "cpu", "float32")
    story = STORY.fit(model.clip)
    frames = [event.frames for event in model.generate(story) if isinstance(event, FramesReady)]
    return [clip.key for clip in model.plan(story)], np.concatenate(frames)


def test_a_model_listens_to_its_critic_only_when_told_to(model: Path, trained: Path, tmp_path: Path) -> None:
    keys, frames = film(model)
    for name in ("cvivit.safetensors", "maskgit.safetensors"):
        (tmp_path / name).write_bytes((model / name).read_bytes())
    save_config(CONFIG, tmp_path)
    listening = replace(CONFIG, critic=replace(CONFIG.critic, used=True))
    (tmp_path / "critic.safetensors").write_bytes((trained / "critic.safetensors").read_bytes())
    assert film(tmp_path)[0] == keys and np.array_equal(film(tmp_path)[1], frames)
    save_config(listening, tmp_path)
    assert load_config(tmp_path) == listening
    other_keys, other_frames = film(tmp_path)
    assert not set(keys) & set(other_keys) and not np.array_equal(other_frames, frames)
    critic = build_critic(CONFIG)
    load_part(critic, tmp_path, "critic")
    critic.head.weight.data.neg_()  # another critic: other keys again
    save_part(critic, tmp_path, "critic", {})
    assert not set(film(tmp_path)[0]) & set(other_keys)
    (tmp_path / "critic.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"critic.safetensors is missing"):
        Phenaki.from_pretrained(tmp_path)
