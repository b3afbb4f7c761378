"""Training of the token critic on clips that a finished transformer has filled in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import kernels
from phenaki.checkpoint import load_config, load_part, save_part
from phenaki.config import ModelConfig
from phenaki.device import mixed_precision
from phenaki.maskgit import MaskGit, TokenCritic
from phenaki.maskgit.guidance import GuidedLogits, guided_memory
from phenaki.pipeline import build_critic, build_networks
from phenaki.text import load_text_encoder
from phenaki.training.ahead import ahead
from phenaki.training.engine import Engine
from phenaki.training.maskgit import mask_some, read_or_drop, spoil_primes
from phenaki.training.run import Run, keep_freed_memory
from phenaki.training.source import WORLD, Source
from phenaki.training.tokens import Lessons, TokenChunk, make_chunk, whole_steps
from phenaki.training.workers import training_device

PART = "critic"
CHUNK = 1536  # samples rendered at a time
PASSES = 4  # times that each is seen, always with other masks and draws


def train_critic(
    folder: Path, *, minutes: float, model: Path | None = None, resume: bool = False, batch: int = 32, lr: float = 2e-3,
    seed: int = 0, start: Path | None = None, max_steps: int | None = None, source: Source = WORLD,
    engine: Engine | None = None,
) -> None:  # fmt: skip
    """Train for ``minutes`` and leave the averaged weights in ``folder``.

    They are used once ``critic.used`` is true in the ``config.json`` beside them.

    Args:
        folder: where state, log and weights go.
        minutes: time box.
        model: a folder with the finished tokenizer and transformer, which stay as they are (default: ``folder``).
        resume: go on from what ``folder`` holds.
        batch: samples a step.
        lr: learning rate.
        seed: of weights and data; step n of a run always sees the same data.
        start: a folder with a critic to begin with, if nothing is resumed.
        max_steps: end after so many steps, if the time has not run out before.
        source: what the model has learned from.
        engine: how the work is done; None: as it is usual.

    Raises:
        CheckpointError: there is no model, or nothing to resume or to start from.
        TrainingError: memory ran out, or the numbers are no longer finite.
    """
    keep_freed_memory()
    engine = engine or Engine()
    device = training_device(engine.device)
    torch.manual_seed(seed)
    model = model or folder
    config = load_config(model)
    cvivit, maskgit = build_networks(config)
    for network, name in ((cvivit, "cvivit"), (maskgit, "maskgit")):
        load_part(network, model, name)
        network.eval().requires_grad_(False)
    critic = build_critic(config)
    critic.trunk.initialise_tokens(cvivit.quantizer.codebook)
    critic.begin_like(maskgit)
    cvivit, maskgit, critic = cvivit.to(device), maskgit.to(device), critic.to(device)
    text = load_text_encoder(config.text_encoder, device=device)
    run = Run(
        critic, folder, PART, minutes=minutes, lr=lr, resume=resume, seed=seed, warm_up=200, muon=True,
        max_steps=max_steps, engine=engine,
    )  # fmt: skip
    if start is not None and not resume:
        run.start_from(start)
    test = make_chunk(config, cvivit, text, 160, (seed, 99_999), source.unseen)
    step_size = batch * engine.accumulate
    chunk_size = whole_steps(CHUNK, step_size)

    def make(number: int) -> TokenChunk:
        return make_chunk(config, cvivit, text, chunk_size, (seed, 23, number, run.workers.rank), source)

    with run, ahead(make, device) as chunks:
        lessons = Lessons(chunks, chunk_size, step_size, PASSES, seed)
        while run.going:
            rows = lessons.rows(run.step)
            critic.train()
            rng = np.random.default_rng([seed, 29, run.step, run.workers.rank])
            loss, found = 0.0, 0.0
            for some in rows.split(batch):
                scores, wrong = run.call(judge_filled, maskgit, config, lessons.chunk, some, rng)
                part_loss = F.binary_cross_entropy_with_logits(scores, wrong.float()) * (len(some) / len(rows))
                run.add(part_loss)
                loss += part_loss.item()
                found += found_share(scores, wrong) * len(some) / len(rows)
            norm = run.update()
            run.log(loss=loss, found=found, norm=norm)
            if figures := run.measured(lambda ema: measure(ema, maskgit, config, test)):
                facts = run.provenance(source.facts) | {"found": f"{figures['test_found']:.4f}"}
                save_part(run.ema, folder, PART, facts)


def judge_filled(
    critic: TokenCritic, maskgit: MaskGit, config: ModelConfig, chunk: TokenChunk, rows: Tensor,
    rng: np.random.Generator,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Mask some tokens as in the training of the transformer, let it fill them in, and ask the critic about the result.

    Returns:
        Of all tokens that could have been masked: the critic's logits, (m,) float32, and whether they are others than
        those of the render, (m,) bool.

    Source: Token-Critic, arXiv 2209.04439, which asks instead whether a token was masked. But most draws of a guided
    transformer are the tokens of the render, and to call these wrong would teach nothing.
    """
    place = chunk.device
    truth = chunk.token_ids[rows.to(place)].long()  # (b, t, h, w)
    grid = truth.shape[1:]
    truth = spoil_primes(truth, chunk.prime[rows], rng)
    masked = mask_some(chunk.prime[rows], chunk.still[rows], tuple(grid), rng).to(place)
    after_prime = (torch.arange(grid[0]) >= chunk.prime[rows][:, None]).to(place)  # (b, t)
    scores, wrong = [], []
    for kind in (False, True):  # clips, then still images, which are shorter
        pick = (chunk.still[rows] == kind).nonzero()[:, 0]
        if not len(pick):
            continue
        frames = 1 if kind else grid[0]
        ids, hide = truth[pick, :frames], masked[pick, :frames]
        filled = fill_in(maskgit, config, chunk, rows[pick], ids, hide, rng)
        text = read_or_drop(critic.trunk, chunk, rows[pick], rng, 0.0)
        with mixed_precision(place):
            logits = critic(filled, text).view_as(ids)
        asked = after_prime[pick, :frames, None, None].expand_as(ids)
        scores.append(logits[asked])
        wrong.append((filled != ids)[asked])
    return torch.cat(scores), torch.cat(wrong)


