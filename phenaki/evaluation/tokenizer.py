"""How well a tokenizer gives back renders of the world, in pixels and in the judge's eyes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from phenaki.cvivit import CViViT
from phenaki.evaluation.facts import ClipFacts
from phenaki.evaluation.figures import TokenizerQuality
from phenaki.evaluation.judge import WorldJudge
from phenaki.evaluation.pictures import ssim
from phenaki.world.windows import Window, render_windows

BATCH = 8  # clips in memory at a time
JudgedPairs = list[tuple[ClipFacts, ClipFacts]]  # verdict, truth


@dataclass(frozen=True)
class Reconstructions:
    """What the judge sees in renders and in what the tokenizer makes of them."""

    on_renders: JudgedPairs
    on_reconstructions: JudgedPairs
    quality: TokenizerQuality | None  # None: there was no render


@torch.no_grad()  # in inference mode the renderer would remember tensors that no one else can use
def measure_tokenizer(
    cvivit: CViViT, judge: WorldJudge, windows: Sequence[Window], tell: Callable[[int], None] = lambda done: None
) -> Reconstructions:
    """Render windows, encode and decode them, and judge both.

    Args:
        cvivit: the tokenizer, in eval mode, on any device.
        judge: on any device.
        windows: of one length, that of the judge's clips.
        tell: takes the number of clips done, after each batch.

    Returns:
        Verdicts with their truths; PSNR over the mean error of all clips; SSIM; the codes that they used together.
    """
    device = cvivit.quantizer.codebook.device
    on_renders: JudgedPairs = []
    on_reconstructions: JudgedPairs = []
    used: set[int] = set()
    error = subject_error = pixels = subject_pixels = structure = 0.0
    for first in range(0, len(windows), BATCH):
        part = windows[first : first + BATCH]
        target = render_windows(part, cvivit.config.height)
        token_ids = cvivit.encode(target.video.to(device))
        made = cvivit.decode(token_ids).clamp(-1, 1).cpu()
        truths = [ClipFacts.of(w) for w in part]
        on_renders += zip(judge.judge(target.video), truths, strict=True)
        on_reconstructions += zip(judge.judge(made), truths, strict=True)
        used |= set(token_ids.unique().tolist())
        structure += len(part) * float(ssim(*(x.transpose(1, 2).flatten(0, 1) for x in (made, target.video))))
        square = (made - target.video).square() / 4  # (b, 3, f, H, W), in units of the full range
        error += float(square.sum())
        pixels += square.numel()
        subject_error += float((square * target.subject_mask).sum())
        subject_pixels += 3 * float(target.subject_mask.sum())
        tell(first + len(part))
    if not windows:
        return Reconstructions([], [], None)
    quality = TokenizerQuality(
        psnr=_decibel(error / pixels),
        subject_psnr=_decibel(subject_error / subject_pixels),
        ssim=structure / len(windows),
        codes_used=len(used),
        codebook_size=cvivit.config.codebook_size,
        clips=len(windows),
    )
    return Reconstructions(on_renders, on_reconstructions, quality)


def _decibel(error: float) -> float:
    """PSNR of a mean squared error in units of the full range."""
    return -10 * math.log10(error) if error > 0 else math.inf
