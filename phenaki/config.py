"""Every size and setting, as frozen dataclasses that are checked when built and saved as JSON beside what they made."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from phenaki.errors import ConfigError, shown
from phenaki.shapes import ClipShape

T = TypeVar("T")
MOST_CODES = 2**18  # that ``kernels.vq_lookup`` finds


def _check_positive(config: object, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigError(f"{name} is {shown(value)}; use a whole number of 1 or more.")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} is {shown(value)}; use one of {', '.join(choices)}.")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name} is {shown(value)}; use a number from {low:g} to {high:g}.")


def _check_heads(dim: int, heads: int) -> None:
    """Positions turn pairs of numbers of each head."""
    if dim % heads or dim // heads % 2:
        raise ConfigError(f"dim is {dim}; it must be a multiple of twice the heads ({heads}).")


@dataclass(frozen=True)
class SamplingConfig:
    """How one clip is sampled. The demo and the command line take their defaults from here."""

    num_inference_steps: int = 18  # refinement steps for each clip
    guidance_scale: float = 3.0  # null + scale * (cond - null); 1.0 = no guidance
    temperature: float = 1.0  # softness of the token draw; 0.0 = always the likeliest token
    choice_temperature: float = 4.5  # noise on the order in which tokens are kept, falling to 0 at the last step

    def __post_init__(self) -> None:
        steps = self.num_inference_steps
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= 200:
            raise ConfigError(f"num_inference_steps is {shown(steps)}; use a whole number from 1 to 200.")
        _check_range("guidance_scale", self.guidance_scale, 0.0, 50.0)
        _check_range("temperature", self.temperature, 0.0, 10.0)
        _check_range("choice_temperature", self.choice_temperature, 0.0, 100.0)


@dataclass(frozen=True)
class CViViTConfig:
    """Sizes of the tokenizer."""

    height: int = 64  # pixels
    width: int = 64
    patch_size: int = 8  # pixels on a side of one token
    patch_frames: int = 2  # pixel frames of one token, except in the first token frame
    stem: str = "conv"  # how pixels become token vectors: "conv" (strided convolutions) or "patch" (the paper's)
    head: str = "conv"  # the way back: "conv" (convolutions and pixel shuffle) or "linear" (the paper's)
    dim: int = 160  # width of the transformers
    channels: tuple[int, ...] = (48, 96, 160)  # of the convolutions, from fine to coarse, one halving of the size each
    encoder_spatial_depth: int = (
        0  # transformer layers over one token frame; with 0, a token sees its surroundings only
    )
    decoder_spatial_depth: int = 1
    encoder_temporal_depth: int = 1  # causal transformer layers over time
    decoder_temporal_depth: int = 1
    temporal_window: int = 0  # token frames that one sees, itself among them; 0: all before it
    heads: int = 5
    mlp_ratio: float = 4.0
    codebook_size: int = 4096
    codebook_dim: int = 16  # codes are unit vectors in this many dimensions

    def __post_init__(self) -> None:
        _check_positive(self, "height", "width", "patch_size", "patch_frames", "dim", "heads")
        _check_positive(self, "codebook_size", "codebook_dim")
        depths = [f"{part}_{axis}_depth" for part in ("encoder", "decoder") for axis in ("spatial", "temporal")]
        for name in (*depths, "temporal_window"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ConfigError(f"{name} is {shown(value)}; use a whole number of 0 or more.")
        _check_range("mlp_ratio", self.mlp_ratio, 0.125, 64.0)
        _check_choice("stem", self.stem, ("conv", "patch"))
        _check_choice("head", self.head, ("conv", "linear"))
        channels = tuple(self.channels) if isinstance(self.channels, list | tuple) else (None,)
        if not all(isinstance(c, int) and not isinstance(c, bool) and c > 0 for c in channels):
            raise ConfigError(f"channels is {shown(self.channels)}; use a list of whole numbers of 1 or more.")
        object.__setattr__(self, "channels", channels)
        for name in ("height", "width"):
            if getattr(self, name) % self.patch_size:
                raise ConfigError(
                    f"{name} is {getattr(self, name)}; it must be a multiple of patch_size ({self.patch_size})."
                )
        _check_heads(self.dim, self.heads)
        if self.codebook_size > MOST_CODES:
            raise ConfigError(f"codebook_size is {self.codebook_size}; use at most {MOST_CODES}.")
        if "conv" in (self.stem, self.head) and (not self.channels or 2 ** len(self.channels) != self.patch_size):
            raise ConfigError(
                f"channels has {len(channels)} entries, each of which halves the size; that fits a patch_size of "
                f"{2 ** len(channels)}, not of {self.patch_size}. Change one of the two, or use stem and head without "
                "convolutions."
            )

    @property
    def grid(self) -> tuple[int, int]:
        """Token rows and columns of one frame, (h, w)."""
        return self.height // self.patch_size, self.width // self.patch_size


@dataclass(frozen=True)
class MaskGitConfig:
    """Sizes of the masked transformer."""

    dim: int = 256
    depth: int = 6
    heads: int = 4
    mlp_ratio: float = 3.0
    text_dim: int = 384  # width of the text encoder's token vectors

    def __post_init__(self) -> None:
        _check_positive(self, "dim", "depth", "heads", "text_dim")
        _check_range("mlp_ratio", self.mlp_ratio, 0.125, 64.0)
        _check_heads(self.dim, self.heads)


@dataclass(frozen=True)
class CriticConfig(MaskGitConfig):
    """Sizes of the token critic, a shallower transformer, and whether it has a say.

    If it is as wide as the other one, it begins with what that has learned.
    """

    depth: int = 3
    used: bool = False  # whether it decides in sampling which tokens are masked again; if so, its weights are needed

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.used, bool):
            raise ConfigError(f"used is {shown(self.used)}; use true or false.")


@dataclass(frozen=True)
class ModelConfig:
    """All sizes of one model: what ``config.json`` in a folder of weights holds."""

    name: str = "toy-64"
    clip: ClipShape = field(default_factory=ClipShape)
    cvivit: CViViTConfig = field(default_factory=CViViTConfig)
    maskgit: MaskGitConfig = field(default_factory=MaskGitConfig)
    critic: CriticConfig = field(default_factory=CriticConfig)
    text_encoder: str = "minilm"
    sampling: SamplingConfig = field(default_factory=SamplingConfig)  # what this model does best with
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # kind -> the words it was trained on
    known_words: tuple[str, ...] = ()  # every single word of its training captions, in small letters, sorted

    def __post_init__(self) -> None:
        for name in ("name", "text_encoder"):
            if not isinstance(getattr(self, name), str):
                raise ConfigError(f"{name} is {shown(getattr(self, name))}; use a name in quotes.")
        if self.clip.patch_frames != self.cvivit.patch_frames:
            raise ConfigError(
                f"clip.patch_frames is {self.clip.patch_frames} and cvivit.patch_frames is "
                f"{self.cvivit.patch_frames}; they must agree."
            )
        words = tuple(self.known_words) if isinstance(self.known_words, list | tuple) else (None,)
        if not all(isinstance(word, str) for word in words):
            raise ConfigError(f"known_words is {shown(self.known_words)}; use a list of words in quotes.")
        object.__setattr__(self, "known_words", words)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ModelConfig:
        """Read what ``to_dict`` writes.

        Raises:
            ConfigError: a name is unknown or a value out of range.
        """
        return from_dict(cls, data)


PRESETS: dict[str, ModelConfig] = {
    "tiny": ModelConfig(
        name="tiny",
        clip=ClipShape(clip_frames=5, prime_frames=3),
        cvivit=CViViTConfig(
            height=32, width=32, dim=32, channels=(8, 16, 32), heads=1, codebook_size=64, codebook_dim=8
        ),
        maskgit=MaskGitConfig(dim=32, depth=2, heads=1),
        critic=CriticConfig(dim=32, depth=1, heads=1),
        sampling=SamplingConfig(num_inference_steps=4),
    ),
    "toy-64": ModelConfig(
        clip=ClipShape(patch_frames=1),
        cvivit=CViViTConfig(patch_frames=1, encoder_temporal_depth=0, temporal_window=4),
    ),
    "toy-128": ModelConfig(
        name="toy-128",
        cvivit=CViViTConfig(height=128, width=128, codebook_size=8192),
        maskgit=MaskGitConfig(dim=512, depth=8, heads=8),
        critic=CriticConfig(dim=512, depth=4, heads=8),
    ),
    "paper": ModelConfig(
        name="paper",
        cvivit=CViViTConfig(
            height=128, width=128, stem="patch", head="linear", dim=512, encoder_spatial_depth=4,
            decoder_spatial_depth=4, encoder_temporal_depth=4, decoder_temporal_depth=4, heads=8, codebook_size=8192,
            codebook_dim=32,
        ),
        maskgit=MaskGitConfig(dim=2048, depth=24, heads=32, mlp_ratio=4.0, text_dim=384),
        critic=CriticConfig(dim=2048, depth=12, heads=32, mlp_ratio=4.0),
        sampling=SamplingConfig(num_inference_steps=48, guidance_scale=12.0, choice_temperature=8.0),
    ),
}  # fmt: skip


def preset(name: str) -> ModelConfig:
    """The named sizes.

    Raises:
        ConfigError: there is no such preset.
    """
    if name not in PRESETS:
        raise ConfigError(f"There is no preset {name!r}; use one of {', '.join(PRESETS)}.")
    return PRESETS[name]


def from_dict(cls: type[T], data: Mapping[str, Any]) -> T:
    """Build a (nested) frozen dataclass from plain data; unknown names are errors, missing ones take their default."""
    if not isinstance(data, Mapping):
        raise ConfigError(f"{cls.__name__} is {shown(data, 60)}; it must be an object with named values.")
    known = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise ConfigError(f"{cls.__name__} does not know {', '.join(unknown)}; it knows {', '.join(known)}.")
    made = {f.name: type(f.default_factory()) for f in known.values() if callable(f.default_factory)}
    nested = {name: kind for name, kind in made.items() if dataclasses.is_dataclass(kind)}
    values = {k: from_dict(nested[k], v) if k in nested else v for k, v in data.items()}
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{cls.__name__} cannot be read: {error}.") from None