@torch.no_grad()
def fill_in(
    maskgit: MaskGit, config: ModelConfig, chunk: TokenChunk, rows: Tensor, token_ids: Tensor, hide: Tensor,
    rng: np.random.Generator,
) -> Tensor:  # fmt: skip
    """Token ids (b, t, h, w) with a draw of the transformer at the places ``hide``, all at once."""
    key = kernels.random_key(int(rng.integers(2**62)), 0).to(hide.device)
    places = hide.flatten().nonzero()[:, 0]
    text = read_or_drop(maskgit, chunk, rows, rng, 0.0)
    hidden_ids = torch.where(hide, maskgit.mask_token_id, token_ids)
    with mixed_precision(hide.device):
        memory, scale = guided_memory(maskgit, text, config.sampling.guidance_scale)
        logits = GuidedLogits(maskgit, memory, scale, tuple(hide.shape[1:]))(hidden_ids.flatten(1), places)
    drawn, _ = kernels.sample_tokens(logits, places, key, config.sampling.temperature)
    return token_ids.flatten().scatter(0, places, drawn).view_as(token_ids)


def found_share(scores: Tensor, wrong: Tensor) -> float:
    """How often a wrong token gets a higher score than a right one: 0.5 by chance, 1 at best; both (m,).

    Nothing to compare gives 0.5.
    """
    positives, negatives = int(wrong.sum()), int((~wrong).sum())
    if not positives or not negatives:
        return 0.5
    values, place = scores.detach().unique(return_inverse=True)
    of_each = torch.bincount(place, minlength=len(values)).double()
    rank = of_each.cumsum(0) - of_each / 2  # of equal scores, the middle of their ranks
    above = rank[place][wrong].sum() - positives**2 / 2
    return float(above / (positives * negatives))


@torch.no_grad()
def measure(critic: TokenCritic, maskgit: MaskGit, config: ModelConfig, test: TokenChunk) -> dict[str, float]:
    """Loss and share of the wrong tokens found, on fresh samples with fixed masks and draws."""
    critic.eval()
    parts = torch.arange(len(test.prime)).split(32)
    told = [
        judge_filled(critic, maskgit, config, test, rows, np.random.default_rng([i, 31]))
        for i, rows in enumerate(parts)
    ]
    scores, wrong = torch.cat([s for s, _ in told]), torch.cat([x for _, x in told])
    loss = F.binary_cross_entropy_with_logits(scores, wrong.float())
    return {"test_loss": loss.item(), "test_found": found_share(scores, wrong)}
