"""From planned clips to frames; memory does not grow with the film."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from phenaki.config import ModelConfig
from phenaki.cvivit import CViViT
from phenaki.errors import ShapeError
from phenaki.events import FramesReady, GenerationEvent, SegmentFinished, SegmentStarted, TokensRefined
from phenaki.maskgit import MaskGit, Refinement, TextMemory, TokenCritic, sample_tokens
from phenaki.plan import PlannedClip
from phenaki.text import TextEncoder
from phenaki.timeline import MAX_SEGMENTS, PlannedSegment
from phenaki.video import frames_to_video, read_image, unpack_frames, video_to_frames

ClipEvents = Iterator[TokensRefined | FramesReady]


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
    critic: TokenCritic | None = None  # of ``refinement``


def tell_story(
    segments: Sequence[PlannedSegment],
    plan: Sequence[PlannedClip],
    sample_clip: Callable[[PlannedClip, np.ndarray | None], ClipEvents],
) -> Iterator[GenerationEvent]:
    """Make all clips of a film; leaving the loop stops it between two refinement steps.

    Args:
        segments: from ``Timeline.plan``.
        plan: from ``plan_clips``.
        sample_clip: makes one clip of ``plan``, given the end of the one that it goes on from.
    """
    last_child = {clip.parent: index for index, clip in enumerate(plan)}
    ends: dict[int | None, np.ndarray] = {}  # of clips that others will go on from
    for place, clips in groupby(enumerate(plan), key=lambda pair: pair[1].segment):
        begun = time.perf_counter()
        if place is not None:
            segment = segments[place]
            yield SegmentStarted(
                place, segment.prompt, segment.seed, segment.num_clips, segment.start_frame, segment.num_frames
            )
        for index, clip in clips:
            for event in sample_clip(clip, ends.get(clip.parent)):
                if isinstance(event, FramesReady):
                    ends[index] = event.end_token_ids
                if clip.shown or isinstance(event, TokensRefined):
                    yield event
            for used in (index, clip.parent):
                if last_child.get(used, -1) <= index:
                    ends.pop(used, None)
        if place is not None:
            yield SegmentFinished(place, segments[place].num_frames, time.perf_counter() - begun)


class ClipSampler:
    """Makes one clip at a time.

    The last tokens of the clip before are the first of a clip, whatever its prompt; only the frames after them are
    decoded. They are handed on as they are: decoding a film and tokenizing it again at every seam, as the paper does,
    would wear its pictures down clip by clip.

    Source: Phenaki, arXiv 2210.02399, section 2.2 and figure 2.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.read_prompt = lru_cache(maxsize=4)(self._read_prompt)  # the clips of a segment share it
        self.read_picture = lru_cache(maxsize=MAX_SEGMENTS)(
            self._read_picture
        )  # every plan of a film reads all of them

    @torch.inference_mode()
    def sample(self, clip: PlannedClip, prime_token_ids: np.ndarray | None) -> ClipEvents:
        """See ``Phenaki.sample_clip``."""
        parts, fps = self.parts, self.parts.config.clip.fps
        if clip.footage is not None:
            frames = self._read_footage(clip.footage)
            yield FramesReady(clip.segment, clip.clip, clip.start_frame, frames, fps, self._tokens_of_end(frames))
            return
        picture = None if clip.picture is None else self.read_picture(clip.picture)[None]
        token_ids, known = self._opening_tokens(clip, picture, prime_token_ids)
        grid = token_ids.shape[1:]
        mask_token_id = parts.maskgit.mask_token_id
        text, critic_text = self.read_prompt(clip.prompt)
        refine = parts.refinement.refiner(text, clip.sampling.guidance_scale, grid, critic_text)
        for state in sample_tokens(refine, token_ids.flatten(1), mask_token_id, clip.sampling, clip.noise_seed):
            token_ids = state.token_ids.unflatten(1, grid)
            masked = (token_ids[0] == mask_token_id).cpu().numpy()
            preview = partial(self._decode, state.guess.unflatten(1, grid), known, picture)
            yield TokensRefined(clip.segment, clip.clip, state.step, state.num_steps, masked, preview, clip.shown)
        frames = self._decode(token_ids, known, picture)
        yield FramesReady(clip.segment, clip.clip, clip.start_frame, frames, fps, self._end(token_ids))

    def _read_footage(self, footage: bytes) -> np.ndarray:
        """Frames of the model's size, (f, H, W, 3) uint8."""
        size, frames = self.parts.config.cvivit, unpack_frames(footage)
        if frames.shape[1:3] == (size.height, size.width):
            return frames
        return np.stack([read_image(frame, size.height, size.width) for frame in frames])

    def _opening_tokens(
        self, clip: PlannedClip, picture: np.ndarray | None, prime: np.ndarray | None
    ) -> tuple[Tensor, int]:
        """Token ids (1, t, h, w) at the start of a clip, and how many token frames of them are known."""
        parts = self.parts
        shape, grid = parts.config.clip, parts.config.cvivit.grid
        length = shape.token_frames(shape.clip_frames)
        token_ids = torch.full((1, length, *grid), parts.maskgit.mask_token_id, device=parts.device)
        if picture is not None:
            known = parts.cvivit.encode(frames_to_video(picture).to(parts.device))
        elif clip.parent is None:
            return token_ids, 0
        else:
            wanted = (shape.prime_token_frames, *grid)
            if prime is None or prime.shape != wanted:
                given = "nothing" if prime is None else f"tokens of shape {prime.shape}"
                raise ShapeError(
                    f"The clip got {given} to go on from; give it the end of the clip before it, of shape {wanted}."
                )
            known = torch.from_numpy(prime).to(parts.device, torch.int64)[None]
        token_ids[:, : known.shape[1]] = known
        return token_ids, known.shape[1]

    def _end(self, token_ids: Tensor) -> np.ndarray:
        """The last token frames of (1, t, h, w), as ``FramesReady`` holds them."""
        return token_ids[0, -self.parts.config.clip.prime_token_frames :].to("cpu", torch.int32).numpy().copy()

    def _tokens_of_end(self, frames: np.ndarray) -> np.ndarray:
        """The last token frames of footage; where it is long enough, none of them is the first of a film."""
        shape = self.parts.config.clip
        most = shape.prime_frames + shape.patch_frames
        end = frames[-(most if len(frames) >= most else shape.prime_frames) :]
        return self._end(self.parts.cvivit.encode(frames_to_video(end).to(self.parts.device)))

    @torch.inference_mode()
    def _decode(self, token_ids: Tensor, known: int, picture: np.ndarray | None) -> np.ndarray:
        """The frames that a clip adds, with the picture that it begins with."""
        frames = video_to_frames(self.parts.decode(token_ids, start=known))
        return frames if picture is None else np.concatenate([picture, frames])

    def _read_picture(self, picture: bytes) -> np.ndarray:
        """A picture of the model's size, (H, W, 3) uint8."""
        size = self.parts.config.cvivit
        return read_image(picture, size.height, size.width)

    def _read_prompt(self, prompt: str) -> tuple[TextMemory, TextMemory | None]:
        """Keys and values of one prompt, for the transformer and for the critic, if there is one."""
        embeds, mask = self.parts.text.encode([prompt])
        embeds = embeds.to(self.parts.maskgit.bias.dtype)
        critic = self.parts.critic
        return self.parts.maskgit.read_text(embeds, mask), None if critic is None else critic.read_text(embeds, mask)
