"""The network: convolutions at the size of the input and at halves of it, and what they add to a plain enlargement.

Each frame is enlarged by itself. So a film is the same however it is cut into clips, and no seam can appear.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.config import from_dict
from phenaki.errors import ConfigError, ShapeError, shown
from phenaki.video.frames import frames_to_video, video_to_frames

SCALE = 4  # the output is so many times as high and wide
SLOPE = 0.1  # below zero: with none at all the last layer, which begins at zero, can die for good


@dataclass(frozen=True)
class UpsamplerConfig:
    """Sizes of the upsampler."""

    channels: tuple[int, ...] = (48, 64, 96)  # at the size of the input, at half of it...
    blocks: tuple[int, ...] = (1, 1, 3)  # on the way down, and at the bottom, where a whole subject is seen at once
    blocks_back: tuple[int, ...] = (2, 1)  # on the way back up, from fine to coarse
    late_channels: int = 24  # at twice the size of the input
    late_blocks: int = 1

    def __post_init__(self) -> None:
        for name, low in (("channels", 1), ("blocks", 0), ("blocks_back", 0)):
            given = getattr(self, name)
            values = tuple(given) if isinstance(given, list | tuple) else ()
            if not all(_is_count(v, low) for v in values) or not isinstance(given, list | tuple):
                raise ConfigError(f"{name} is {shown(given)}; use a list of whole numbers of {low} or more.")
            object.__setattr__(self, name, values)
        for name, low in (("late_channels", 1), ("late_blocks", 0)):
            if not _is_count(getattr(self, name), low):
                raise ConfigError(f"{name} is {shown(getattr(self, name))}; use a whole number of {low} or more.")
        levels = len(self.channels)
        if not levels or len(self.blocks) != levels or len(self.blocks_back) != levels - 1:
            raise ConfigError(
                f"channels, blocks and blocks_back have {levels}, {len(self.blocks)} and {len(self.blocks_back)} "
                "entries; use as many blocks as channels, and one less on the way back."
            )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> UpsamplerConfig:
        """Read plain data.

        Raises:
            ConfigError: a name is unknown or a value out of range.
        """
        return from_dict(cls, data)


class Block(nn.Module):
    """Two convolutions around which the input is carried; (b, c, H, W) -> same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.leaky_relu(self.first(x), SLOPE))


class Upsampler(nn.Module):
    """Pictures four times as high and wide, and sharper; before any training, the bicubic enlargement itself."""

    def __init__(self, config: UpsamplerConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or UpsamplerConfig()
        fine, late = config.channels[0], config.late_channels
        self.first = nn.Conv2d(3, fine, 3, padding=1)
        self.blocks = nn.ModuleList(_blocks(c, n) for c, n in zip(config.channels, config.blocks, strict=True))
        steps = list(itertools.pairwise(config.channels))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in steps)
        self.up = nn.ModuleList(nn.Sequential(nn.Conv2d(b, 4 * a, 1), nn.PixelShuffle(2)) for a, b in steps)
        self.back = nn.ModuleList(_blocks(a, n) for (a, _), n in zip(steps, config.blocks_back, strict=True))
        self.twice = nn.Sequential(
            nn.Conv2d(fine, 4 * late, 3, padding=1),
            nn.PixelShuffle(2),
            _blocks(late, config.late_blocks),
            nn.LeakyReLU(SLOPE),
        )
        self.colour = nn.Sequential(nn.Conv2d(late, 12, 3, padding=1), nn.PixelShuffle(2))
        nn.init.zeros_(self.colour[0].weight)
        nn.init.zeros_(self.colour[0].bias)
        self.to(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor) -> Tensor:
        """Enlarge pictures.

        Args:
            pictures: (b, 3, H, W) float in [-1, 1]; any size.

        Returns:
            (b, 3, 4H, 4W) float32, about [-1, 1]; the convolutions work in the precision of the weights.
        """
        height, width = pictures.shape[-2:]
        plain = F.interpolate(pictures.float(), scale_factor=SCALE, mode="bicubic", align_corners=False)
        whole = 2 ** len(self.down)  # each side must be halved so many times
        x = F.pad(pictures, (0, -width % whole, 0, -height % whole), mode="replicate")
        x = self.first(x.to(self.first.weight.dtype, memory_format=torch.channels_last))
        kept = []
        for blocks, down in zip(self.blocks, self.down, strict=False):
            kept.append(blocks(x))
            x = down(kept[-1])
        x = self.blocks[-1](x)
        for up, back in zip(reversed(self.up), reversed(self.back), strict=True):
            x = back(kept.pop() + up(x))  # (b, c, H, W) in the end
        detail = self.colour(self.twice(x))[..., : SCALE * height, : SCALE * width]
        return plain + detail.float()

    @torch.inference_mode()
    def enlarge(self, frames: np.ndarray, *, batch: int = 11) -> np.ndarray:
        """Enlarge frames, each by itself.

        Args:
            frames: (f, H, W, 3) uint8.
            batch: frames in work at a time.

        Returns:
            (f, 4H, 4W, 3) uint8.

        Raises:
            ShapeError: the array has another shape or type, or holds no frame.
        """
        video = frames_to_video(frames)[0].transpose(0, 1)  # (f, 3, H, W)
        if not video.numel():
            raise ShapeError(f"Frames of shape {frames.shape} cannot be enlarged; give one or more that have pixels.")
        device = self.colour[0].weight.device
        large = [video_to_frames(self(part.to(device)).transpose(0, 1)[None]) for part in video.split(batch)]
        return np.concatenate(large)


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(channels) for _ in range(count)))


def _is_count(value: object, low: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= 1024
