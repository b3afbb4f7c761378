"""Training of the tokenizer: first without quantisation, then k-means of the codebook, then with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phenaki.checkpoint import save_config, save_part
from phenaki.config import ModelConfig
from phenaki.cvivit import CViViT
from phenaki.errors import CheckpointError
from phenaki.shapes import ClipShape
from phenaki.training.losses import LossWeights, Reconstruction, TokenizerLosses
from phenaki.training.run import Run, keep_freed_memory
from phenaki.world.render import Rendered, render
from phenaki.world.vocabulary import WORLD_VERSION
from phenaki.world.windows import Window, sample_continuation, sample_opening, sample_still

WARM_START = 0.22  # share of the first stretch that runs without quantisation


def train_cvivit(
    config: ModelConfig, folder: Path, *, minutes: float, resume: bool = False, batch: int = 16, lr: float = 1.5e-3,
    seed: int = 0, start: Path | None = None, decoder_only: bool = False, max_steps: int | None = None,
    losses: LossWeights | None = None,
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
        losses: how much each loss counts; None: as for the shipped tokenizer.

    Raises:
        CheckpointError: there is nothing to resume, or only the decoder should learn but nothing has been learned yet.
    """
    keep_freed_memory()
    torch.manual_seed(seed)
    model = CViViT(config.cvivit)
    run = Run(model, folder, "cvivit", minutes=minutes, lr=lr, resume=resume, seed=seed, max_steps=max_steps)
    if start is not None and not resume:
        run.start_from(start)
        run.facts["quantized"] = True
    if decoder_only:
        _freeze_encoder(run)
    asked = TokenizerLosses(losses or LossWeights(), config.cvivit.height, config.cvivit.width, seed=seed)
    run.keep("losses", asked)
    last_layer = [model.head.first.weight, model.head.rest.weight]
    test = held_out_windows(config.clip, 48)
    save_config(config, folder)
    while run.going:
        clips, images = training_batch(config, batch, np.random.default_rng([seed, run.step, run.workers.rank]))
        if not run.facts.get("quantized") and run.progress > WARM_START:
            _initialise_codebook(model, config, seed)
            run.facts["quantized"] = True
        quantize = bool(run.facts.get("quantized"))
        model.train()
        with torch.autocast("cpu", torch.bfloat16):
            clip_out, token_ids, commitment = _reconstruct(model, clips.video, quantize, decoder_only)
            image_out, _, image_commitment = _reconstruct(model, images.video, quantize, decoder_only)
        made = Reconstruction(clip_out, image_out, (commitment, image_commitment), clips, images)
        rng = np.random.default_rng([seed, 3, run.step, run.workers.rank])
        parts, said = asked(made, rng, run.step, last_layer, run.workers)
        loss = sum(parts.values())
        norm = run.update(loss)
        said |= {name: part.item() for name, part in parts.items() if name not in ("pixels", "commitment")}
        run.log(loss=loss.item(), commitment=commitment.item(), used=len(token_ids.unique()), norm=norm, **said)
        if run.due or not run.going:
            run.save()
            if run.workers.leads:
                quality = measure(run.ema, config, test, quantize=quantize)
                run.last_log = 0.0
                run.log(**quality)
                facts = {
                    "world_version": WORLD_VERSION,
                    "step": run.step,
                    "seed": seed,
                    "psnr": f"{quality['psnr']:.2f}",
                }
                save_part(run.ema, folder, "cvivit", facts)


def _reconstruct(model: CViViT, video: Tensor, quantize: bool, decoder_only: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Reconstruction, token ids and commitment loss; without gradients in the encoder if only the decoder learns."""
    if not decoder_only:
        return model(video, quantize=quantize)
    with torch.no_grad():
        token_ids = model.encode(video)
    return model.decode(token_ids), token_ids, torch.zeros(())


def _freeze_encoder(run: Run) -> None:
    """Let only the decoder learn; the first time, go on from the averaged weights, which are those that are used."""
    model = run.model
    assert isinstance(model, CViViT)
    if not run.facts.get("quantized"):
        raise CheckpointError(
            "Only the decoder should learn, but there is no trained encoder. Train with --resume and without it first."
        )
    if not run.facts.get("frozen"):
        model.load_state_dict(run.ema.state_dict())
        run.facts["frozen"] = True
    for part in (model.stem, model.encoder_spatial, model.encoder_temporal, model.to_code):
        part.requires_grad_(False)


def training_batch(config: ModelConfig, batch: int, rng: np.random.Generator) -> tuple[Rendered, Rendered]:
    """Clips, half of them openings, and as many still images."""
    windows = [sample_opening(rng, config.clip) for _ in range(batch // 2)]
    windows += [sample_continuation(rng, config.clip) for _ in range(batch - batch // 2)]
    stills = [sample_still(rng) for _ in range(batch)]
    return render_windows(windows, config.cvivit.height), render_windows(stills, config.cvivit.height)


def render_windows(windows: list[Window], size: int) -> Rendered:
    """Pixels of windows of one length."""
    frames = windows[0].num_frames
    return render([w.spec for w in windows], size=size, start=[w.start for w in windows], num_frames=frames)


def held_out_windows(shape: ClipShape, count: int) -> list[Window]:
    """Opening clips of combinations that training never shows; always the same."""
    rng = np.random.default_rng(10_000)
    return [sample_opening(rng, shape, combos="held-out") for _ in range(count)]


@torch.no_grad()
def measure(model: CViViT, config: ModelConfig, windows: list[Window], *, quantize: bool = True) -> dict[str, float]:
    """PSNR in dB of whole frames and of subjects, and the number of codes used."""
    target = render_windows(windows, config.cvivit.height)
    outs, used = [], set()
    model.eval()
    for part in target.video.split(8):
        with torch.autocast("cpu", torch.bfloat16):
            out, token_ids, _ = model(part, quantize=quantize)
        outs.append(out.float().clamp(-1, 1))
        used |= set(token_ids.unique().tolist())
    error = (torch.cat(outs) - target.video).square() / 4  # in units of the full range
    subject = (error * target.subject_mask).sum() / (3 * target.subject_mask.sum())
    return {"psnr": -10 * float(error.mean().log10()), "subject_psnr": -10 * float(subject.log10()), "codes": len(used)}


@torch.no_grad()
def _initialise_codebook(model: CViViT, config: ModelConfig, seed: int) -> None:
    """k-means on the features of fresh clips."""
    rng = np.random.default_rng([seed, 7])
    model.eval()
    vectors = []
    for _ in range(12):
        clips, images = training_batch(config, 16, rng)
        for video in (clips.video, images.video):
            with torch.autocast("cpu", torch.bfloat16):
                vectors.append(model.features(video).flatten(0, -2))
    model.quantizer.initialise(torch.cat(vectors)[torch.randperm(sum(map(len, vectors)))[:60_000]])
