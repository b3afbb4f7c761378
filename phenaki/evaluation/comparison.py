"""Generated clips beside renders of the same prompts: alignment of text and video, and distances of distributions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from phenaki.cvivit import CViViT
from phenaki.evaluation.adherence import JudgedClip
from phenaki.evaluation.alignment import Aligner, look_at, measure_alignment, read_all
from phenaki.evaluation.distances import can_measure_distances, measure_distances
from phenaki.evaluation.distractors import full_caption, other_stories
from phenaki.evaluation.figures import AlignmentScore, Distance
from phenaki.evaluation.judge import WorldJudge
from phenaki.evaluation.samples import evaluation_rng, sample_prompt
from phenaki.shapes import ClipShape
from phenaki.text import TextEncoder
from phenaki.world.render import render
from phenaki.world.spec import StorySpec

CANDIDATES = 32
BATCH = 8
WITHOUT_TOWERS = (
    "The alignment of text and video is left out: no towers lie beside the judge. "
    "Train them: python -m phenaki.training.alignment FOLDER."
)
WITHOUT_TORCHMETRICS = "FID, KID and FVD are left out: torchmetrics is not installed (pip install torchmetrics)."


@dataclass(frozen=True)
class Comparison:
    """What is empty was not asked for, or a note says why."""

    alignment: Mapping[str, AlignmentScore] = field(default_factory=dict)
    candidates: int = 0
    distances: Mapping[str, Mapping[str, Distance]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def compare_with_renders(
    clips: Sequence[JudgedClip], judge: WorldJudge, cvivit: CViViT, aligner: Aligner | None, text: TextEncoder,
    shape: ClipShape, *, count: int, aligned: int, seed: int, tell: Callable[[str], None],
) -> Comparison:  # fmt: skip
    """Compare films of the split "iid" with renders.

    Args:
        clips: the films.
        judge: of their part of the world.
        cvivit: the tokenizer, whose reconstructions are compared too.
        aligner: None: without alignment.
        text: the encoder that the aligner reads with.
        shape: how the model cuts time.
        count: clips for distances, at most; 0 or 1: without.
        aligned: clips for alignment, at most; 0: without.
        seed: of the renders that all others are compared with, and of the other prompts.
        tell: takes a line about what is done.
    """
    notes: list[str] = []
    alignment: dict[str, AlignmentScore] = {}
    distances: dict[str, dict[str, Distance]] = {}
    if aligned and aligner is None:
        notes.append(WITHOUT_TOWERS)
    elif aligned and aligner is not None:
        tell("alignment of text and video")
        alignment = align(clips[:aligned], judge, aligner, text, cvivit.config.height, seed)
    count = min(count, len(clips))
    if count > 1 and not can_measure_distances():
        notes.append(WITHOUT_TORCHMETRICS)
    elif count > 1:
        tell("distances to renders")
        rng = evaluation_rng(seed, "reference")
        reference = [sample_prompt("iid", rng, shape, judge.part).spec for _ in range(count)]
        renders = rendered([clip.spec for clip in clips[:count]], cvivit.config.height)
        sets = {
            "generated": torch.stack([frames_to_bytes(clip.frames) for clip in clips[:count]]),
            "reconstructions": _reconstructed(renders, cvivit),
            "other renders": renders,
        }
        distances = measure_distances(judge, rendered(reference, cvivit.config.height), sets, seed)
    return Comparison(alignment, CANDIDATES if alignment else 0, distances, tuple(notes))


@torch.no_grad()
def align(
    clips: Sequence[JudgedClip], judge: WorldJudge, aligner: Aligner, text: TextEncoder, size: int, seed: int
) -> dict[str, AlignmentScore]:
    """Alignment of generated clips with their prompts; of renders, the ceiling; with prompts of others, the floor."""
    rng, own = evaluation_rng(seed, "alignment"), read_all(aligner, text, [clip.prompt for clip in clips])
    others = []
    for clip in clips:
        stories = other_stories(clip.spec, rng, judge.part, CANDIDATES - 1)
        others.append(read_all(aligner, text, [full_caption(story, rng, judge.part) for story in stories]))
    made = look_at(judge, torch.cat([_floats(frames_to_bytes(clip.frames)[None]) for clip in clips]))
    real = look_at(judge, _floats(rendered([clip.spec for clip in clips], size)))
    return {
        "generated": measure_alignment(aligner, made, own, others),
        "prompts of others": measure_alignment(aligner, made, own.roll(1, 0), others),
        "renders": measure_alignment(aligner, real, own, others),
    }


def rendered(specs: Sequence[StorySpec], size: int) -> Tensor:
    """Renders of stories of one length, (n, 3, f, H, W) uint8."""
    parts = [render(specs[i : i + BATCH], size=size).video for i in range(0, len(specs), BATCH)]
    return torch.cat([_bytes(part) for part in parts])


def frames_to_bytes(frames: np.ndarray) -> Tensor:
    """(f, H, W, 3) -> (3, f, H, W) uint8."""
    return torch.from_numpy(frames).permute(3, 0, 1, 2)


@torch.no_grad()
def _reconstructed(clips: Tensor, cvivit: CViViT) -> Tensor:
    """What the tokenizer makes of clips, (n, 3, f, H, W) uint8 -> same."""
    device = cvivit.quantizer.codebook.device
    made = [cvivit.decode(cvivit.encode(_floats(part).to(device))).cpu() for part in clips.split(BATCH)]
    return torch.cat([_bytes(part) for part in made])


def _bytes(video: Tensor) -> Tensor:
    return (video.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)


def _floats(video: Tensor) -> Tensor:
    return video.float() / 127.5 - 1
