"""Training of the tokenizer: first without quantisation, then k-means of the codebook, then with it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phenaki.checkpoint import save_part, update_config
from phenaki.config import ModelConfig
from phenaki.cvivit import CViViT
from phenaki.device import mixed_precision
from phenaki.errors import CheckpointError
from phenaki.training.ahead import ahead
from phenaki.training.engine import Engine
from phenaki.training.losses import LossWeights, Reconstruction, TokenizerLosses, pixel_weights
from phenaki.training.run import Run, keep_freed_memory
from phenaki.training.sheets import write_reconstructions
from phenaki.training.source import WORLD, Sample, Source
from phenaki.training.workers import Workers, training_device
from phenaki.world.render import Rendered

TEST_CLIPS = 48  # that are kept from training
WARM_START = 0.22  # share of the first stretch that runs without quantisation


def train_cvivit(
    config: ModelConfig, folder: Path, *, minutes: float, resume: bool = False, batch: int = 16, lr: float = 1.5e-3,
    seed: int = 0, start: Path | None = None, decoder_only: bool = False, max_steps: int | None = None,
    losses: LossWeights | None = None, source: Source = WORLD, engine: Engine | None = None,
) -> None:  # fmt: skip
    """Train for ``minutes`` and leave the averaged weights in ``folder``.

    Args:
        config: the sizes of the model.
        folder: where state, log and weights go.
        minutes: time box.
        resume: go on from what ``folder`` holds.
        batch: clips a step; as many single images go with them.
        lr: learning rate.
        seed: of weights and data; step n of a run always sees the same data.
        start: a folder of weights to begin with, if nothing is resumed.
        max_steps: end after so many steps, if the time has not run out before.
        decoder_only: keep the encoder and the codebook as they are, so that token ids keep their meaning and a
            transformer that was trained on them stays valid.
        losses: how much each loss counts; None: ``LossWeights()``, which are those on pixels and commitment.
        source: what it learns from.
        engine: how the work is done; None: as it is usual. With ``accumulate`` or several processes the codebook moves
            once a step, after clips and images of all parts; else after the clips and again after the images.

    Raises:
        CheckpointError: there is nothing to resume, or only the decoder should learn but nothing has been learned yet.
        TrainingError: memory ran out, or the numbers are no longer finite.
    """
    keep_freed_memory()
    engine = engine or Engine()
    device = training_device(engine.device)
    torch.manual_seed(seed)
    model = CViViT(config.cvivit).to(device)
    run = Run(
        model, folder, "cvivit", minutes=minutes, lr=lr, resume=resume, seed=seed, max_steps=max_steps, engine=engine
    )
    if start is not None and not resume:
        run.start_from(start)
        run.facts["quantized"] = True
    if decoder_only:
        _freeze_encoder(run)
    height, width = config.cvivit.height, config.cvivit.width
    asked = TokenizerLosses(losses or LossWeights(), height, width, device=device, seed=seed)
    run.keep("losses", asked)
    in_parts = engine.accumulate > 1 or run.workers.count > 1
    if in_parts:
        model.quantizer.waiting = []
    test = source.held_out(config.clip, TEST_CLIPS)
    update_config(config, folder)

    def draw(step: int) -> list[tuple[Rendered, Rendered]]:
        rng = np.random.default_rng([seed, step, run.workers.rank])
        return training_batches(config, batch, engine.accumulate, rng, source, device)

    with run, ahead(draw, device) as batches:
        while run.going:
            parts = batches.take(run.step)
            if not run.facts.get("quantized") and run.progress > WARM_START:
                run.call(_initialise_codebook, config, seed, source)
                run.facts["quantized"] = True
            quantize = bool(run.facts.get("quantized"))
            model.train()
            shares = _shares(parts, asked, run.workers) if in_parts else [(1.0, 1.0)]
            figures: dict[str, float] = {}
            used: list[Tensor] = []
            for number, (targets, share) in enumerate(zip(parts, shares, strict=True)):
                rng = np.random.default_rng([seed, 3, run.step, run.workers.rank, *([number] if number else [])])
                loss, token_ids, told = run.call(
                    _lesson, targets, share, asked, rng, run.step, run.workers, quantize, decoder_only
                )
                run.add(loss / len(parts))
                used.append(token_ids.unique())
                for name, value in told.items():
                    figures[name] = figures.get(name, 0.0) + value / len(parts)
            if in_parts:
                _follow(model, run.workers)
            norm = run.update()
            run.log(used=len(torch.cat(used).unique()), norm=norm, **figures)
            quality = run.measured(
                functools.partial(measure, config=config, samples=test, source=source, quantize=quantize)
            )
            if quality:
                save_part(run.ema, folder, "cvivit", run.provenance(source.facts) | {"psnr": f"{quality['psnr']:.2f}"})
                if run.sheet_due:
                    write_reconstructions(run.ema, config, test, folder / "cvivit.png", source, quantize=quantize)


def _lesson(
    model: CViViT, targets: tuple[Rendered, Rendered], shares: tuple[float | Tensor, float | Tensor],
    asked: TokenizerLosses, rng: np.random.Generator, step: int, workers: Workers, quantize: bool, decoder_only: bool,
) -> tuple[Tensor, Tensor, dict[str, float]]:  # fmt: skip
    """The loss of a batch, the token ids of its clips, and figures for the log."""
    clips, images = targets
    with mixed_precision(clips.video.device):
        clip_out, token_ids, commitment = _reconstruct(model, clips.video, quantize, decoder_only)
        image_out, _, image_commitment = _reconstruct(model, images.video, quantize, decoder_only)
    made = Reconstruction(clip_out, image_out, (commitment, image_commitment), clips, images, shares)
    parts, facts = asked(made, rng, step, model.head.last_weights, workers)
    loss = sum(parts.values())
    assert isinstance(loss, Tensor)
    facts |= {name: part.item() for name, part in parts.items() if name not in ("pixels", "commitment")}
    return loss, token_ids, {"loss": loss.item(), "commitment": commitment.item()} | facts


def _shares(
    parts: list[tuple[Rendered, Rendered]], asked: TokenizerLosses, workers: Workers
) -> list[tuple[Tensor, Tensor]]:
    """How much more the pixels of each part weigh than those of all parts of all processes: of clips and of images.

    A loss on pixels is a weighted mean; so the losses of the parts average to that of one large batch.
    """
    weights = torch.stack(
        [torch.stack([pixel_weights(target, asked.weights).mean() for target in part]) for part in parts]
    )
    return [(clips, images) for clips, images in weights / workers.mean(weights.mean(0))]


def _follow(model: CViViT, workers: Workers) -> None:
    """Move the codes after what all parts of all processes have seen."""
    waiting = model.quantizer.waiting
    if waiting:
        x, token_ids = (workers.gather(torch.cat(column)) for column in zip(*waiting, strict=True))
        model.quantizer.follow(x, token_ids)
        waiting.clear()


def _reconstruct(model: CViViT, video: Tensor, quantize: bool, decoder_only: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Reconstruction, token ids and commitment loss; without gradients in the encoder if only the decoder learns."""
    if not decoder_only:
        return model(video, quantize=quantize)
    with torch.no_grad():
        token_ids = model.encode(video)
    return model.decode(token_ids), token_ids, torch.zeros((), device=video.device)


