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
from torch import Tensor

from phenaki.checkpoint import load_config, load_part, save_part
from phenaki.device import mixed_precision
from phenaki.errors import ConfigError
from phenaki.evaluation.facts import ClipFacts, attributes_of, count_right
from phenaki.evaluation.judge import PART, JudgeConfig, WorldJudge, save_judge_config
from phenaki.evaluation.samples import evaluation_rng, sample_seen, stage_at
from phenaki.pipeline import build_networks
from phenaki.training.engine import Engine
from phenaki.training.run import Run
from phenaki.training.workers import training_device
from phenaki.world.parts import CORE, PARTS, WorldPart, find_part
from phenaki.world.render import render
from phenaki.world.windows import Window, render_windows

CELL = 8  # pixels on a side of the places that a tokenizer may get wrong
SMOOTHING = 0.05
STILL_STEPS = 150  # before clips join the single frames
TEST = "test "  # before the names of figures on fresh renders
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
    part: WorldPart = CORE,
    engine: Engine | None = None,
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
        part: what there is to tell; subjects that it has in pictures only move too.
        engine: how the work is done; None: as it is usual. A GPU renders and learns; chance is the CPU's, so that it
            sees the same clips. Batches are whole: nothing is accumulated or shared out.

    Returns:
        For each attribute, the share of the test renders that is judged right.

    Raises:
        CheckpointError: there is nothing to resume or to begin with.
        ConfigError: the engine asks for what this training does not have.
        DeviceError: there is no such device.
        TrainingError: memory ran out, or the numbers are no longer finite.
    """
    engine = engine or Engine()
    if engine.accumulate > 1 or engine.fsdp:
        raise ConfigError("The judge is small and learns in whole batches. Train it without --accumulate and --fsdp.")
    torch.manual_seed(seed)
    place, config, attributes = training_device(engine.device), JudgeConfig.for_part(part), attributes_of(part)
    shape = config.clip
    model = WorldJudge(config, part).to(place)
    run = Run(model, folder, PART, minutes=minutes, lr=lr, resume=resume, seed=seed, ema_decay=0.99, engine=engine)
    if start is not None and not resume:
        run.start_from(start)
        run.facts["begins_at"] = EASY_STEPS
    through = _round_trip(tokenizer, place) if tokenizer is not None else None
    rng = evaluation_rng(seed, "judge's training")
    windows = [sample_seen(rng, shape, part=part) for _ in range(test)]
    truths = [ClipFacts.of(w) for w in windows]
    save_judge_config(config, folder, part)
    accuracy: dict[str, float] = {}

    def check(judge: WorldJudge) -> dict[str, float]:
        right = count_right(_verdicts(judge, windows), truths, list(attributes))
        return {f"{TEST}{name}": count / test for name, count in right.items()}

    with run:
        while run.going:
            rng = np.random.default_rng([seed, 11, run.step, run.workers.rank])
            lesson = run.step + run.facts.get("begins_at", 0)
            strength = min(1.0, lesson / EASY_STEPS)
            losses: dict[str, Tensor] = {}
            if lesson < EASY_STEPS:
                weight = 1.0 if lesson < STILL_STEPS else 0.3
                sample = _draw(rng, stills, 1, strength, part=part, device=place)
                losses = {name: weight * loss for name, loss in _losses(model, sample).items()}
            if lesson >= STILL_STEPS:
                sample = _draw(rng, batch, config.num_frames, strength, through, part=part, device=place)
                for name, loss in _losses(model, sample).items():
                    losses[name] = losses.get(name, 0.0) + loss
            norm = run.update(torch.stack(list(losses.values())).sum(), clip=5.0)
            run.log(norm=norm, **{name: loss.item() for name, loss in losses.items()})
            if found := run.measured(check):
                accuracy = {name.removeprefix(TEST): share for name, share in found.items()}
                facts = run.provenance(part.facts) | {name: f"{share:.4f}" for name, share in accuracy.items()}
                save_part(run.ema, folder, PART, facts)
    return accuracy


def _verdicts(judge: WorldJudge, windows: list[Window], batch: int = 64) -> list[ClipFacts]:
    """What the judge sees in clean renders; never all of them in memory."""
    place = judge.frame.weight.device
    verdicts = []
    for first in range(0, len(windows), batch):
        video = render_windows(windows[first : first + batch], judge.config.size, place).video
        verdicts += judge.judge(video)
    return verdicts


def _round_trip(folder: Path, device: torch.device) -> Callable[[Tensor], Tensor]:
    """What a tokenizer makes of a video."""
    cvivit, _ = build_networks(load_config(folder))
    load_part(cvivit, folder, "cvivit")
    cvivit.eval().to(device)

    @torch.no_grad()
    def through(video: Tensor) -> Tensor:
        with mixed_precision(video.device):
            return cvivit.decode(cvivit.encode(video)).float().clamp(-1, 1)

    return through


def _draw(
    rng: np.random.Generator, count: int, num_frames: int, strength: float,
    through: Callable[[Tensor], Tensor] | None = None, *, part: WorldPart = CORE,
    device: torch.device | str = "cpu",
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Rough clips, or single frames of clips, and their labels (b, attributes)."""
    config = JudgeConfig.for_part(part)
    windows = [sample_seen(rng, config.clip, part=part) for _ in range(count)]
    starts = [w.start + int(rng.integers(w.num_frames - num_frames + 1)) for w in windows]
    video = render(
        [w.spec for w in windows], size=config.size, start=starts, num_frames=num_frames, device=device
    ).video
    facts = [ClipFacts.of(w) for w in windows]
    if num_frames == 1:
        facts = [
            replace(f, weather=stage_at(w.spec, a).weather) for f, w, a in zip(facts, windows, starts, strict=True)
        ]
    attributes = attributes_of(part)
    labels = torch.tensor([f.indices(attributes) for f in facts], device=device)
    if through is None:
        return roughen(video, rng, strength), labels
    half = count // 2  # of the half that is tokenized, each second clip stays as it is: colours tell the weather
    made = through(video[:half])
    return torch.cat([made[::2], roughen(torch.cat([made[1::2], video[half:]]), rng, strength)]), torch.cat(
        [labels[:half:2], labels[1:half:2], labels[half:]]
    )


