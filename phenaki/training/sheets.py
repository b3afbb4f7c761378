"""Pictures of what a model makes while it learns: reconstructions beside renders, and films of prompts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phenaki.config import ModelConfig
from phenaki.cvivit import CViViT
from phenaki.events import FramesReady
from phenaki.pipeline import Phenaki
from phenaki.segment import Segment
from phenaki.timeline import Timeline
from phenaki.video import video_to_frames
from phenaki.world.contact_sheet import Panel, contact_sheet, save_sheet
from phenaki.world.parts import WorldPart
from phenaki.world.render import render
from phenaki.world.windows import Window, sample_script

ROWS = 8
SIDE = 96  # pixels on a side of a frame on the sheet


@torch.no_grad()
def write_reconstructions(
    model: CViViT, config: ModelConfig, windows: list[Window], path: Path, *, quantize: bool = True
) -> None:
    """A sheet with the first windows as rendered, on the left, and as the tokenizer gives them back."""
    windows = windows[:ROWS]
    target = render(
        [w.spec for w in windows], size=config.cvivit.height, start=[w.start for w in windows],
        num_frames=windows[0].num_frames, device=model.quantizer.codebook.device,
    ).video  # fmt: skip
    with torch.autocast(target.device.type, torch.bfloat16):
        made = model.eval()(target, quantize=quantize)[0]
    pairs = zip(windows, _frames(target), _frames(made), strict=True)
    rows = [[Panel(true, f"render: {w.caption}"), Panel(own, "tokenizer")] for w, true, own in pairs]
    save_sheet(contact_sheet(rows, side=SIDE), path)


def write_films(folder: Path, path: Path, part: WorldPart, device: str = "auto") -> None:
    """A sheet with films of prompts of the part of the world, as the weights in ``folder`` make them.

    Each is a story of two clips. Prompts and seeds are always the same.
    """
    model = Phenaki.from_pretrained(folder, device)
    rng = np.random.default_rng(10_001)
    rows = []
    for seed in range(ROWS):
        prompts = sample_script(rng, model.clip, part=part, stages=(2, 2), combos="train").prompts
        lengths = model.clip.first_seconds, model.clip.step_seconds
        segments = tuple(Segment(prompt, seconds) for prompt, seconds in zip(prompts, lengths, strict=True))
        events = model.generate(Timeline(segments, seed=seed))
        clips = [event.frames for event in events if isinstance(event, FramesReady)]
        rows.append([Panel(frames, prompt) for frames, prompt in zip(clips, prompts, strict=True)])
    save_sheet(contact_sheet(rows, side=SIDE), path)


def _frames(video: Tensor) -> list[np.ndarray]:
    """(b, 3, f, H, W) -> b times (f, H, W, 3) uint8."""
    return [video_to_frames(clip[None]) for clip in video.float().cpu()]
