"""Training of the judge on fresh renders, made harder so that it also reads generated clips.

python -m phenaki.training.judge runs/judge --minutes 12
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.checkpoint import load_config, load_part, save_part
from phenaki.evaluation.judge import (
    ATTRIBUTES,
    PART,
    ClipFacts,
    JudgeConfig,
    WorldJudge,
    count_right,
    save_judge_config,
)
from phenaki.evaluation.samples import evaluation_rng, sample_seen, stage_at
from phenaki.pipeline import build_networks
from phenaki.shapes import ClipShape
from phenaki.training.cvivit import render_windows
from phenaki.training.run import Run
from phenaki.world.render import render
from phenaki.world.vocabulary import WORLD_VERSION

CELL = 8  # pixels on a side of the places that a tokenizer may get wrong
SMOOTHING = 0.05
STILL_STEPS = 150  # before clips join the single frames
EASY_STEPS = 500  # over which what is shown goes from clean to as rough as it gets


def train_judge(
    folder: Path,
    *,
    minutes: float,
    resume: bool = False,
    batch: int = 32,
    stills: int = 80,
    lr: float = 2e-3,
    seed: int = 0,
    start: Path | None = None,
    tokenizer: Path | None = None,
    test: int = 1024,
) -> dict[str, float]:
    """Train for ``minutes`` and leave the averaged weights in ``folder``.

    Args:
        folder: where state, log and weights go.
        minutes: time box.
        resume: go on from what ``folder`` holds.
        batch: clips a step.
        stills: single frames a step, each of another clip: eleven of them cost what one clip costs. They are left
            out after ``EASY_STEPS``, when they have taught what they can.
        lr: learning rate.
        seed: of weights and data; step n of a run always sees the same data.
        start: a folder with a judge to begin with, if nothing is resumed; it sees rough clips at once.
        tokenizer: a folder with a tokenizer: half of the clips go through it, so that the judge learns to read what is
            left of a motion or a weather after it.
        test: fresh renders on which the averaged weights are measured.

    Returns:
        For each attribute, the share of the test renders that is judged right.
    """
    torch.manual_seed(seed)
    config = JudgeConfig()
    shape = ClipShape(clip_frames=config.num_frames)
    run = Run(WorldJudge(config), folder, PART, minutes=minutes, lr=lr, resume=resume, seed=seed, ema_decay=0.99)
    if start is not None and not resume:
        run.start_from(start)
        run.facts["begins_at"] = EASY_STEPS
    through = _round_trip(tokenizer) if tokenizer is not None else None
    rng = evaluation_rng(seed, "judge's training")
    windows = [sample_seen(rng, shape) for _ in range(test)]
    video, truths = render_windows(windows, config.size).video, [ClipFacts.of(w) for w in windows]
    save_judge_config(config, folder)
    accuracy: dict[str, float] = {}
    while run.going:
        rng = np.random.default_rng([seed, 11, run.step, run.workers.rank])
        lesson = run.step + run.facts.get("begins_at", 0)
        strength = min(1.0, lesson / EASY_STEPS)
        losses: dict[str, Tensor] = {}
        if lesson < EASY_STEPS:
            weight = 1.0 if lesson < STILL_STEPS else 0.3
            losses = {name: weight * loss for name, loss in _losses(run.model, _draw(rng, stills, 1, strength)).items()}
        if lesson >= STILL_STEPS:
            sample = _draw(rng, batch, config.num_frames, strength, through)
            for name, loss in _losses(run.model, sample).items():
                losses[name] = losses.get(name, 0.0) + loss
        norm = run.update(torch.stack(list(losses.values())).sum(), clip=5.0)
        run.log(norm=norm, **{name: loss.item() for name, loss in losses.items()})
        if run.due or not run.going:
            run.save()
            if run.workers.leads:
                right = count_right(run.ema.judge(video), truths)
                accuracy = {name: count / test for name, count in right.items()}
                run.last_log = 0.0
                run.log(**{f"test {name}": share for name, share in accuracy.items()})
                facts = {
                    "world_version": WORLD_VERSION,
                    "step": run.step,
                    "seed": seed,
                    "minutes": f"{run.minutes:.1f}",
                }
                save_part(run.ema, folder, PART, facts | {name: f"{share:.4f}" for name, share in accuracy.items()})
    return accuracy


def _round_trip(folder: Path) -> Callable[[Tensor], Tensor]:
    """What a tokenizer makes of a video."""
    cvivit, _ = build_networks(load_config(folder))
    load_part(cvivit, folder, "cvivit")
    cvivit.eval()

    @torch.no_grad()
    def through(video: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return cvivit.decode(cvivit.encode(video)).float().clamp(-1, 1)

    return through


def _draw(
    rng: np.random.Generator, count: int, num_frames: int, strength: float,
    through: Callable[[Tensor], Tensor] | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Rough clips, or single frames of clips, and their labels (b, attributes)."""
    config = JudgeConfig()
    windows = [sample_seen(rng, ClipShape(clip_frames=config.num_frames)) for _ in range(count)]
    starts = [w.start + int(rng.integers(w.num_frames - num_frames + 1)) for w in windows]
    video = render([w.spec for w in windows], size=config.size, start=starts, num_frames=num_frames).video
    facts = [ClipFacts.of(w) for w in windows]
    if num_frames == 1:
        facts = [
            replace(f, weather=stage_at(w.spec, a).weather) for f, w, a in zip(facts, windows, starts, strict=True)
        ]
    labels = torch.tensor([f.indices() for f in facts])
    if through is None:
        return roughen(video, rng, strength), labels
    half = count // 2  # of the half that is tokenized, each second clip stays as it is: colours tell the weather
    made = through(video[:half])
    return torch.cat([made[::2], roughen(torch.cat([made[1::2], video[half:]]), rng, strength)]), torch.cat(
        [labels[:half:2], labels[1:half:2], labels[half:]]
    )


