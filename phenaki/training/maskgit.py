"""Training of the masked transformer on clips, continuations and still images of the world."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.checkpoint import load_part, save_part
from phenaki.config import ModelConfig
from phenaki.maskgit import MaskGit, TextMemory
from phenaki.maskgit.schedule import mask_ratio
from phenaki.pipeline import build_networks
from phenaki.text import load_text_encoder
from phenaki.training.run import Run, keep_freed_memory
from phenaki.training.tokens import TokenChunk, make_chunk
from phenaki.world.vocabulary import WORLD_VERSION

CHUNK = 3072  # samples rendered at a time
PASSES = 4  # times that each is seen, always with other masks
TEXT_DROPOUT = 0.1
PRIMED_OPENINGS = 0.15  # openings whose first token frame is given: a start image
WRONG_PRIMES = (0.3, 0.15)  # share of the continuations with wrong tokens in what they inherit, and the most of those
SUBJECT_WEIGHT = (3.0, 1.0)  # of tokens that the subject covers, at the start and at the end of a stretch


def train_maskgit(
    config: ModelConfig, folder: Path, *, minutes: float, resume: bool = False, batch: int = 32, lr: float = 2e-3,
    seed: int = 0, start: Path | None = None, max_steps: int | None = None,
) -> None:  # fmt: skip
    """Train for ``minutes`` on the tokens of the tokenizer in ``folder``; leave the averaged weights there.

    Arguments as in ``train_cvivit``.
    """
    keep_freed_memory()
    torch.manual_seed(seed)
    cvivit, model = build_networks(config)
    load_part(cvivit, folder, "cvivit")
    cvivit.eval()
    model.initialise_tokens(cvivit.quantizer.codebook)
    text = load_text_encoder(config.text_encoder)
    run = Run(
        model, folder, "maskgit", minutes=minutes, lr=lr, resume=resume, seed=seed, warm_up=200, muon=True,
        max_steps=max_steps,
    )  # fmt: skip
    if start is not None and not resume:
        run.start_from(start)
    test = make_chunk(config, cvivit, text, 160, (seed, 99_999))
    steps_per_chunk = CHUNK // batch * PASSES
    chunk, number = None, -1
    while run.going:
        if run.step // steps_per_chunk != number:
            number = run.step // steps_per_chunk
            chunk = make_chunk(config, cvivit, text, CHUNK, (seed, number, run.workers.rank))
        assert chunk is not None
        step = run.step % steps_per_chunk
        order = np.random.default_rng([seed, number, step * batch // CHUNK]).permutation(CHUNK)
        rows = torch.from_numpy(order[step * batch % CHUNK :][:batch])
        anneal = max(0.0, min(1.0, (run.progress - 0.4) / 0.4))
        weight = SUBJECT_WEIGHT[0] + (SUBJECT_WEIGHT[1] - SUBJECT_WEIGHT[0]) * anneal
        model.train()
        rng = np.random.default_rng([seed, 5, run.step, run.workers.rank])
        loss, accuracy = masked_loss(model, chunk, rows, weight, rng)
        norm = run.update(loss)
        run.log(loss=loss.item(), accuracy=accuracy, norm=norm)
        if run.due or not run.going:
            run.save()
            if run.workers.leads:
                run.last_log = 0.0
                run.log(**held_out_loss(run.ema, test))
                facts = {
                    "world_version": WORLD_VERSION,
                    "step": run.step,
                    "seed": seed,
                    "minutes": f"{run.minutes:.1f}",
                }
                save_part(run.ema, folder, "maskgit", facts)


def masked_loss(
    model: MaskGit,
    chunk: TokenChunk,
    rows: Tensor,
    subject_weight: float,
    rng: np.random.Generator,
    *,
    dropout: float = TEXT_DROPOUT,
) -> tuple[Tensor, float]:
    """Cross-entropy of masked tokens, and the share guessed right.

    For each sample a share of the unknown tokens is masked, by the cosine schedule of a uniform draw. What came
    before the window stays known, and of a still image only the first token frame takes part.
    """
    token_ids = chunk.token_ids[rows].long()  # (b, t, h, w)
    _, t, h, w = token_ids.shape
    token_ids = spoil_primes(token_ids, chunk.prime[rows], rng)
    masked = mask_some(chunk.prime[rows], chunk.still[rows], (t, h, w), rng)
    still = chunk.still[rows]
    losses, right, count = [], 0.0, 0
    for kind in (False, True):  # clips, then still images, which are shorter
        pick = (still == kind).nonzero()[:, 0]
        if not len(pick):
            continue
        frames = 1 if kind else t
        ids, hide = token_ids[pick, :frames], masked[pick, :frames]
        text = read_or_drop(model, chunk, rows[pick], rng, dropout)
        with torch.autocast("cpu", torch.bfloat16):
            hidden = model(torch.where(hide, model.mask_token_id, ids), text)
            logits = model.logits(hidden[hide.flatten(1)])  # (m, v): masked places only
        target = ids[hide]
        weight = 1 + (subject_weight - 1) * chunk.coverage[rows[pick], :frames][hide].float()
        losses.append((F.cross_entropy(logits.float(), target, reduction="none") * weight, weight))
        right += float((logits.argmax(-1) == target).sum())
        count += len(target)
    loss = torch.cat([a for a, _ in losses]).sum() / torch.cat([b for _, b in losses]).sum()
    return loss, right / count


def spoil_primes(token_ids: Tensor, prime: Tensor, rng: np.random.Generator) -> Tensor:
    """Put tokens of other samples into what some samples inherit: a film's own clips are not free of mistakes."""
    b, t, h, w = token_ids.shape
    share = np.where(rng.random(b) < WRONG_PRIMES[0], rng.uniform(0, WRONG_PRIMES[1], b), 0.0)
    wrong = torch.from_numpy(rng.random((b, t, h, w)) < share[:, None, None, None])
    wrong &= torch.arange(t)[None, :, None, None] < prime[:, None, None, None]
    return torch.where(wrong, token_ids.roll(1, 0), token_ids)