def _freeze_encoder(run: Run) -> None:
    """Let only the decoder learn; the first time, go on from the averaged weights, which are those that are used."""
    model = run.model
    assert isinstance(model, CViViT)
    if not run.facts.get("quantized"):
        raise CheckpointError(
            "Only the decoder should learn, but there is no trained encoder. Train with --resume and without it first."
        )
    if not run.facts.get("frozen"):
        run.go_on_from_averages()
        run.facts["frozen"] = True
    for part in (model.stem, model.encoder_spatial, model.encoder_temporal, model.to_code):
        part.requires_grad_(False)


def training_batches(
    config: ModelConfig, batch: int, count: int, rng: np.random.Generator, source: Source = WORLD,
    device: torch.device | str = "cpu",
) -> list[tuple[Rendered, Rendered]]:  # fmt: skip
    """``count`` batches: clips, half of them openings, and as many still images. Together they are one large batch."""
    total = batch * count
    clips = [source.opening(rng, config.clip) for _ in range(total // 2)]
    clips += [source.continuation(rng, config.clip) for _ in range(total - total // 2)]
    stills = [source.still(rng) for _ in range(total)]
    size = config.cvivit.height
    return [
        (source.pixels(clips[i::count], size, device), source.pixels(stills[i::count], size, device))
        for i in range(count)
    ]


@torch.no_grad()
def measure(
    model: CViViT, config: ModelConfig, samples: Sequence[Sample], source: Source = WORLD, *, quantize: bool = True
) -> dict[str, float]:
    """PSNR in dB of whole frames, of subjects where they are known, and the number of codes used."""
    device = model.quantizer.codebook.device
    target = source.pixels(samples, config.cvivit.height, device)
    outs, used = [], set()
    model.eval()
    for part in target.video.split(8):
        with mixed_precision(device):
            out, token_ids, _ = model(part, quantize=quantize)
        outs.append(out.float().clamp(-1, 1))
        used |= set(token_ids.unique().tolist())
    error = (torch.cat(outs) - target.video).square() / 4  # in units of the full range
    mask = target.subjects_mask
    quality = {"psnr": -10 * float(error.mean().log10())}
    if mask.any():
        quality["subject_psnr"] = -10 * float(((error * mask).sum() / (3 * mask.sum())).log10())
    return quality | {"codes": len(used)}


@torch.no_grad()
def _initialise_codebook(model: CViViT, config: ModelConfig, seed: int, source: Source) -> None:
    """k-means on the features of fresh clips."""
    rng = np.random.default_rng([seed, 7])
    device = model.quantizer.codebook.device
    model.eval()
    vectors = []
    for _ in range(12):
        for video in (target.video for target in training_batches(config, 16, 1, rng, source, device)[0]):
            with mixed_precision(device):
                vectors.append(model.features(video).flatten(0, -2))
    pick = torch.randperm(sum(map(len, vectors)))[:60_000]
    model.quantizer.initialise(torch.cat(vectors)[pick.to(device)])
