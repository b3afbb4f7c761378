"""Each loss of the tokenizer says what it should, and one that is left out costs nothing."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.checkpoint import load_part, save_part
from phenaki.cli import main
from phenaki.config import preset
from phenaki.cvivit import CViViT
from phenaki.errors import ConfigError
from phenaki.evaluation.judge import load_judge
from phenaki.training import losses as module
from phenaki.training.cvivit import train_cvivit
from phenaki.training.losses import (
    HEAD_START,
    PAPER,
    SHIPPED,
    LossWeights,
    Perception,
    Reconstruction,
    TokenizerLosses,
    adaptive_weight,
    pick_pictures,
    reconstruction_loss,
)
from phenaki.training.run import Run
from phenaki.world.render import Rendered, render
from phenaki.world.spec import Stage, StorySpec

NOTHING = LossWeights(l1=0, l2=0, gradients=0, commitment=0)


@pytest.fixture(scope="module")
def clips() -> Rendered:
    return render([StorySpec(name, "forest", (Stage("right", 11),)) for name in ("fox", "robot")], size=32)


@pytest.fixture(scope="module")
def perception() -> Perception:
    return Perception(load_judge())


def softened(video: Tensor) -> Tensor:
    return F.avg_pool3d(video, (1, 3, 3), stride=1, padding=(0, 1, 1))


def batch(clips: Rendered, layer: Tensor | None = None) -> Reconstruction:
    """Soft pictures, which depend on a last layer of three by three weights if there is one."""
    made = softened(clips.video)
    if layer is not None:
        made = torch.einsum("oc,bcfhw->bofhw", layer, made)
    images = Rendered(clips.video[:, :, :1], clips.subject_mask[:, :, :1])
    return Reconstruction(made, made[:, :, :1], (torch.tensor(0.5), torch.tensor(0.25)), clips, images)


def total(weights: LossWeights, clips: Rendered, step: int = 0) -> float:
    losses, _ = TokenizerLosses(weights, 32, 32)(batch(clips), np.random.default_rng(0), step, [])
    return sum(loss.item() for loss in losses.values())


def test_the_loss_on_pixels_is_the_sum_of_its_parts(clips: Rendered) -> None:
    out = softened(clips.video)
    weight = 1 + 3.0 * clips.subject_mask
    weight = weight / weight.mean()
    error = out - clips.video
    weighted = weight * error
    l1, l2 = weighted.abs().mean(), (weight * error**2).mean()
    edges = sum((weighted.diff(dim=d).abs().mean() for d in (2, 3, 4)), torch.zeros(()))
    assert reconstruction_loss(out, clips).item() == pytest.approx((l1 + 0.5 * l2 + 0.5 * edges).item(), rel=1e-5)
    only = {"l1": l1, "l2": l2, "gradients": edges}
    for name, expected in only.items():
        loss = reconstruction_loss(out, clips, replace(NOTHING, **{name: 2.0}))
        assert loss.item() == pytest.approx(2 * expected.item(), rel=1e-5)
    plain = replace(NOTHING, l2=1.0, subject=0.0)
    assert reconstruction_loss(out, clips, plain).item() == pytest.approx(F.mse_loss(out, clips.video).item(), rel=1e-5)


@pytest.mark.parametrize("name", ["l1", "l2", "gradients", "commitment", "perceptual", "video_perceptual"])
def test_every_weight_counts(clips: Rendered, name: str) -> None:
    once, twice = (total(replace(NOTHING, **{name: value}), clips) for value in (0.5, 1.0))
    assert once > 0 and twice == pytest.approx(2 * once, rel=1e-4)


def test_subjects_and_stills_can_count_more(clips: Rendered) -> None:
    l1 = replace(NOTHING, l1=1.0)
    assert total(replace(l1, stills=1.0), clips) > total(replace(l1, stills=0.0), clips) > 0
    assert total(replace(l1, subject=3.0), clips) != total(replace(l1, subject=0.0), clips)


def test_what_is_left_out_is_neither_loaded_nor_computed(clips: Rendered, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("load_judge", "Adversary", "pick_pictures"):
        monkeypatch.setattr(module, name, lambda *a, **k: pytest.fail("it was asked for"))
    losses, facts = TokenizerLosses(LossWeights(), 32, 32)(batch(clips), np.random.default_rng(0), 500, [])
    assert set(losses) == {"pixels", "commitment"} and facts == {}


def test_the_paper_weighs_its_losses_like_this() -> None:
    on = {f.name: getattr(PAPER, f.name) for f in fields(PAPER) if getattr(PAPER, f.name)}
    assert on == {
        "l2": 1.0, "commitment": 0.25, "perceptual": 0.1, "video_perceptual": 1.0, "adversarial": 0.1, "stills": 1.0
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"perceptual": -1.0}, r"perceptual is -1\.0; use a number of 0 or more"),
        ({"l1": float("nan")}, r"l1 is nan; use a number"),
        ({"adversarial": True}, r"adversarial is True; use a number"),
        ({"adversarial_start": -1}, r"adversarial_start is -1; use a whole number"),
        ({"l1": 0, "l2": 0, "gradients": 0, "adversarial": 0.1}, r"Use adaptive=False, or an l2 above 0"),
    ],
)
def test_wrong_weights_are_refused_with_a_sentence(values: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LossWeights(**values)


def test_features_are_compared_as_unit_vectors_stage_by_stage(clips: Rendered, perception: Perception) -> None:
    made, target = softened(clips.video)[:, :, 0], clips.video[:, :, 0]
    expected, x, y = 0.0, made, target
    for stage in perception.judge.stages[:3]:
        x, y = stage(x, 1), stage(y, 1)
        expected += float((F.normalize(x, dim=1) - F.normalize(y, dim=1)).square().sum(1).mean())
    assert perception.of_frames(made, target).item() == pytest.approx(expected, rel=0.05)  # bfloat16
    assert perception.of_frames(target, target).item() == 0
    assert perception.of_clips(clips.video, clips.video).item() == 0


def test_blur_looks_worse_the_more_there_is_of_it(clips: Rendered, perception: Perception) -> None:
    once = softened(clips.video)
    for distance in (perception.of_clips, lambda a, b: perception.of_frames(a[:, :, 3], b[:, :, 3])):
        assert distance(softened(softened(once)), clips.video) > distance(once, clips.video) > 0


def test_gradients_reach_the_picture_and_not_the_judge(clips: Rendered, perception: Perception) -> None:
    x = softened(clips.video).requires_grad_()
    target = clips.video.clone().requires_grad_()
    before = perception.of_clips(x, target)
    before.backward()
    assert target.grad is None and all(p.grad is None for p in perception.judge.parameters())
    assert not perception.judge.training
    assert perception.of_clips(x.detach() - 0.3 * x.grad / x.grad.norm(), target) < before


def test_pictures_of_one_colour_give_no_wild_gradient(perception: Perception) -> None:
    for value in (-1.0, 0.0, 1.0):
        x = torch.full((1, 3, 32, 32), value, requires_grad=True)
        perception.of_frames(x, torch.full_like(x, 0.5)).backward()
        assert x.grad.isfinite().all() and x.grad.norm() < 10


def test_a_clip_is_seen_as_more_than_its_frames(clips: Rendered, perception: Perception) -> None:
    """Another frame 5 changes what is seen in frame 4: its features take in the frame after it."""
    spoilt = torch.where(torch.arange(11)[:, None, None] == 5, -clips.video, clips.video)
    x = spoilt.clone().requires_grad_()
    perception.of_clips(x, clips.video).backward()
    assert x.grad[:, :, 4].abs().max() > 0
    y = spoilt.clone().requires_grad_()
    perception.of_frames(y.transpose(1, 2).flatten(0, 1), clips.video.transpose(1, 2).flatten(0, 1)).backward()
    assert y.grad[:, :, 4].abs().max() == 0 and y.grad[:, :, 5].abs().max() > 0


def test_the_adaptive_weight_makes_both_pull_alike() -> None:
    layer = [torch.randn(4, 4, requires_grad=True), torch.randn(4, requires_grad=True)]
    x = torch.randn(8, 4) @ layer[0] + layer[1]
    reference, loss = x.square().mean(), 0.01 * x.abs().sum()
    weight = adaptive_weight(reference, loss, layer)
    gradients = torch.autograd.grad(weight * loss, layer, retain_graph=True)
    expected = torch.autograd.grad(reference, layer)
    norms = [torch.cat([g.flatten() for g in each]).norm().item() for each in (gradients, expected)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-3) and not weight.requires_grad


def test_the_adversary_learns_before_it_is_listened_to(clips: Rendered) -> None:
    weights = LossWeights(adversarial=0.5, adversarial_start=20)
    losses = TokenizerLosses(weights, 32, 32)
    layer = torch.eye(3, requires_grad=True)
    seen = []
    for step in (19, 20, 19 + HEAD_START, 20 + HEAD_START):
        parts, facts = losses(batch(clips, layer), np.random.default_rng(0), step, [layer])
        seen.append(("adversarial" in parts, set(facts)))
    scores = {"real_score", "made_score"}
    assert seen == [(False, set()), (False, scores), (False, scores), (True, scores)]
    # half as strong a pull as that of the pixels, as the weight asks
    pulls = [torch.autograd.grad(parts[name], layer, retain_graph=True)[0] for name in ("adversarial", "pixels")]
    assert (pulls[0].norm() / pulls[1].norm()).item() == pytest.approx(0.5, rel=1e-3)


def test_the_adversarial_weight_can_be_a_fixed_one(clips: Rendered) -> None:
    layer = torch.eye(3, requires_grad=True)
    made = batch(clips, layer)
    for weight in (0.1, 0.2):
        losses = TokenizerLosses(LossWeights(adversarial=weight, adaptive=False), 32, 32)
        complaint = losses.adversary.complaint(pick_pictures(made, np.random.default_rng(0))[0])
        parts, _ = losses(made, np.random.default_rng(0), HEAD_START, [layer])
        assert parts["adversarial"].item() == pytest.approx(weight * complaint.item(), rel=1e-5)


def test_the_same_step_gives_the_same_losses_after_a_pause(clips: Rendered) -> None:
    weights = LossWeights(perceptual=0.1, adversarial=0.1)
    layer = torch.eye(3, requires_grad=True)

    def run(losses: TokenizerLosses, steps: range) -> list[float]:
        found = []
        for step in steps:
            parts, facts = losses(batch(clips, layer), np.random.default_rng(step), step, [layer])
            found += [loss.item() for loss in parts.values()] + list(facts.values())
        return found

    whole, half = TokenizerLosses(weights, 32, 32), TokenizerLosses(weights, 32, 32)
    expected = run(whole, range(98, 102))
    first = run(half, range(98, 100))
    rest = TokenizerLosses(weights, 32, 32, seed=9)
    rest.load_state_dict(half.state_dict())
    assert first + run(rest, range(100, 102)) == expected


def test_pictures_are_a_frame_of_each_clip_and_all_stills(clips: Rendered) -> None:
    made = batch(clips)
    pictures, renders = pick_pictures(made, np.random.default_rng(3))
    assert pictures.shape == renders.shape == (4, 3, 32, 32)
    frames = np.random.default_rng(3).integers(11, size=2)
    for i, frame in enumerate(frames):
        assert torch.equal(renders[i], clips.video[i, :, frame]) and torch.equal(pictures[i], made.clips[i, :, frame])
    assert torch.equal(renders[2:], clips.video[:, :, 0])


def rows(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def weights_in(folder: Path) -> dict[str, Tensor]:
    cvivit = CViViT(preset("tiny").cvivit)
    load_part(cvivit, folder, "cvivit")
    return cvivit.state_dict()


def test_a_tokenizer_with_an_adversary_resumes_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_START", 1)
    monkeypatch.setattr("phenaki.training.cvivit.TEST_CLIPS", 4)
    # the clock and the end of a stretch would move the learning rate
    monkeypatch.setattr(Run, "progress", property(lambda run: float(run.step >= run.begun_at + run.max_steps) or 0.5))
    save_part(CViViT(preset("tiny").cvivit), tmp_path, "cvivit", {})
    options = {
        "minutes": 60, "batch": 2, "seed": 1, "start": tmp_path,
        "losses": LossWeights(perceptual=0.1, video_perceptual=0.1, adversarial=0.1),
    }  # fmt: skip
    for folder, stretches in ((tmp_path / "whole", (4,)), (tmp_path / "halves", (2, 2))):
        for i, steps in enumerate(stretches):
            train_cvivit(preset("tiny"), folder, max_steps=steps, resume=i > 0, **options)
    one, two = weights_in(tmp_path / "whole"), weights_in(tmp_path / "halves")
    assert all(torch.equal(one[name], two[name]) for name in one)
    scores = [rows(tmp_path / f)[-1] for f in ("whole", "halves")]
    assert scores[0]["psnr"] == scores[1]["psnr"]
    kept = [torch.load(tmp_path / f / "cvivit.state.pt")["kept"]["losses"]["adversary"] for f in ("whole", "halves")]
    assert all(torch.equal(a, b) for a, b in zip(*(k["network"].values() for k in kept), strict=True))


def test_the_command_line_switches_losses_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[LossWeights] = []
    monkeypatch.setattr("phenaki.training.cvivit.train_cvivit", lambda *a, losses, **k: asked.append(losses))
    train = ["train", "cvivit", "--minutes", "1", "--preset", "tiny", "--folder", str(tmp_path)]
    assert main(train) == 0
    assert main([*train, "--perceptual", "0.2", "--video-perceptual", "0.3", "--adversarial", "0.4"]) == 0
    assert main([*train, "--losses", "paper", "--adversarial", "0"]) == 0
    assert asked == [
        SHIPPED,
        replace(SHIPPED, perceptual=0.2, video_perceptual=0.3, adversarial=0.4),
        replace(PAPER, adversarial=0.0),
    ]
    assert main([*train, "--perceptual", "-1"]) == 2
