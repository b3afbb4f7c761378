"""Training samples of the masked transformer: windows, rendered and tokenized once, seen several times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.config import ModelConfig
from phenaki.cvivit import CViViT
from phenaki.text import TextEncoder
from phenaki.training.cvivit import render_windows
from phenaki.world.windows import Window, sample_continuation, sample_opening, sample_still


@dataclass
class TokenChunk:
    """Samples with their text, in memory. ``b`` counts samples."""

    token_ids: Tensor  # (b, t, h, w) int16; of a still image only the first token frame counts
    coverage: Tensor  # (b, t, h, w) float16: how much of a token the subject covers, 0 to 1
    prime: Tensor  # (b,) int64: token frames that belong to what came before
    still: Tensor  # (b,) bool
    text_embeds: Tensor  # (b, l, d) float16
    text_mask: Tensor  # (b, l) bool


def make_chunk(config: ModelConfig, cvivit: CViViT, text: TextEncoder, size: int, seed: tuple[int, ...]) -> TokenChunk:
    """``size`` fresh samples: 45 % openings, 45 % continuations, 10 % still images; the same for the same seed."""
    rng = np.random.default_rng(seed)
    stills = size // 10
    openings = (size - stills) // 2
    windows = [sample_opening(rng, config.clip) for _ in range(openings)]
    windows += [sample_continuation(rng, config.clip) for _ in range(size - stills - openings)]
    ids, coverage = _tokenize(windows, config, cvivit)
    pictures = [sample_still(rng) for _ in range(stills)]
    still_ids, still_coverage = _tokenize(pictures, config, cvivit)
    later = ids.shape[1] - 1
    embeds, mask = _read_captions([w.caption for w in windows + pictures], text)
    return TokenChunk(
        torch.cat([ids, F.pad(still_ids, (0, 0, 0, 0, 0, later))]),
        torch.cat([coverage, F.pad(still_coverage, (0, 0, 0, 0, 0, later))]),
        torch.tensor([config.clip.token_frames(w.prime_frames) if w.prime_frames else 0 for w in windows + pictures]),
        torch.tensor([False] * len(windows) + [True] * stills),
        embeds,
        mask,
    )


@torch.inference_mode()
def _tokenize(windows: list[Window], config: ModelConfig, cvivit: CViViT) -> tuple[Tensor, Tensor]:
    """Token ids (b, t, h, w) int16 and subject coverage (b, t, h, w) float16."""
    ids, coverage = [], []
    for i in range(0, len(windows), 16):
        rendered = render_windows(windows[i : i + 16], config.cvivit.height)
        with torch.autocast("cpu", torch.bfloat16):
            ids.append(cvivit.encode(rendered.video).to(torch.int16))
        coverage.append(token_coverage(rendered.subject_mask, config).half())
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
    """Vectors and mask of all captions, padded to the longest."""
    order = sorted(range(len(captions)), key=lambda i: len(captions[i]))  # alike lengths together: less padding
    rows: list[tuple[Tensor, Tensor]] = [None] * len(captions)  # type: ignore[list-item]
    for i in range(0, len(order), 64):
        part = order[i : i + 64]
        with torch.autocast("cpu", torch.bfloat16):
            embeds, mask = text.encode([captions[j] for j in part])
        for row, j in enumerate(part):
            rows[j] = embeds[row].half(), mask[row]
    length = max(mask.shape[0] for _, mask in rows)
    embeds = torch.stack([F.pad(e, (0, 0, 0, length - e.shape[0])) for e, _ in rows])
    return embeds, torch.stack([F.pad(m, (0, length - m.shape[0])) for _, m in rows])
