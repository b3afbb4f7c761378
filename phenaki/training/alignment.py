"""Training of the two towers that score how well a clip goes with its prompt, on renders and captions of the world.

python -m phenaki.training.alignment assets/judge

The towers learn from what the judge sees in renders, half of them spoilt as generated clips are, and from the words of
their captions; both are computed once. The work is counted in clips and steps, not in minutes, so that the same seed
gives the same towers.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.evaluation.alignment import Aligner, look_at, measure_alignment, read_all, save_aligner
from phenaki.evaluation.distractors import full_caption, other_stories
from phenaki.evaluation.facts import ClipFacts, judged_part
from phenaki.evaluation.figures import AlignmentScore
from phenaki.evaluation.judge import WorldJudge, load_judge
from phenaki.evaluation.samples import evaluation_rng
from phenaki.text import TextEncoder, encode_alike, load_text_encoder
from phenaki.training.judge import roughen
from phenaki.world.windows import render_windows, sample_opening

CAPTIONS, OTHERS = 2, 2  # of each clip, and of stories that differ from it in one attribute
CANDIDATES = 32
RENDERED = 32  # clips at a time


@dataclass(frozen=True)
class Lessons:
    """Clips and captions as the frozen networks see them."""

    seen: Tensor  # (n, ...) float32, see ``look_at``
    words: list[Tensor]  # CAPTIONS + OTHERS of each clip, one clip after the other, (l, d) float16 each
    facts: Tensor  # (n, 1 + OTHERS): a number for what the clip, and each of the others, shows


def train_alignment(
    folder: Path, *, clips: int = 4096, steps: int = 1200, batch: int = 128, lr: float = 2e-3, seed: int = 0,
    test: int = 128,
) -> AlignmentScore:  # fmt: skip
    """Train towers for the judge in ``folder`` and leave them beside it.

    Args:
        folder: with a judge.
        clips: renders to learn from.
        steps: of the optimiser.
        batch: clips a step.
        lr: learning rate, which falls to 0 along a cosine.
        seed: of weights and data.
        test: fresh renders to measure on.

    Returns:
        The score of the fresh renders.

    Raises:
        CheckpointError: the folder holds no judge.
    """
    judge, text = load_judge(folder), load_text_encoder("minilm")
    begun = time.process_time()
    lessons = make_lessons(judge, text, clips, seed)
    torch.manual_seed(seed)
    aligner = Aligner(judge, text.dim)
    optimizer = torch.optim.AdamW(aligner.parameters(), lr=lr, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    rng = np.random.default_rng([seed, 29])
    for step in range(steps):
        loss = contrast(aligner, lessons, torch.from_numpy(rng.integers(clips, size=batch)), rng)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            sys.stderr.write(f"step {step} of {steps}, loss {loss.item():.3f}\n")
    score = score_fresh_renders(aligner, judge, text, test, seed)
    save_aligner(
        aligner, judge, folder,
        judge.part.facts | {
            "clips": clips, "steps": steps, "seed": seed, "score": f"{score.score:.2f}",
            "first_of_32": f"{score.first.value:.4f}", "cpu_minutes": f"{(time.process_time() - begun) / 60:.1f}",
        },
    )  # fmt: skip
    return score


@torch.no_grad()
def make_lessons(judge: WorldJudge, text: TextEncoder, count: int, seed: int) -> Lessons:
    """Render, watch and read all that the towers learn from."""
    rng, numbers = np.random.default_rng([seed, 23]), dict[ClipFacts, int]()
    part = judged_part(judge.part)
    seen, prompts, facts = [], [], []
    for first in range(0, count, RENDERED):
        windows = [
            sample_opening(rng, judge.config.clip, combos="all", part=part) for _ in range(min(RENDERED, count - first))
        ]
        video = render_windows(windows, judge.config.size).video
        half = len(video) // 2
        seen.append(look_at(judge, torch.cat([video[:half], roughen(video[half:], rng)])))
        for window in windows:
            others = other_stories(window.spec, rng, part, OTHERS)
            stories = [window.spec] * CAPTIONS + (others + [window.spec] * OTHERS)[:OTHERS]
            prompts += [full_caption(story, rng, part) for story in stories]
            told = [ClipFacts.told(story, story.stages[0]) for story in stories[CAPTIONS - 1 :]]
            facts.append([numbers.setdefault(fact, len(numbers)) for fact in told])
        sys.stderr.write(f"\rclips {first + len(windows)} of {count}")
    sys.stderr.write("\n")
    return Lessons(torch.cat(seen), _read_words(text, prompts), torch.tensor(facts))


def _read_words(text: TextEncoder, prompts: list[str], batch: int = 32) -> list[Tensor]:
    """Word vectors of each prompt, (l, d) float16; prompts of like length are read together."""
    words: list[Tensor] = [torch.empty(0)] * len(prompts)
    for rows, text_embeds, text_mask in encode_alike(text, prompts, batch):
        for i, own, mask in zip(rows, text_embeds, text_mask, strict=True):
            words[i] = own[mask].half()
    return words


def contrast(aligner: Aligner, lessons: Lessons, rows: Tensor, rng: np.random.Generator) -> Tensor:
    """How badly clips find their captions among those of the batch and of what differs in one attribute, and back.

    Args:
        aligner: learns.
        lessons: of which ``rows`` are the batch, (b,).
        rows: numbers of clips.
        rng: picks one of each clip's captions.

    Source: InfoNCE, arXiv 1807.03748; captions that say just what the clip shows are not held against it.
    """
    count, each = len(rows), CAPTIONS + OTHERS
    chosen = torch.from_numpy(rng.integers(CAPTIONS, size=count))
    places = torch.cat([rows * each + chosen, *(rows * each + CAPTIONS + i for i in range(OTHERS))])
    texts = aligner.read(*_pad([lessons.words[i] for i in places.tolist()]))  # (b + OTHERS * b, DIM)
    clips = aligner.watch(lessons.seen[rows])  # (b, DIM)
    own = lessons.facts[rows]  # (b, 1 + OTHERS)
    same = own[:, :1] == own.T.reshape(1, -1)  # (b, b + OTHERS * b)
    same[torch.arange(count), torch.arange(count)] = False
    logits = (aligner.scale.clamp(max=4.6).exp() * clips @ texts.T).masked_fill(same, -torch.inf)
    target = torch.arange(count)
    return F.cross_entropy(logits, target) + F.cross_entropy(logits[:, :count].T, target)


def _pad(words: list[Tensor]) -> tuple[Tensor, Tensor]:
    """(b, l, d) float32 and (b, l) bool, as a text encoder gives them."""
    padded = torch.nn.utils.rnn.pad_sequence([w.float() for w in words], batch_first=True)
    lengths = torch.tensor([len(w) for w in words])
    return padded, torch.arange(padded.shape[1]) < lengths[:, None]


@torch.no_grad()
def score_fresh_renders(
    aligner: Aligner, judge: WorldJudge, text: TextEncoder, count: int, seed: int = 0
) -> AlignmentScore:
    """The score of fresh renders."""
    rng, part = evaluation_rng(seed, "alignment's test"), judge.part
    shape = judge.config.clip
    windows = [sample_opening(rng, shape, combos="all", part=part) for _ in range(count)]
    seen = torch.cat(
        [
            look_at(judge, render_windows(windows[i : i + RENDERED], judge.config.size).video)
            for i in range(0, count, RENDERED)
        ]
    )
    texts = read_all(aligner, text, [full_caption(w.spec, rng, part) for w in windows])
    others = []
    for window in windows:
        stories = other_stories(window.spec, rng, part, CANDIDATES - 1)
        others.append(read_all(aligner, text, [full_caption(story, rng, part) for story in stories]))
    return measure_alignment(aligner, seen, texts, others)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the towers that score how well clips go with prompts.")
    parser.add_argument("folder", type=Path, help="with a judge, such as assets/judge; the towers go there too")
    parser.add_argument("--clips", type=int, default=4096, help="renders to learn from (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=1200, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="of weights and data (default: %(default)s)")
    options = parser.parse_args()
    score = train_alignment(options.folder, clips=options.clips, steps=options.steps, seed=options.seed)
    print(f"alignment {score.score:.1f}, R@1 of {CANDIDATES}: {score.first}")  # noqa: T201


if __name__ == "__main__":
    main()
