"""Training samples of the masked transformer: stretches of videos, tokenized once, seen several times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.config import ModelConfig
from phenaki.cvivit import CViViT
from phenaki.device import mixed_precision
from phenaki.text import TextEncoder, encode_alike
from phenaki.training.ahead import Ahead
from phenaki.training.source import WORLD, Sample, Source

BATCH = {"cpu": 16, "cuda": 128}  # samples rendered and tokenized at a time
OPENINGS, STILLS = 0.25, 0.05  # of the samples; the others are continuations, as most clips of a film are


@dataclass
class TokenChunk:
    """Samples with their text, in memory. ``b`` counts samples.

    Tokens and text are where the training is; what decides which of them are masked stays on the CPU, as chance does.
    There is no cache of texts across chunks, for hardly any caption comes back in a later one.
    """

    token_ids: Tensor  # (b, t, h, w) int32; of a still image only the first token frame counts
    coverage: Tensor  # (b, t, h, w) float16: how much of a token subjects cover, 0 to 1
    prime: Tensor  # (b,) int64, on the CPU: token frames that belong to what came before
    still: Tensor  # (b,) bool, on the CPU
    text_embeds: Tensor  # (b, l, d) float16
    text_mask: Tensor  # (b, l) bool, on the CPU

    @property
    def device(self) -> torch.device:
        """Where the training is."""
        return self.token_ids.device


class Lessons:
    """Which samples each step sees: of one chunk after the other, each several times and always in another order.

    Args:
        chunks: where they come from, by their numbers.
        chunk_size: samples of a chunk.
        step_size: samples of a step.
        passes: times that each is seen.
        seed: of the orders.
    """

    chunk: TokenChunk  # that of the step that was asked for last

    def __init__(self, chunks: Ahead[TokenChunk], chunk_size: int, step_size: int, passes: int, seed: int) -> None:
        self._chunks, self._seed = chunks, seed
        self._chunk_size, self._step_size = chunk_size, step_size
        self._steps = chunk_size // step_size * passes  # of a chunk
        self._number = -1

    def rows(self, step: int) -> Tensor:
        """The samples of this step, (n,) int64 on the CPU; from now on ``chunk`` is the one that they are in."""
        if step // self._steps != self._number:
            self._number = step // self._steps
            vars(self).pop("chunk", None)  # it must not be in memory while the next one is made
            self.chunk = self._chunks.take(self._number)
        first = step % self._steps * self._step_size
        rng = np.random.default_rng([self._seed, self._number, first // self._chunk_size])
        return torch.from_numpy(rng.permutation(self._chunk_size)[first % self._chunk_size :][: self._step_size])


def whole_steps(chunk_size: int, step_size: int) -> int:
    """About ``chunk_size`` samples, but as many as are used up by whole steps, and enough for one."""
    return step_size * max(1, chunk_size // step_size)


def make_chunk(
    config: ModelConfig, cvivit: CViViT, text: TextEncoder, size: int, seed: tuple[int, ...], source: Source = WORLD
) -> TokenChunk:
    """``size`` fresh samples, openings, continuations and still images; the same for the same seed.

    They are made where the tokenizer is.
    """
    rng = np.random.default_rng(seed)
    stills, openings = (max(1, int(size * share)) for share in (STILLS, OPENINGS))
    clips = [source.opening(rng, config.clip) for _ in range(openings)]
    continuations = [source.continuation(rng, config.clip) for _ in range(size - stills - openings)]
    pictures = [source.still(rng) for _ in range(stills)]
    ids, coverage = _tokenize(clips, config, cvivit, source)
    later_ids, later_coverage = _tokenize(continuations, config, cvivit, source)
    ids, coverage = torch.cat([ids, later_ids]), torch.cat([coverage, later_coverage])
    clips += continuations
    still_ids, still_coverage = _tokenize(pictures, config, cvivit, source)
    later = ids.shape[1] - 1
    embeds, mask = _read_captions([sample.caption for sample in clips + pictures], text)
    return TokenChunk(
        torch.cat([ids, F.pad(still_ids, (0, 0, 0, 0, 0, later))]),
        torch.cat([coverage, F.pad(still_coverage, (0, 0, 0, 0, 0, later))]),
        torch.tensor([config.clip.prime_token_frames if s.prime_frames else 0 for s in clips + pictures]),
        torch.tensor([False] * len(clips) + [True] * stills),
        embeds,
        mask,
    )


@torch.inference_mode()
def _tokenize(
    samples: list[Sample], config: ModelConfig, cvivit: CViViT, source: Source = WORLD
) -> tuple[Tensor, Tensor]:
    """Token ids (b, t, h, w) int32 and subject coverage (b, t, h, w) float16 of samples of one kind."""
    ids, coverage = [], []
    device = cvivit.quantizer.codebook.device
    batch = BATCH[device.type]
    for i in range(0, len(samples), batch):
        some = samples[i : i + batch]
        first = 0
        if some[0].prime_frames:  # none of its token frames is the first of a film
            some, first = [sample.earlier(config.clip.patch_frames) for sample in some], 1
        rendered = source.pixels(some, config.cvivit.height, device)
        with mixed_precision(device):
            ids.append(cvivit.encode(rendered.video)[:, first:].to(torch.int32))
        coverage.append(token_coverage(rendered.subjects_mask, config)[:, first:].half())
    return torch.cat(ids), torch.cat(coverage)


def token_coverage(mask: Tensor, config: ModelConfig) -> Tensor:
    """Average a pixel mask (b, 1, f, H, W) over the pixels of each token: (b, t, h, w)."""
    size = config.cvivit.patch_size
    first = F.avg_pool2d(mask[:, 0, :1], size)  # (b, 1, h, w)
    if mask.shape[2] == 1:
        return first
    rest = F.avg_pool3d(mask[:, :, 1:], (config.cvivit.patch_frames, size, size))[:, 0]
    return torch.cat([first, rest], dim=1)


def _read_captions(captions: list[str], text: TextEncoder) -> tuple[Tensor, Tensor]:
    """Vectors where the encoder is, and mask on the CPU, of all captions, padded to the longest."""
    rows: list[tuple[Tensor, Tensor]] = [None] * len(captions)  # type: ignore[list-item]
    for numbers, embeds, mask in encode_alike(text, captions):
        for i, own, real in zip(numbers, embeds, mask.cpu(), strict=True):
            rows[i] = own.half(), real
    length = max(mask.shape[0] for _, mask in rows)
    embeds = torch.stack([F.pad(e, (0, 0, 0, length - e.shape[0])) for e, _ in rows])
    return embeds, torch.stack([F.pad(m, (0, length - m.shape[0])) for _, m in rows])