def _losses(model: nn.Module, sample: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy of each attribute that can be told."""
    video, labels = sample
    model.train()
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(video)
    columns = dict(zip(ATTRIBUTES, labels.unbind(1), strict=True))
    return {name: F.cross_entropy(x, columns[name], label_smoothing=SMOOTHING) for name, x in logits.items()}


def roughen(video: Tensor, rng: np.random.Generator, strength: float = 1.0) -> Tensor:
    """Spoil clips in the ways in which generated ones are spoilt, each clip by its own draw.

    Args:
        video: (b, 3, f, H, W) float in [-1, 1].
        rng: source of chance.
        strength: 0 leaves the clips as they are, 1 spoils them fully.

    Returns:
        Clips of the same shape: softer, a little shifted, recoloured and noisy, frames blended in pairs, and some
        places filled with those of another clip.
    """
    clips = torch.stack([_soften(clip, rng, strength) for clip in video])
    clips = _mix_places(clips, rng, strength)
    b, c, f, height, width = clips.shape
    spread = torch.from_numpy(rng.uniform(0, strength, (3, b, 1, 1, 1, 1)).astype(np.float32))
    draw = torch.Generator().manual_seed(int(rng.integers(2**31)))
    gain = 1 + 0.15 * spread[0] * torch.randn(b, c, 1, 1, 1, generator=draw)
    offset = 0.12 * spread[0] * torch.randn(b, c, 1, 1, 1, generator=draw)
    fine = 0.10 * spread[1] * torch.randn(b, 1, f, height, width, generator=draw)
    coarse = torch.randn(b, c, f, height // CELL, width // CELL, generator=draw)
    coarse = coarse.repeat_interleave(CELL, -1).repeat_interleave(CELL, -2)  # (b, 3, f, H, W)
    return (clips * gain + offset + fine + 0.12 * spread[2].square() * coarse).clamp(-1, 1)


def _soften(clip: Tensor, rng: np.random.Generator, strength: float) -> Tensor:
    """Lose detail in space and time, and move by up to two pixels; (3, f, H, W) -> same."""
    frames = clip.transpose(0, 1)  # (f, 3, H, W)
    size = frames.shape[-2:]
    if rng.random() < 0.5 * strength:
        small = [int(side * rng.uniform(0.45, 0.95)) for side in size]
        frames = F.interpolate(frames, size=small, mode="bilinear", antialias=True, align_corners=False)
        frames = F.interpolate(frames, size=size, mode="bilinear", align_corners=False)
    if len(frames) > 1 and rng.random() < 0.25 * strength:
        # two frames share one token, so their pictures run into each other
        blend, pairs = rng.uniform(0, 0.5), frames[1:].unflatten(0, (-1, 2))  # (f/2, 2, 3, H, W)
        pairs = pairs * (1 - blend) + pairs.mean(1, keepdim=True) * blend
        frames = torch.cat([frames[:1], pairs.flatten(0, 1)])
    if rng.random() < 0.4 * strength:
        top, left = rng.integers(0, 5, 2)
        padded = F.pad(frames, (2, 2, 2, 2), mode="replicate")
        frames = padded[..., top : top + size[0], left : left + size[1]]
    return frames.transpose(0, 1)


def _mix_places(clips: Tensor, rng: np.random.Generator, strength: float) -> Tensor:
    """Fill a few places of some clips with what another clip shows there; (b, 3, f, H, W) -> same."""
    b, _, f, height, width = clips.shape
    share = np.where(rng.random(b) < 0.4 * strength, rng.uniform(0, 0.08, b), 0.0)
    wrong = rng.random((b, 1, 1 + f // 2, height // CELL, width // CELL)) < share[:, None, None, None, None]
    mask = torch.from_numpy(wrong).repeat_interleave(2, 2)[:, :, 1 : f + 1]  # frame 0 alone, then pairs
    mask = mask.repeat_interleave(CELL, -1).repeat_interleave(CELL, -2)  # (b, 1, f, H, W)
    return torch.where(mask, clips.roll(1, 0), clips)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the judge of the rendered world.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--resume", action="store_true", help="go on from what the folder holds")
    parser.add_argument("--weights", type=Path, help="begin with the judge of this folder, such as assets/judge")
    parser.add_argument("--tokenizer", type=Path, help="show it clips that went through this model's tokenizer too")
    options = parser.parse_args()
    train_judge(
        options.folder,
        minutes=options.minutes,
        resume=options.resume,
        start=options.weights,
        tokenizer=options.tokenizer,
    )


if __name__ == "__main__":
    main()
