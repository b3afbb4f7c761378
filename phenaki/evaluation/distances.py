"""FID, KID and FVD through torchmetrics, in the features of our judge: how far generated clips are from renders.

The usual feature networks, Inception for pictures and I3D for videos, are downloads, know photographs, and say little
about the rendered world. The names of the features stand beside the figures, for these are no numbers to compare with
those of papers.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.evaluation.figures import Distance
from phenaki.evaluation.judge import WorldJudge

FRAMES_OF_A_CLIP = 4  # evenly spread, for FID and KID
SUBSETS, LARGEST_SUBSET = 50, 200  # of KID
BATCH = 32


class Given(nn.Module):
    """A feature network for torchmetrics whose work is already done; (n, d) -> same."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def can_measure_distances() -> bool:
    """Whether torchmetrics is installed."""
    return importlib.util.find_spec("torchmetrics") is not None


def measure_distances(
    judge: WorldJudge, reference: Tensor, others: Mapping[str, Tensor], seed: int = 0
) -> dict[str, dict[str, Distance]]:
    """Distances of sets of clips from a set of renders.

    Args:
        judge: in eval mode; its frame vectors are the features of FID and KID, its clip vectors those of FVD.
        reference: renders, (n, 3, f, H, W) uint8, 2 or more.
        others: sets of clips of the same shape, by name.
        seed: of KID's subsets.

    Returns:
        By name of the distance and of the set. FID and FVD depend on the number of clips; compare them at equal N, and
        with the figure of other renders, which is what the distance of nothing looks like at this N.
    """
    frames, clip = judge.config.frame_dim, judge.config.dim
    found: dict[str, dict[str, Distance]] = {
        f"FID, judge-frame-{frames}": {}, f"KID x 1000, judge-frame-{frames}": {}, f"FVD, judge-clip-{clip}": {},
    }  # fmt: skip
    fid, kid, fvd = found.values()
    frames_real, clips_real = features_of(judge, reference)
    for name, clips in others.items():
        frames_made, clips_made = features_of(judge, clips)
        fid[name] = Distance(_frechet(frames_real, frames_made), None, len(frames_made))
        mean, sd = _kernel(frames_real, frames_made, seed)
        kid[name] = Distance(1000 * mean, 1000 * sd, len(frames_made))
        fvd[name] = Distance(_frechet(clips_real, clips_made), None, len(clips_made))
    return found


@torch.inference_mode()
def features_of(judge: WorldJudge, clips: Tensor) -> tuple[Tensor, Tensor]:
    """The judge's vectors of single frames (n * FRAMES_OF_A_CLIP, frame_dim) and of clips (n, dim), float32.

    All have the same length, the root of their width: some renders light up the judge far more than others, and their
    sizes would drown what they look like.
    """
    place, chosen = judge.frame.weight.device, torch.linspace(0, clips.shape[2] - 1, FRAMES_OF_A_CLIP).round().long()
    frames, whole = [], []
    for video in _floats(clips):
        video = video.to(place)
        pictures = video[:, :, chosen].transpose(1, 2).flatten(0, 1)[:, :, None]  # (b * frames, 3, 1, H, W)
        frames.append(judge.vectors(pictures)[0][:, 0].cpu())
        vectors = judge.vectors(video)[1]
        assert vectors is not None  # a clip has more than one frame
        whole.append(vectors.cpu())
    single, clip = (F.normalize(torch.cat(x), dim=1) for x in (frames, whole))
    return single * single.shape[1] ** 0.5, clip * clip.shape[1] ** 0.5


def _floats(clips: Tensor) -> Iterator[Tensor]:
    """Batches in [-1, 1]."""
    for part in clips.split(BATCH):
        yield part.float() / 127.5 - 1


def _frechet(real: Tensor, made: Tensor) -> float:
    """Frechet distance of two sets of features (n, d), as of normal distributions."""
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(feature=Given(real.shape[1]))
    metric.update(real, real=True)
    metric.update(made, real=False)
    return float(metric.compute())


def _kernel(real: Tensor, made: Tensor, seed: int) -> tuple[float, float]:
    """Mean and standard deviation of the squared kernel distance over random subsets."""
    from torchmetrics.image.kid import KernelInceptionDistance

    size = min(LARGEST_SUBSET, len(real) // 2, len(made) // 2)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*save all extracted features")  # that is what it is given
        metric = KernelInceptionDistance(feature=Given(real.shape[1]), subsets=SUBSETS, subset_size=size)
    metric.update(real, real=True)
    metric.update(made, real=False)
    with torch.random.fork_rng(devices=[]):  # subsets are drawn from the global generator
        torch.manual_seed(seed)
        mean, sd = metric.compute()
    return float(mean), float(sd)
