"""How far pictures are from those that they should be: in decibels, in structure, in edges and in the judge's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.evaluation.judge import WorldJudge

STAGES = 3  # of the judge that are compared; the last one looks at too large a piece of an enlarged picture
WINDOW, SPREAD = 11, 1.5  # of SSIM, as its authors chose them


@dataclass(frozen=True)
class PictureDistances:
    """Means over pictures."""

    psnr: float  # dB, over the mean error of all
    ssim: float  # of brightness; 1 = the same
    edges: float  # mean difference of neighbouring pixels' differences; pixels are in [-1, 1]
    edge_energy: float  # the pictures' own differences as a share of the target's: below 1 = softer
    perceptual: float  # between the judge's features, see ``perceptual_distance``

    def to_dict(self) -> dict[str, float]:
        """By name."""
        return dict(vars(self))


@torch.no_grad()
def picture_distances(made: Tensor, target: Tensor, judge: WorldJudge) -> PictureDistances:
    """Compare pictures (n, 3, H, W) in [-1, 1] with their targets."""
    error, ssims, edges, own, wanted, seen = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for a, b in zip(made.split(16), target.split(16), strict=True):
        n = len(a)
        error += n * float((a - b).square().mean()) / 4
        ssims += n * float(ssim(a, b))
        for dim in (-1, -2):
            edges += n * float((a.diff(dim=dim) - b.diff(dim=dim)).abs().mean()) / 2
            own += float(a.diff(dim=dim).abs().mean()) * n
            wanted += float(b.diff(dim=dim).abs().mean()) * n
        seen += n * float(perceptual_distance(judge, a, b))
    n = len(made)
    psnr = -10 * float(torch.tensor(error / n).log10())
    return PictureDistances(psnr, ssims / n, edges / n, own / wanted, seen / n)


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity of the brightness of pictures (n, 3, H, W) in [-1, 1]: the mean over all, at most 1.

    Source: Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004.
    """
    at = torch.arange(WINDOW, device=a.device) - WINDOW // 2
    line = torch.exp(-at.square() / (2 * SPREAD**2))
    line = line / line.sum()
    kernel = (line[:, None] * line[None])[None, None]  # (1, 1, WINDOW, WINDOW)
    a, b = (_brightness(x) for x in (a, b))
    mean_a, mean_b, aa, bb, ab = (F.conv2d(x, kernel) for x in (a, b, a * a, b * b, a * b))
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2  # for values of a range of 2
    structure = (2 * (ab - mean_a * mean_b) + c2) / (aa - mean_a**2 + bb - mean_b**2 + c2)
    return (structure * (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)).mean()


def perceptual_distance(
    judge: WorldJudge, made: Tensor, target: Tensor, *, stages: int = STAGES, floor: float = 1e-24
) -> Tensor:
    """Mean squared distance of the judge's features of pictures or clips, summed over its stages.

    At every place the features of one stage are scaled to a vector of length 1, as in LPIPS (arXiv 1801.03924), with a
    network of our own and without its learned weights. The judge must be in eval mode; gradients pass through to
    ``made``.

    Args:
        judge: whose features are compared.
        made: pictures (n, 3, H, W) or clips (b, 3, f, H, W) in [-1, 1]; of clips, neighbours are seen together.
        target: what they should be, the same shape.
        stages: of the judge that look, from fine to coarse.
        floor: is added to a squared length; where all features are near 0, the bare quotient has a huge gradient.
    """
    with torch.no_grad():
        wanted = list(_directions(judge, target, stages, floor))
    found = zip(_directions(judge, made, stages, floor), wanted, strict=True)
    return torch.stack([(x - y).square().sum(1).mean() for x, y in found]).sum()


def flicker(made: Tensor, target: Tensor) -> float:
    """Mean change between neighbouring frames at places where the target does not change; videos (b, 3, f, H, W)."""
    still = target.diff(dim=2).abs().amax(1, keepdim=True) < 1e-3  # (b, 1, f - 1, H, W)
    change = made.diff(dim=2).abs().mean(1, keepdim=True)
    return float(change[still].mean()) if still.any() else 0.0


def _directions(judge: WorldJudge, video: Tensor, stages: int, floor: float) -> Iterator[Tensor]:
    """What the first stages of the judge see, as unit vectors, (n, c, h, w) float32 each; ``n`` counts frames."""
    num_frames = video.shape[2] if video.ndim == 5 else 1
    x = video.transpose(1, 2).flatten(0, 1) if video.ndim == 5 else video
    x = x.contiguous(memory_format=torch.channels_last)
    for stage in judge.stages[:stages]:
        x = stage(x, num_frames)
        y = x.float()
        yield y * (y.square().sum(1, keepdim=True) + floor).rsqrt()


def _brightness(pictures: Tensor) -> Tensor:
    """(n, 3, H, W) -> (n, 1, H, W) float32, in the same range."""
    weights = torch.tensor([0.299, 0.587, 0.114], device=pictures.device)
    return (pictures.float() * weights[:, None, None]).sum(1, keepdim=True)