def mask_some(prime: Tensor, still: Tensor, grid: tuple[int, int, int], rng: np.random.Generator) -> Tensor:
    """Which tokens are hidden, (b, t, h, w) bool."""
    t, h, w = grid
    masked = torch.zeros(len(prime), t * h * w, dtype=torch.bool)
    for i, (known, picture) in enumerate(zip(prime.tolist(), still.tolist(), strict=True)):
        if not known and not picture and rng.random() < PRIMED_OPENINGS:
            known = 1
        first, last = known * h * w, (1 if picture else t) * h * w
        count = math.ceil(mask_ratio(rng.random()) * (last - first))
        masked[i, torch.from_numpy(first + rng.permutation(last - first)[:count])] = True
    return masked.view(-1, t, h, w)


def read_or_drop(
    model: MaskGit, chunk: TokenChunk, rows: Tensor, rng: np.random.Generator, dropout: float
) -> TextMemory:
    """The prompts' memory, in which some prompts are replaced by the learned vector of no prompt."""
    mask = chunk.text_mask[rows]
    length = int(mask.sum(1).max())
    mask = mask[:, :length].clone()
    with torch.autocast("cpu", torch.bfloat16):
        text = model.text_in(chunk.text_embeds[rows, :length].float())
        dropped = torch.from_numpy(rng.random(len(rows)) < dropout)
        first = torch.where(dropped[:, None, None], model.null_text.to(text.dtype), text[:, :1])
        text = torch.cat([first, text[:, 1:]], dim=1)
        mask[:, 1:] &= ~dropped[:, None]
        return TextMemory(tuple(layer.text.project(text) for layer in model.layers), mask)


@torch.no_grad()
def held_out_loss(model: MaskGit, test: TokenChunk) -> dict[str, float]:
    """Loss and accuracy on fresh samples with fixed masks."""
    model.eval()
    parts = torch.arange(len(test.prime)).split(32)
    scores = [
        masked_loss(model, test, rows, 1.0, np.random.default_rng(i), dropout=0.0) for i, rows in enumerate(parts)
    ]
    return {
        "test_loss": float(np.mean([loss.item() for loss, _ in scores])),
        "test_accuracy": float(np.mean([a for _, a in scores])),
    }
