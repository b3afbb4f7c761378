"""Pictures of what a model makes while it learns: reconstructions beside what was given, and films of prompts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phenaki.config import ModelConfig
from phenaki.cvivit import CViViT
from phenaki.device import mixed_precision
from phenaki.events import FramesReady
from phenaki.pipeline import Phenaki
from phenaki.segment import Segment
from phenaki.timeline import Timeline
from phenaki.training.source import WORLD, Sample, Source
from phenaki.video import video_to_frames
from phenaki.world.contact_sheet import Panel, contact_sheet, save_sheet

ROWS = 8
SIDE = 96  # pixels on a side of a frame on the sheet


@torch.no_grad()
def write_reconstructions(
    model: CViViT, config: ModelConfig, samples: Sequence[Sample], path: Path, source: Source = WORLD, *,
    quantize: bool = True,
) -> None:  # fmt: skip
    """A sheet with the first samples as they are, on the left, and as the tokenizer gives them back."""
    samples = samples[:ROWS]
    target = source.pixels(samples, config.cvivit.height, model.quantizer.codebook.device).video
    with mixed_precision(target.device):
        made = model.eval()(target, quantize=quantize)[0]
    pairs = zip(samples, _frames(target), _frames(made), strict=True)
    rows = [[Panel(true, f"given: {s.caption}"), Panel(own, "tokenizer")] for s, true, own in pairs]
    save_sheet(contact_sheet(rows, side=SIDE), path)


def write_films(folder: Path, path: Path, source: Source = WORLD, device: str = "auto") -> None:
    """A sheet with films of prompts like those of ``source``, as the weights in ``folder`` make them.

    Each is a story of two clips. Prompts and seeds are always the same.
    """
    model = Phenaki.from_pretrained(folder, device)
    rng = np.random.default_rng(10_001)
    rows = []
    for seed in range(ROWS):
        prompts = source.story(rng, model.clip)
        lengths = model.clip.first_seconds, model.clip.step_seconds
        segments = tuple(Segment(prompt, seconds) for prompt, seconds in zip(prompts, lengths, strict=True))
        events = model.generate(Timeline(segments, seed=seed))
        clips = [event.frames for event in events if isinstance(event, FramesReady)]
        rows.append([Panel(frames, prompt) for frames, prompt in zip(clips, prompts, strict=True)])
    save_sheet(contact_sheet(rows, side=SIDE), path)


def _frames(video: Tensor) -> list[np.ndarray]:
    """(b, 3, f, H, W) -> b times (f, H, W, 3) uint8."""
    return [video_to_frames(clip[None]) for clip in video.float().cpu()]