def _losses(model: WorldJudge, sample: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy of each attribute that can be told."""
    video, labels = sample
    model.train()
    with mixed_precision(video.device):
        logits = model(video)
    columns = dict(zip(model.attributes, labels.unbind(1), strict=True))
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
    spread = torch.from_numpy(rng.uniform(0, strength, (3, b, 1, 1, 1, 1)).astype(np.float32)).to(video.device)
    draw = torch.Generator().manual_seed(int(rng.integers(2**31)))  # of the CPU, whatever the device

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw).to(video.device)

    gain = 1 + 0.15 * spread[0] * normal(b, c, 1, 1, 1)
    offset = 0.12 * spread[0] * normal(b, c, 1, 1, 1)
    fine = 0.10 * spread[1] * normal(b, 1, f, height, width)
    coarse = normal(b, c, f, height // CELL, width // CELL)
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
        # where two frames share a token, their pictures run into each other
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
    return torch.where(mask.to(clips.device), clips.roll(1, 0), clips)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the judge of the rendered world.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--resume", action="store_true", help="go on from what the folder holds")
    parser.add_argument("--weights", type=Path, help="begin with the judge of this folder, such as assets/judge")
    parser.add_argument("--tokenizer", type=Path, help="show it clips that went through this model's tokenizer too")
    parser.add_argument("--part", default="core", choices=sorted(PARTS), help="of the world (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (default)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and data (default: %(default)s)")
    options = parser.parse_args()
    train_judge(
        options.folder,
        minutes=options.minutes,
        resume=options.resume,
        start=options.weights,
        tokenizer=options.tokenizer,
        part=find_part(options.part),
        engine=Engine(device=options.device),
        seed=options.seed,
    )


if __name__ == "__main__":
    main()
