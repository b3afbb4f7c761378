"""Training of the upsampler on what the tokenizer makes of renders, and its figures beside those of plain enlargement.

python -m phenaki.training.upsampler --measure --model assets/toy-64
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.checkpoint import load_config, load_part
from phenaki.config import ModelConfig
from phenaki.cvivit import CViViT
from phenaki.device import mixed_precision
from phenaki.errors import CheckpointError
from phenaki.evaluation.judge import WorldJudge, load_judge
from phenaki.evaluation.pictures import flicker, perceptual_distance, picture_distances
from phenaki.training.ahead import ahead
from phenaki.training.engine import Engine
from phenaki.training.pairs import Pairs, Pieces, draw_pieces, make_chunk, make_pairs
from phenaki.training.run import Run, keep_freed_memory
from phenaki.training.source import WORLD, RenderedWorld
from phenaki.training.workers import training_device
from phenaki.upsampler import PART, SCALE, Upsampler, UpsamplerConfig, load_upsampler, save_upsampler
from phenaki.world.parts import CORE, WorldPart

STEPS_OF_A_CHUNK = 96
SUBJECT_WEIGHT = 2.0  # a pixel of the subject counts this much more than one of the backdrop
EDGES = 1.0
NEIGHBOURHOOD = 16  # pixels on a side, in which an edge may lie elsewhere
STEADINESS = 0.5  # of the change between neighbouring frames


@dataclass(frozen=True)
class LossWeights:
    """What is added to the distance of pixels and edges; the figures behind the defaults are in LOG.md."""

    sharpness: float = 0.0  # of how strong the edges of a neighbourhood are, wherever they are in it
    perceptual: float = 0.0  # of the distance of the judge's features
    adversarial: float = 0.0  # of what a critic of small patches says


class Critic(nn.Module):
    """Tells renders from enlarged pictures, patch by patch, given what was enlarged; (n, 6, H, W) -> (n, 1, h, w)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (6, 32, 64, 96)
        layers: list[nn.Module] = []
        for narrow, wide in itertools.pairwise(widths):
            layers += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 3, padding=1))
        self.to(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layers(pictures)


class Contest(nn.Module):
    """The upsampler and its critic, as one thing to train and save."""

    def __init__(self, upsampler: Upsampler) -> None:
        super().__init__()
        self.upsampler = upsampler
        self.critic = Critic()


def train_upsampler(
    folder: Path, *, minutes: float, model: Path | None = None, sizes: UpsamplerConfig | None = None,
    resume: bool = False, batch: int = 10, lr: float = 2.5e-3, seed: int = 0, start: Path | None = None,
    losses: LossWeights | None = None, max_steps: int | None = None, test_clips: int = 3, part: WorldPart = CORE,
    engine: Engine | None = None,
) -> None:  # fmt: skip
    """Train for ``minutes`` and leave the averaged weights in ``folder``.

    Args:
        folder: where state, log and weights go.
        minutes: time box.
        model: a folder with the tokenizer whose pictures are to be enlarged (default: ``folder``).
        sizes: of the network.
        resume: go on from what ``folder`` holds.
        batch: pieces of pictures a step.
        lr: learning rate.
        seed: of weights and data; step n of a run always sees the same data.
        start: a folder with an upsampler to begin with, if nothing is resumed.
        losses: weights of the losses that can be left out.
        max_steps: end after so many steps, if the time has not run out before.
        test_clips: held-out clips on which the averaged weights are measured.
        part: of the world, that is learned.
        engine: how the work is done; None: as it is usual.

    Raises:
        CheckpointError: there is no tokenizer, or nothing to resume or to start from.
        TrainingError: memory ran out, or the numbers are no longer finite.
    """
    keep_freed_memory()
    engine = engine or Engine()
    device = training_device(engine.device)
    torch.manual_seed(seed)
    config, cvivit = _tokenizer(model or folder)
    cvivit = cvivit.to(device)
    losses, judge = losses or LossWeights(), load_judge().to(device)
    contest = Contest(Upsampler(sizes)).to(device)
    run = Run(
        contest, folder, PART, minutes=minutes, lr=lr, resume=resume, seed=seed, max_steps=max_steps, engine=engine
    )
    if start is not None and not resume:
        load_part(run.ema.upsampler, start, PART)
        run.go_on_from_averages()
    test = make_pairs(RenderedWorld(part).held_out(config.clip, test_clips), config, cvivit)
    number = -1

    def make(number: int) -> tuple[Pairs, Tensor]:
        return make_chunk(config, cvivit, (seed, 17, number, run.workers.rank), part)

    with run, ahead(make, device) as chunks:
        while run.going:
            if run.step // STEPS_OF_A_CHUNK != number:
                number = run.step // STEPS_OF_A_CHUNK
                pairs, leaves = chunks.take(number)
            rng = np.random.default_rng([seed, 19, run.step, run.workers.rank])
            contest.train()
            figures: dict[str, float] = {}
            for _ in range(engine.accumulate):
                pieces = draw_pieces(pairs, leaves, batch, rng)
                parts = run.call(_lesson, pieces, losses, judge)
                run.add(torch.stack(list(parts.values())).sum() / engine.accumulate)
                for name, loss in parts.items():
                    figures[name] = figures.get(name, 0.0) + loss.item() / engine.accumulate
            norm = run.update(clip=0.3)
            run.log(norm=norm, **figures)
            if quality := run.measured(lambda ema: measure(ema.upsampler, test, judge)):
                save_upsampler(
                    run.ema.upsampler, folder, run.provenance(part.facts) | {"psnr": f"{quality['psnr']:.2f}"}
                )


def _lesson(contest: Contest, pieces: Pieces, losses: LossWeights, judge: WorldJudge) -> dict[str, Tensor]:
    """The losses of a batch by name."""
    with mixed_precision(pieces.small.device):
        out = contest.upsampler(pieces.small)
    parts = {"pixels": pixel_loss(out, pieces)}
    if losses.sharpness:
        parts["sharpness"] = losses.sharpness * sharpness_loss(out, pieces)
    if losses.perceptual:
        with mixed_precision(out.device):
            parts["seen"] = losses.perceptual * perceptual_distance(judge, out, pieces.large)
    if losses.adversarial:
        parts |= critic_losses(contest.critic, out, pieces, losses.adversarial)
    return parts


def pixel_loss(out: Tensor, pieces: Pieces) -> Tensor:
    """L1 on pixels, on their differences, and on the change between neighbouring frames; the subject counts more."""
    weight = 1 + SUBJECT_WEIGHT * pieces.mask
    weight = weight / weight.mean()
    error = (out - pieces.large) * weight  # (n, 3, H, W)
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    loss = error.abs().mean() + EDGES * edges
    if pieces.pairs:
        before, after = error[: 2 * pieces.pairs].unflatten(0, (-1, 2)).unbind(1)
        loss = loss + STEADINESS * (after - before).abs().mean()
    return loss


def sharpness_loss(out: Tensor, pieces: Pieces) -> Tensor:
    """L1 between the strengths of edges, each the root of the mean square over a neighbourhood.

    Where the tokenizer's blur leaves open where exactly an edge was, pixels are best guessed by a soft one. This asks
    for an edge as strong as the true one that may lie a few pixels beside it.
    """
    weight = 1 + SUBJECT_WEIGHT * F.avg_pool2d(pieces.mask, NEIGHBOURHOOD, NEIGHBOURHOOD // 2)
    error = (edge_strength(out) - edge_strength(pieces.large)).abs()
    return (error * weight).sum() / weight.sum()


def edge_strength(pictures: Tensor) -> Tensor:
    """Pictures (n, 3, H, W) -> (n, 1, h, w), one value for each of overlapping neighbourhoods."""
    across, down = (F.pad(pictures.diff(dim=d), p) for d, p in ((-1, (0, 1, 0, 0)), (-2, (0, 0, 0, 1))))
    energy = (across.square() + down.square()).mean(1, keepdim=True)  # (n, 1, H, W)
    return (F.avg_pool2d(energy, NEIGHBOURHOOD, NEIGHBOURHOOD // 2) + 1e-4).sqrt()


def critic_losses(critic: Critic, out: Tensor, pieces: Pieces, weight: float) -> dict[str, Tensor]:
    """What the upsampler and the critic each have to answer for; one backward pass serves both.

    The critic is asked which of two pictures is the render, not whether one is.

    Source: relativistic pairing loss, arXiv 1807.00734.
    """
    plain = F.interpolate(pieces.small, scale_factor=SCALE, mode="bicubic", align_corners=False)
    fixed = {name: p.detach() for name, p in critic.named_parameters()}

    def score(pictures: Tensor, *, learns: bool) -> Tensor:
        seen = torch.cat([plain, pictures], dim=1).contiguous(memory_format=torch.channels_last)
        with mixed_precision(seen.device):
            return (critic(seen) if learns else torch.func.functional_call(critic, fixed, (seen,))).float()

    real = score(pieces.large, learns=True)
    made = score(out.detach(), learns=True)
    fooled = score(out, learns=False)
    return {
        "fooled": weight * F.softplus(real.detach() - fooled).mean(),
        # Adam makes its steps no smaller for the factor, but the clipping of both sides' gradients then leaves room
        "critic": 0.02 * (F.softplus(made - real).mean() + 0.001 * (real.square() + made.square()).mean()),
    }


@torch.no_grad()
def measure(upsampler: Upsampler | None, test: Pairs, judge: WorldJudge) -> dict[str, float]:
    """Figures of enlarged reconstructions against renders; without an upsampler, of bicubic enlargement.

    See ``PictureDistances``; besides: PSNR of the subject alone, and the flicker of what should stand still.
    """
    b, f = len(test.small), test.small.shape[2]
    made = []
    for clip in test.small:
        x = clip.transpose(0, 1).float() / 127.5 - 1  # (f, 3, H, W)
        if upsampler is None:
            large = F.interpolate(x, scale_factor=SCALE, mode="bicubic", align_corners=False)
        else:
            with mixed_precision(x.device):
                large = upsampler.eval()(x)
        made.append(large.float().clamp(-1, 1))
    out = torch.cat(made)  # (b*f, 3, 4H, 4W)
    target = (test.large.float() / 127.5 - 1).transpose(1, 2).flatten(0, 1)
    mask = test.mask.transpose(1, 2).flatten(0, 1).float() / 255
    square = ((out - target).square() * mask).sum() / 4 / (3 * mask.sum())
    figures = picture_distances(out, target, judge).to_dict()
    figures["subject_psnr"] = -10 * float(square.log10())
    videos = [x.unflatten(0, (b, f)).transpose(1, 2) for x in (out, target)]
    figures["flicker"] = 127.5 * flicker(*videos)  # in levels of 255
    return figures


def _tokenizer(folder: Path) -> tuple[ModelConfig, CViViT]:
    """The tokenizer of a folder of weights."""
    config = load_config(folder)
    cvivit = CViViT(config.cvivit)
    load_part(cvivit, folder, "cvivit")
    return config, cvivit.eval().requires_grad_(False)


def _report(model: Path, weights: Path, clips: int) -> dict[str, dict[str, float]]:
    """The figures of plain enlargement and of the upsampler, and its seconds for a clip."""
    config, cvivit = _tokenizer(model)
    upsampler = load_upsampler(weights)
    if upsampler is None:
        raise CheckpointError(f"{weights} holds no upsampler. Train one, or name another folder with --weights.")
    judge = load_judge()
    test = make_pairs(WORLD.held_out(config.clip, clips), config, cvivit)
    report = {"bicubic": measure(None, test, judge), "upsampler": measure(upsampler, test, judge)}
    frames = test.small[0].permute(1, 2, 3, 0).numpy()
    for dtype in (torch.bfloat16, torch.float32):
        upsampler.to(dtype)
        times = []
        for _ in range(8):
            begun = time.perf_counter()
            upsampler.enlarge(frames)
            times.append(time.perf_counter() - begun)
        report["upsampler"][f"seconds a clip, {dtype}".replace("torch.", "")] = min(times)
    return report


def main() -> None:
    """Command line: training with losses of choice, or figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("assets/toy-64"), help="a folder with a tokenizer")
    parser.add_argument("--weights", type=Path, help="a folder with an upsampler: to begin with, or to measure")
    parser.add_argument("--measure", action="store_true", help="print figures and end; else train")
    parser.add_argument("--clips", type=int, default=32, help="held-out clips to measure on (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("runs/upsampler"), help="state, log and weights")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, help="end after so many steps")
    parser.add_argument("--resume", action="store_true", help="go on from what the folder holds")
    parser.add_argument("--lr", type=float, default=2.5e-3)
    parser.add_argument("--sharpness", type=float, default=LossWeights.sharpness)
    parser.add_argument("--perceptual", type=float, default=LossWeights.perceptual)
    parser.add_argument("--adversarial", type=float, default=LossWeights.adversarial)
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    if options.measure:
        report = _report(options.model, options.weights or options.model, options.clips)
        print(json.dumps(report, indent=1))  # noqa: T201
        return
    train_upsampler(
        options.folder,
        minutes=options.minutes,
        model=options.model,
        resume=options.resume,
        lr=options.lr,
        start=options.weights,
        losses=LossWeights(options.sharpness, options.perceptual, options.adversarial),
        max_steps=options.steps,
    )


if __name__ == "__main__":
    main()
