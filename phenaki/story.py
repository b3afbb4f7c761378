"""From a planned timeline to frames, clip by clip; memory does not grow with the film."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from phenaki.config import ModelConfig, SamplingConfig
from phenaki.cvivit import CViViT
from phenaki.events import FramesReady, GenerationEvent, SegmentFinished, SegmentStarted, TokensRefined
from phenaki.maskgit import MaskGit, Refinement, TextMemory, sample_tokens
from phenaki.text import TextEncoder
from phenaki.timeline import PlannedSegment
from phenaki.video import frames_to_video, video_to_frames


class Decode(Protocol):
    """``CViViT.decode``, recorded or not."""

    def __call__(self, token_ids: Tensor, *, start: int = 0) -> Tensor: ...


@dataclass(frozen=True)
class Parts:
    """The networks of one model, on one device."""

    config: ModelConfig
    cvivit: CViViT
    maskgit: MaskGit
    text: TextEncoder
    refinement: Refinement  # of ``maskgit``
    decode: Decode  # of ``cvivit``
    device: torch.device


@torch.inference_mode()
def tell_story(
    parts: Parts, plan: Sequence[PlannedSegment], sampling: SamplingConfig, start_frame: np.ndarray | None = None
) -> Iterator[GenerationEvent]:
    """Make the film of a timeline; leaving the loop stops it between two refinement steps.

    The last ``prime_frames`` frames of each clip are tokenized again and become the known tokens of the next one,
    whatever its prompt; only the frames after them are decoded.

    Args:
        parts: the model.
        plan: segments in order, from ``Timeline.plan``.
        sampling: steps, guidance and temperatures.
        start_frame: (H, W, 3) uint8 of the model's size: the first frame of the film; None: it is made up too.

    Source: Phenaki, arXiv 2210.02399, section 2.2 and figure 2.
    """
    shape = parts.config.clip
    prime = None if start_frame is None else start_frame[None]  # (f, H, W, 3) uint8
    for segment in plan:
        begun = time.perf_counter()
        yield SegmentStarted(
            segment.index, segment.prompt, segment.seed, segment.num_clips, segment.start_frame, segment.num_frames
        )
        text = _read_prompt(parts, segment.prompt)
        frame = segment.start_frame
        for clip in range(segment.num_clips):
            token_ids, known = _opening_tokens(parts, prime)
            grid = token_ids.shape[1:]
            mask_token_id = parts.maskgit.mask_token_id
            refine = parts.refinement.refiner(text, sampling.guidance_scale, grid)
            noise_seed = segment.seed + (clip << 32)  # a segment's seed has 32 bits; each clip gets noise of its own
            for state in sample_tokens(refine, token_ids.flatten(1), mask_token_id, sampling, noise_seed):
                token_ids = state.token_ids.unflatten(1, grid)
                masked = (token_ids[0] == mask_token_id).cpu().numpy()
                yield TokensRefined(segment.index, clip, state.step, state.num_steps, masked)
            frames = video_to_frames(parts.decode(token_ids, start=known))
            if frame == 0 and start_frame is not None:
                frames = np.concatenate([start_frame[None], frames])
            yield FramesReady(segment.index, clip, frame, frames, shape.fps)
            frame += len(frames)
            before = frames if prime is None else np.concatenate([prime, frames])
            prime = before[-shape.prime_frames :]
        yield SegmentFinished(segment.index, segment.num_frames, time.perf_counter() - begun)


def _read_prompt(parts: Parts, prompt: str) -> TextMemory:
    """Keys and values of one prompt."""
    embeds, mask = parts.text.encode([prompt])
    return parts.maskgit.read_text(embeds.to(parts.maskgit.bias.dtype), mask)


def _opening_tokens(parts: Parts, prime: np.ndarray | None) -> tuple[Tensor, int]:
    """Token ids (1, t, h, w) at the start of a clip, and how many token frames of them are known."""
    rows, columns = parts.config.cvivit.grid
    length = parts.config.clip.token_frames(parts.config.clip.clip_frames)
    token_ids = torch.full((1, length, rows, columns), parts.maskgit.mask_token_id, device=parts.device)
    if prime is None:
        return token_ids, 0
    known = parts.cvivit.encode(frames_to_video(prime).to(parts.device))
    token_ids[:, : known.shape[1]] = known
    return token_ids, known.shape[1]
