"""Training of the masked transformer on clips, continuations and still images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.checkpoint import load_part, save_part
from phenaki.config import ModelConfig
from phenaki.device import mixed_precision
from phenaki.maskgit import MaskGit, TextMemory
from phenaki.maskgit.schedule import mask_ratio
from phenaki.pipeline import build_networks
from phenaki.text import load_text_encoder
from phenaki.training.ahead import ahead
from phenaki.training.engine import Engine
from phenaki.training.run import Run, keep_freed_memory
from phenaki.training.sheets import write_films
from phenaki.training.source import WORLD, Source
from phenaki.training.tokens import Lessons, TokenChunk, make_chunk, whole_steps
from phenaki.training.workers import training_device

CHUNK = 3072  # samples rendered at a time
PASSES = {"cpu": 4, "cuda": 8}  # times that each is seen, always with other masks; a GPU learns faster than it is fed
TEXT_DROPOUT = 0.1
PRIMED_OPENINGS = 0.15  # openings whose first token frame is given: a start image
WRONG_PRIMES = (0.3, 0.15)  # share of the continuations with wrong tokens in what they inherit, and the most of those
SUBJECT_WEIGHT = (3.0, 1.0)  # of tokens that the subject covers, at the start and at the end of a stretch


def train_maskgit(
    config: ModelConfig, folder: Path, *, minutes: float, resume: bool = False, batch: int = 32, lr: float = 2e-3,
    seed: int = 0, start: Path | None = None, max_steps: int | None = None, source: Source = WORLD,
    engine: Engine | None = None, chunk_size: int | None = None,
) -> None:  # fmt: skip
    """Train for ``minutes`` on the tokens of the tokenizer in ``folder``; leave the averaged weights there.

    Arguments and errors as for ``train_cvivit``; besides:

    Args:
        chunk_size: samples that are rendered and tokenized at a time; None: as many as is usual.
    """
    keep_freed_memory()
    engine = engine or Engine()
    device = training_device(engine.device)
    torch.manual_seed(seed)
    cvivit, model = build_networks(config)
    load_part(cvivit, folder, "cvivit")
    cvivit.eval()
    model.initialise_tokens(cvivit.quantizer.codebook)
    cvivit, model = cvivit.to(device), model.to(device)
    text = load_text_encoder(config.text_encoder, device=device)
    run = Run(
        model, folder, "maskgit", minutes=minutes, lr=lr, resume=resume, seed=seed, warm_up=200, muon=True,
        max_steps=max_steps, engine=engine,
    )  # fmt: skip
    if start is not None and not resume:
        run.start_from(start)
    test = make_chunk(config, cvivit, text, 160, (seed, 99_999), source.unseen)
    step_size = batch * engine.accumulate
    chunk_size = whole_steps(chunk_size or CHUNK, step_size)

    def make(number: int) -> TokenChunk:
        return make_chunk(config, cvivit, text, chunk_size, (seed, number, run.workers.rank), source)

    with run, ahead(make, device) as chunks:
        lessons = Lessons(chunks, chunk_size, step_size, PASSES[device.type], seed)
        while run.going:
            rows = lessons.rows(run.step)
            anneal = max(0.0, min(1.0, (run.progress - 0.4) / 0.4))
            weight = SUBJECT_WEIGHT[0] + (SUBJECT_WEIGHT[1] - SUBJECT_WEIGHT[0]) * anneal
            model.train()
            draw = hide_some(
                lessons.chunk, rows, np.random.default_rng([seed, 5, run.step, run.workers.rank]), TEXT_DROPOUT
            )
            total = None
            if len(rows) > batch or run.workers.count > 1:
                total = run.workers.mean(draw.weights(lessons.chunk, weight).sum())
            loss, right = 0.0, 0.0
            for picked in torch.arange(len(rows)).split(batch):
                guessed = run.call(guess, lessons.chunk, draw.take(picked), weight, total)
                run.add(guessed[0])
                loss, right = loss + guessed[0].item(), right + guessed[1]
            norm = run.update()
            run.log(loss=loss, accuracy=right / draw.count, norm=norm)
            if run.measured(lambda ema: held_out_loss(ema, test)):
                save_part(run.ema, folder, "maskgit", run.provenance(source.facts))
                if run.sheet_due:
                    write_films(folder, folder / "maskgit.png", source, engine.device)


@dataclass(frozen=True)
class Draw:
    """Samples of a chunk, and what is hidden of them. ``b`` counts samples."""

    rows: Tensor  # (b,) int64, of the chunk, on the CPU
    still: Tensor  # (b,) bool, on the CPU
    token_ids: Tensor  # (b, t, h, w) int64; of a still image only the first token frame counts
    hidden: Tensor  # (b, t, h, w) bool
    dropped: Tensor  # (b,) bool, on the CPU: the prompt is left out
    count: int  # tokens that are hidden

    def take(self, picked: Tensor) -> Draw:
        """Some of the samples, (n,) int64 on the CPU."""
        places = picked.to(self.hidden.device)
        hidden = self.hidden[places]
        return Draw(
            self.rows[picked], self.still[picked], self.token_ids[places], hidden, self.dropped[picked], self.count
        )

    def weights(self, chunk: TokenChunk, subject_weight: float) -> Tensor:
        """How much each hidden token counts, (m,) float32."""
        return 1 + (subject_weight - 1) * chunk.coverage[self.rows.to(chunk.device)][self.hidden].float()


def hide_some(chunk: TokenChunk, rows: Tensor, rng: np.random.Generator, dropout: float) -> Draw:
    """Draw what is hidden of some samples, and which prompts are left out.

    For each sample a share of the unknown tokens is masked, by the cosine schedule of a uniform draw. What came
    before the window stays known, and of a still image only the first token frame takes part.
    """
    prime, still = chunk.prime[rows], chunk.still[rows]
    token_ids = chunk.token_ids[rows.to(chunk.device)].long()  # (b, t, h, w)
    token_ids = spoil_primes(token_ids, prime, rng)
    hidden = mask_some(prime, still, tuple(token_ids.shape[1:]), rng)
    dropped = torch.zeros(len(rows), dtype=torch.bool)
    for kind in (False, True):
        pick = still == kind
        if pick.any():
            dropped[pick] = torch.from_numpy(rng.random(int(pick.sum())) < dropout)
    return Draw(rows, still, token_ids, hidden.to(chunk.device), dropped, int(hidden.sum()))


def guess(
    model: MaskGit, chunk: TokenChunk, draw: Draw, subject_weight: float, total: Tensor | None = None
) -> tuple[Tensor, float]:
    """Cross-entropy of the hidden tokens, those of subjects weighted, and how many are guessed right.

    Args:
        model: it must be where the chunk is.
        chunk: the samples.
        draw: some of them, from ``hide_some``.
        subject_weight: of tokens that subjects cover.
        total: what the weights of the whole batch add up to, of which this is a part; None: this is all of it.
    """
    losses, right = [], torch.zeros((), device=chunk.device)
    for kind in (False, True):  # clips, then still images, which are shorter
        pick = (draw.still == kind).nonzero()[:, 0]
        if not len(pick):
            continue
        few = draw.take(pick)
        frames = 1 if kind else few.token_ids.shape[1]
        ids, hide = few.token_ids[:, :frames], few.hidden[:, :frames]
        text = read_some(model, chunk, few.rows, few.dropped)
        with mixed_precision(chunk.device):
            hidden = model(torch.where(hide, model.mask_token_id, ids), text)
            logits = model.logits(hidden[hide.flatten(1)])  # (m, v): masked places only
        target = ids[hide]
        weight = few.weights(chunk, subject_weight)
        losses.append((F.cross_entropy(logits.float(), target, reduction="none") * weight, weight))
        right += (logits.argmax(-1) == target).sum()
    loss = torch.cat([a for a, _ in losses]).sum()
    return loss / (torch.cat([b for _, b in losses]).sum() if total is None else total), right.item()


def masked_loss(
    model: MaskGit, chunk: TokenChunk, rows: Tensor, subject_weight: float, rng: np.random.Generator, *,
    dropout: float = TEXT_DROPOUT,
) -> tuple[Tensor, float]:  # fmt: skip
    """The loss of one batch, and the share of its masked tokens that is guessed right; see ``hide_some``."""
    draw = hide_some(chunk, rows, rng, dropout)
    loss, right = guess(model, chunk, draw, subject_weight)
    return loss, right / draw.count


def spoil_primes(token_ids: Tensor, prime: Tensor, rng: np.random.Generator) -> Tensor:
    """Put tokens of other samples into what some samples inherit: a film's own clips are not free of mistakes.

    ``token_ids`` (b, t, h, w) on any device, ``prime`` (b,) on the CPU.
    """
    b, t, h, w = token_ids.shape
    share = np.where(rng.random(b) < WRONG_PRIMES[0], rng.uniform(0, WRONG_PRIMES[1], b), 0.0)
    wrong = torch.from_numpy(rng.random((b, t, h, w)) < share[:, None, None, None])
    wrong &= torch.arange(t)[None, :, None, None] < prime[:, None, None, None]
    return torch.where(wrong.to(token_ids.device), token_ids.roll(1, 0), token_ids)


def mask_some(prime: Tensor, still: Tensor, grid: tuple[int, int, int], rng: np.random.Generator) -> Tensor:
    """Which tokens are hidden, (b, t, h, w) bool; on the CPU, as all that is given."""
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
    """The prompts' memory, in which a share of the prompts is left out."""
    return read_some(model, chunk, rows, torch.from_numpy(rng.random(len(rows)) < dropout))


def read_some(model: MaskGit, chunk: TokenChunk, rows: Tensor, dropped: Tensor) -> TextMemory:
    """The prompts' memory, in which those ``dropped`` (b,) are replaced by the learned vector of no prompt."""
    mask = chunk.text_mask[rows]
    length = int(mask.sum(1).max())
    mask = mask[:, :length].clone()
    mask[:, 1:] &= ~dropped[:, None]
    place = chunk.device
    with mixed_precision(place):
        text = model.text_in(chunk.text_embeds[rows.to(place), :length].float())
        first = torch.where(dropped.to(place)[:, None, None], model.null_text.to(text.dtype), text[:, :1])
        text = torch.cat([first, text[:, 1:]], dim=1)
        return TextMemory(tuple(layer.text.project(text) for layer in model.layers), mask.to(place))


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
