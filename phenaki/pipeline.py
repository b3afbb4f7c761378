"""The whole model behind one class: a timeline in, events out."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import torch

import kernels
from phenaki.checkpoint import load_config, load_part, weights_digest
from phenaki.config import ModelConfig, SamplingConfig, preset
from phenaki.cvivit import CViViT, RecordedDecoder
from phenaki.device import find_device, find_precision
from phenaki.errors import CheckpointError, MediaError
from phenaki.events import FramesReady, GenerationEvent, TokensRefined
from phenaki.maskgit import MaskGit, TokenCritic, refinement_for
from phenaki.plan import PlannedClip, plan_clips
from phenaki.shapes import ClipShape
from phenaki.story import ClipSampler, Parts, tell_story
from phenaki.text import load_text_encoder
from phenaki.timeline import Timeline
from phenaki.upsampler import Upsampler, load_upsampler

ASSETS = Path(__file__).resolve().parents[1] / "assets"


class Phenaki:
    """A text-to-video model in memory.

    >>> model = Phenaki.from_pretrained("toy-64")
    >>> story = Timeline((Segment("a fox walks right in the snow", 2.125), Segment("the fox jumps", 1.5)))
    >>> for event in model.generate(story):
    ...     print(event)
    """

    def __init__(self, parts: Parts, upsampler: Upsampler | None = None) -> None:
        self._parts = parts
        self._upsampler = upsampler
        self._sampler = ClipSampler(parts)
        self._check_prompt = lru_cache(maxsize=4096)(parts.text.check)

    @classmethod
    def from_pretrained(cls, name: str | Path = "toy-64", device: str = "auto", precision: str = "auto") -> Phenaki:
        """Load a folder of weights.

        Args:
            name: a folder, or the name of a model that comes with this program.
            device: "cpu", "cuda", "cuda:1"..., or "auto": a GPU if there is one.
            precision: of the transformer's numbers: "float32", "bfloat16", "float16", or "auto": bfloat16 where the
                device multiplies matrices in it, else float32.

        Raises:
            CheckpointError: the folder is missing, damaged or not ours.
            DeviceError: there is no such device or precision.
        """
        folder = Path(name) if Path(name).is_dir() else ASSETS / str(name)
        if not folder.is_dir():
            shipped = sorted(
                p.parent.name for p in ASSETS.glob("*/config.json") if (p.parent / "maskgit.safetensors").exists()
            )
            raise CheckpointError(
                f"There is no model {str(name)!r}: use a folder of weights or one of: {', '.join(shipped) or 'none'}."
            )
        config = load_config(folder)
        cvivit, maskgit = build_networks(config)
        load_part(cvivit, folder, "cvivit")
        load_part(maskgit, folder, "maskgit")
        critic = build_critic(config) if config.critic.used else None
        if critic is not None:
            load_part(critic, folder, "critic")
        return cls._assemble(config, cvivit, maskgit, device, precision, load_upsampler(folder), critic)

    @classmethod
    def from_preset(cls, name: str = "tiny", seed: int = 0, device: str = "auto", precision: str = "auto") -> Phenaki:
        """A model of named sizes with random weights: for tests and for timing, not for watching."""
        config = preset(name)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            cvivit, maskgit = build_networks(config)
        return cls._assemble(config, cvivit, maskgit, device, precision)

    @classmethod
    def _assemble(
        cls, config: ModelConfig, cvivit: CViViT, maskgit: MaskGit, device: str, precision: str,
        upsampler: Upsampler | None = None, critic: TokenCritic | None = None,
    ) -> Phenaki:  # fmt: skip
        place = find_device(device)
        dtype = find_precision(precision, place)
        text = load_text_encoder(config.text_encoder, device=place)
        cvivit, maskgit = cvivit.eval().requires_grad_(False), maskgit.eval().requires_grad_(False)
        # the tokenizer stays in float32: rounding would change which code is the nearest
        maskgit = maskgit.to(place, dtype)
        transformers = [config.maskgit]
        if critic is not None:
            critic = critic.eval().requires_grad_(False).to(place, dtype)
            transformers.append(config.critic)
        kernels.warmup(
            place,
            dtype,
            head_widths=[part.dim // part.heads for part in transformers],
            tokenizer_head_widths=[config.cvivit.dim // config.cvivit.heads],
            code_width=config.cvivit.codebook_dim,
            vocabulary=config.cvivit.codebook_size,
        )
        cvivit = cvivit.to(place)
        decode = RecordedDecoder(cvivit) if place.type == "cuda" else cvivit.decode
        if upsampler is not None:
            upsampler = upsampler.to(place, find_precision("auto", place))
        refinement = refinement_for(maskgit, place, critic)
        return cls(Parts(config, cvivit, maskgit, text, refinement, decode, place, critic), upsampler)

    @property
    def config(self) -> ModelConfig:
        """All sizes."""
        return self._parts.config

    @property
    def clip(self) -> ClipShape:
        """How this model cuts time."""
        return self._parts.config.clip

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self._parts.device

    @property
    def precision(self) -> str:
        """Of the transformer's numbers: "float32", "bfloat16" or "float16"."""
        return str(self._parts.maskgit.bias.dtype).removeprefix("torch.")

    @property
    def kernels(self) -> str:
        """One line about which version of attention, codebook lookup and token draw runs, and why."""
        return kernels.status()

    @property
    def vocabulary(self) -> Mapping[str, tuple[str, ...]]:
        """Kinds of words (subjects, scenes...) and the words that the model was trained on; empty if not recorded."""
        return self._parts.config.vocabulary

    @property
    def known_words(self) -> tuple[str, ...]:
        """Every single word of the training captions, in small letters; empty if not recorded."""
        return self._parts.config.known_words

    @cached_property
    def fingerprint(self) -> str:
        """Stands for all of the model that decides a pixel: name, sizes, weights, precision, kind of device.

        The text encoder counts by its name. The first call takes a while: it reads all weights.
        """
        parts, config = self._parts, self.config
        networks, sized = [parts.cvivit, parts.maskgit], [config.clip, config.cvivit, config.maskgit]
        if parts.critic is not None:  # a model without one keeps the fingerprint that it had before there were any
            networks.append(parts.critic)
            sized.append(config.critic)
        sizes = [dataclasses.asdict(part) for part in sized]
        weights = weights_digest(*networks)
        digest = hashlib.sha256(json.dumps([sizes, config.text_encoder, weights], sort_keys=True).encode()).hexdigest()
        return f"{config.name} {digest[:32]} {self.precision} {self.device.type}"

    def plan(self, timeline: Timeline, sampling: SamplingConfig | None = None) -> list[PlannedClip]:
        """The clips of a film, each behind the one that it grows out of, with a key for everything that decides it.

        It is cheap enough to be asked after every edit.

        Args:
            timeline: the story; its lengths must be ones that the model can make (``timeline.fit(model.clip)``).
            sampling: steps, guidance, temperatures; None: what suits this model best.

        Raises:
            TimelineError: a length cannot be made, a prompt is too long, or the footage is too short.
            MediaError: a start image is not an image.
        """
        plan = plan_clips(timeline, sampling or self.config.sampling, self.clip, self.fingerprint)
        for clip in plan:
            if clip.segment is not None:
                self._check(clip, clip.segment)
        return plan

    def _check(self, clip: PlannedClip, segment: int) -> None:
        """Read prompt and picture, which costs something only the first time."""
        self._check_prompt(clip.prompt)
        if clip.picture is None:
            return
        try:
            self._sampler.read_picture(clip.picture)
        except MediaError as error:
            raise MediaError(f"The start image of segment {segment + 1} cannot be used. {error}") from None

    def sample_clip(
        self, clip: PlannedClip, prime_token_ids: np.ndarray | None
    ) -> Iterator[TokensRefined | FramesReady]:
        """Make one clip of a plan.

        Args:
            clip: from ``plan``.
            prime_token_ids: ``end_token_ids`` of the clip that it goes on from, ``clip.parent``; ignored where a shot
                begins.

        Returns:
            An event after each refinement step, then the frames. Closing the iterator stops the work.

        Raises:
            ShapeError: they are missing, or as many as another model has.
        """
        return self._sampler.sample(clip, prime_token_ids)

    @property
    def upsamples(self) -> bool:
        """Whether the model has an upsampler, so that ``enlarge`` does something."""
        return self._upsampler is not None

    def enlarge(self, frames: np.ndarray) -> np.ndarray:
        """Larger, sharper pictures of what ``sample_clip`` made, for people to watch.

        Args:
            frames: (f, H, W, 3) uint8 of the model's size.

        Returns:
            (f, kH, kW, 3) uint8; the frames themselves (k = 1) where the model has no upsampler.
        """
        return frames if self._upsampler is None else self._upsampler.enlarge(frames)

    def generate(self, timeline: Timeline, sampling: SamplingConfig | None = None) -> Iterator[GenerationEvent]:
        """Make a film: ``plan`` it, and ``sample_clip`` one clip after the other.

        Arguments and errors are those of ``plan``; what is wrong is told before anything is sampled.

        Returns:
            Events as they happen. Closing the iterator stops the work.
        """
        plan = self.plan(timeline, sampling)
        return tell_story(timeline.plan(self.clip), plan, self.sample_clip)


def build_networks(config: ModelConfig) -> tuple[CViViT, MaskGit]:
    """Tokenizer and transformer of these sizes, with random weights."""
    grid = (config.clip.token_frames(config.clip.clip_frames), *config.cvivit.grid)
    return CViViT(config.cvivit), MaskGit(config.maskgit, config.cvivit.codebook_size, grid)


def build_critic(config: ModelConfig) -> TokenCritic:
    """The token critic of these sizes, with random weights."""
    grid = (config.clip.token_frames(config.clip.clip_frames), *config.cvivit.grid)
    return TokenCritic(config.critic, config.cvivit.codebook_size, grid)
