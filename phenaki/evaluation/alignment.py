"""How well clips go with their prompts: a tower that reads, a tower that watches, and the cosine between them.

The towers are small and stand on what is there: on the word vectors of the text encoder and on those of the judge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.checkpoint import load_part, save_part, weights_digest
from phenaki.errors import CheckpointError
from phenaki.evaluation.figures import AlignmentScore, Share
from phenaki.evaluation.judge import WorldJudge
from phenaki.text import TextEncoder, encode_alike

PART = "alignment"
WIDTH, LOOKS, DIM = 128, 8, 96  # of a word; vectors that a prompt is read into; of the space in which both meet
BATCH = 32


class Aligner(nn.Module):
    """Two towers whose vectors are close where text and clip agree.

    Source: CLIP, arXiv 2103.00020, here over frozen features; several learned queries read the words, as in Set
    Transformer's pooling, arXiv 1810.00825: the mean of a prompt's word vectors does not tell left from right.
    """

    def __init__(self, judge: WorldJudge, text_dim: int) -> None:
        super().__init__()
        seen = 2 * judge.config.frame_dim + judge.config.dim
        self.word = nn.Sequential(nn.Linear(text_dim, WIDTH), nn.GELU())
        self.look = nn.Linear(WIDTH, LOOKS)
        self.text = nn.Sequential(
            nn.LayerNorm(LOOKS * WIDTH), nn.Linear(LOOKS * WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, DIM)
        )
        self.video = nn.Sequential(nn.LayerNorm(seen), nn.Linear(seen, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, DIM))
        self.scale = nn.Parameter(torch.tensor(math.log(10.0)))  # of the cosine, in training

    def read(self, text_embeds: Tensor, text_mask: Tensor) -> Tensor:
        """Vectors of length 1 of prompts, (b, DIM), from (b, l, d) and (b, l) as a text encoder gives them."""
        words = self.word(text_embeds)  # (b, l, WIDTH)
        weight = self.look(words).masked_fill(~text_mask[..., None], -torch.inf).softmax(1)  # (b, l, LOOKS)
        return F.normalize(self.text((weight.transpose(1, 2) @ words).flatten(1)), dim=-1)

    def watch(self, seen: Tensor) -> Tensor:
        """Vectors of length 1 of clips, (b, DIM), from what ``look_at`` sees in them."""
        return F.normalize(self.video(seen), dim=-1)


@torch.no_grad()
def look_at(judge: WorldJudge, video: Tensor) -> Tensor:
    """The judge's vectors of clips (b, 3, f, H, W) in [-1, 1]: of all frames, of the new ones and of the clip."""
    seen = []
    for part in video.split(BATCH):
        frames, clip = judge.vectors(part.to(judge.frame.weight.device))
        assert clip is not None  # a clip has more than one frame
        seen.append(torch.cat([frames.mean(1), frames[:, -judge.config.new_frames :].mean(1), clip], dim=1))
    return torch.cat(seen).cpu()


@torch.no_grad()
def read_all(aligner: Aligner, text: TextEncoder, prompts: Sequence[str]) -> Tensor:
    """Vectors of prompts, (n, DIM); prompts of like length are read together."""
    vectors = torch.empty(len(prompts), DIM)
    for rows, text_embeds, text_mask in encode_alike(text, prompts, BATCH):
        vectors[rows] = aligner.read(text_embeds.cpu(), text_mask.cpu())
    return vectors


@torch.no_grad()
def measure_alignment(aligner: Aligner, seen: Tensor, texts: Tensor, others: Sequence[Tensor]) -> AlignmentScore:
    """Score clips.

    Args:
        aligner: on the CPU.
        seen: what ``look_at`` sees in the clips, (n, ...).
        texts: vectors of their prompts, (n, DIM).
        others: for each clip, vectors of other prompts (k, DIM) among which its own should be the closest.
    """
    clips = aligner.eval().watch(seen)
    own = (clips * texts).sum(1)  # (n,)
    first = sum(bool((own[i] > clips[i] @ others[i].T).all()) for i in range(len(clips)))
    return AlignmentScore(100 * float(own.mean()), Share(first, len(clips)))


def save_aligner(aligner: Aligner, judge: WorldJudge, folder: Path, provenance: dict[str, object]) -> None:
    """Write ``alignment.safetensors`` beside the judge whose vectors it watches."""
    save_part(aligner, folder, PART, provenance | {"judge": weights_digest(judge)})


def load_aligner(folder: Path, judge: WorldJudge, text: TextEncoder) -> Aligner | None:
    """The towers that lie beside a judge; None if there are none.

    Raises:
        CheckpointError: they were trained on the vectors of another judge, or the file is damaged.
    """
    if not (folder / f"{PART}.safetensors").is_file():
        return None
    aligner = Aligner(judge, text.dim)
    provenance = load_part(aligner, folder, PART)
    if provenance.get("judge") != weights_digest(judge):
        raise CheckpointError(
            f"{folder / PART}.safetensors was trained with another judge than the one beside it. Train it again: "
            f"python -m phenaki.training.alignment {folder}"
        )
    return aligner.eval().requires_grad_(False)
