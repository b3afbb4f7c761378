"""The network: convolutions at the size of the input and at half of it, and what they add to a plain enlargement.

Each frame is enlarged by itself. So a film is the same however it is cut into clips, and no seam can appear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.config import from_dict
from phenaki.errors import ConfigError, ShapeError, shown
from phenaki.video.frames import frames_to_video, video_to_frames

SCALE = 4  # the output is so many times as high and wide


@dataclass(frozen=True)
class UpsamplerConfig:
    """Sizes of the upsampler."""

    channels: int = 48  # at the size of the input
    wide_channels: int = 96  # at half of it, where blur of several pixels is undone
    late_channels: int = 24  # at twice of it
    first_blocks: int = 1
    wide_blocks: int = 3
    last_blocks: int = 2

    def __post_init__(self) -> None:
        for name, low in (("channels", 1), ("wide_channels", 1), ("late_channels", 1),
                          ("first_blocks", 0), ("wide_blocks", 0), ("last_blocks", 0)):  # fmt: skip
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= 1024:
                raise ConfigError(f"{name} is {shown(value)}; use a whole number from {low} to 1024.")

    @classmethod
    def from_dict(cls, data: dict[str, int]) -> UpsamplerConfig:
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
        return x + self.second(F.relu(self.first(x)))


class Upsampler(nn.Module):
    """Pictures four times as high and wide, and sharper; before any training, the bicubic enlargement itself."""

    def __init__(self, config: UpsamplerConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or UpsamplerConfig()
        c, wide, late = config.channels, config.wide_channels, config.late_channels
        self.first = nn.Sequential(nn.Conv2d(3, c, 3, padding=1), *(Block(c) for _ in range(config.first_blocks)))
        self.wide = nn.Sequential(
            nn.Conv2d(c, wide, 2, stride=2),
            *(Block(wide) for _ in range(config.wide_blocks)),
            nn.Conv2d(wide, 4 * c, 1),
            nn.PixelShuffle(2),
        )
        self.last = nn.Sequential(*(Block(c) for _ in range(config.last_blocks)))
        self.double = nn.Sequential(nn.Conv2d(c, 4 * late, 3, padding=1), nn.PixelShuffle(2), nn.ReLU())
        self.colour = nn.Sequential(nn.Conv2d(late, 12, 3, padding=1), nn.PixelShuffle(2))
        nn.init.zeros_(self.colour[0].weight)
        nn.init.zeros_(self.colour[0].bias)
        self.to(memory_format=torch.channels_last)

    def forward(self, pictures: Tensor) -> Tensor:
        """Enlarge pictures.

        Args:
            pictures: (b, 3, H, W) float in [-1, 1]; any size of at least 2.

        Returns:
            (b, 3, 4H, 4W) float32, about [-1, 1]; the convolutions work in the precision of the weights.
        """
        height, width = pictures.shape[-2:]
        plain = F.interpolate(pictures.float(), scale_factor=SCALE, mode="bicubic", align_corners=False)
        x = F.pad(pictures, (0, width % 2, 0, height % 2), mode="replicate")
        x = x.to(self.colour[0].weight.dtype, memory_format=torch.channels_last)
        x = self.first(x)
        x = self.last(x + self.wide(x))  # (b, c, H, W)
        detail = self.colour(self.double(x))[..., : SCALE * height, : SCALE * width]
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
        if not video.numel() or min(video.shape[-2:]) < 2:
            raise ShapeError(f"Frames of shape {frames.shape} cannot be enlarged; use one or more of 2 x 2 or more.")
        device = self.colour[0].weight.device
        large = [video_to_frames(self(part.to(device)).transpose(0, 1)[None]) for part in video.split(batch)]
        return np.concatenate(large)
