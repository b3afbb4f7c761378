"""From pixels to one vector a token, and back. Neither mixes token frames: time is left to the transformers."""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.config import CViViTConfig


def fold_frames(video: Tensor, patch_frames: int) -> tuple[Tensor, Tensor]:
    """Split a video into its first frame and groups of ``patch_frames`` later ones, stacked as channels.

    (b, 3, 1 + k*p, H, W) -> (b, 1, 3, H, W) and (b, k, 3*p, H, W).
    """
    b, c, f, h, w = video.shape
    first = video[:, :, :1].transpose(1, 2)  # (b, 1, c, H, W)
    rest = video[:, :, 1:].reshape(b, c, (f - 1) // patch_frames, patch_frames, h, w)
    rest = rest.permute(0, 2, 3, 1, 4, 5).flatten(2, 3)  # (b, k, p*c, H, W)
    return first, rest


def unfold_frames(groups: Tensor) -> Tensor:
    """The way back of the later frames: (b, k, p*3, H, W) -> (b, 3, k*p, H, W)."""
    b, k, pc, h, w = groups.shape
    groups = groups.reshape(b, k, pc // 3, 3, h, w).permute(0, 3, 1, 2, 4, 5)  # (b, 3, k, p, H, W)
    return groups.reshape(b, 3, k * pc // 3, h, w)


class ResBlock(nn.Module):
    """Two convolutions with a residual; the second starts at zero."""

    def __init__(self, channels: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, kernel_size, padding="same")
        self.second = nn.Conv2d(channels, channels, kernel_size, padding="same")
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(x))))


class Stem(nn.Module):
    """Video (b, 3, f, H, W) to token vectors (b, t, h, w, d).

    "patch" is the paper's: one linear map for first-frame patches, another for later tubelets. "conv" is a stack of
    strided convolutions of which only the first differs between the two. Where a token frame is one pixel frame, the
    first is like all others.
    """

    def __init__(self, config: CViViTConfig) -> None:
        super().__init__()
        self.patch_frames = config.patch_frames
        if config.stem == "patch":
            kernel, width, self.shared = (
                {"kernel_size": config.patch_size, "stride": config.patch_size},
                config.dim,
                nn.Identity(),
            )
        else:
            kernel, width = {"kernel_size": 4, "stride": 2, "padding": 1}, config.channels[0]
            layers: list[nn.Module] = []
            for narrow, wide in itertools.pairwise(config.channels):
                # blocks that look around would let a token depend on what is far from it
                layers += [nn.SiLU(), nn.Conv2d(narrow, wide, 4, stride=2, padding=1), ResBlock(wide, 1)]
            layers += [nn.SiLU(), nn.Conv2d(config.channels[-1], config.dim, 1), ResBlock(config.dim, 1)]
            self.shared = nn.Sequential(*layers)
        self.first = nn.Conv2d(3, width, **kernel)
        self.rest = None if config.patch_frames == 1 else nn.Conv2d(3 * config.patch_frames, width, **kernel)

    def forward(self, video: Tensor) -> Tensor:
        b = video.shape[0]
        first, rest = fold_frames(video, self.patch_frames)
        x = self.first(first.flatten(0, 1)).unflatten(0, (b, 1))  # (b, 1, c, h', w')
        if rest.shape[1]:
            later = self.rest or self.first
            x = torch.cat([x, later(rest.flatten(0, 1)).unflatten(0, (b, -1))], dim=1)
        x = self.shared(x.flatten(0, 1))  # (b*t, d, h, w)
        return x.unflatten(0, (b, -1)).permute(0, 1, 3, 4, 2)  # (b, t, h, w, d)


class Head(nn.Module):
    """Token vectors (b, t, h, w, d) to video; the mirror of ``Stem``.

    "linear" is the paper's; "conv" alternates residual blocks and pixel shuffle.
    """

    def __init__(self, config: CViViTConfig) -> None:
        super().__init__()
        if config.head == "linear":
            self.shared: nn.Module = nn.Identity()
            width, scale = config.dim, config.patch_size
        else:
            coarse, *finer = reversed(config.channels)
            layers: list[nn.Module] = [nn.Conv2d(config.dim, coarse, 1), ResBlock(coarse), ResBlock(coarse)]
            for wide, narrow in itertools.pairwise((coarse, *finer)):
                layers += [nn.SiLU(), nn.Conv2d(wide, 4 * narrow, 3, padding=1), nn.PixelShuffle(2), ResBlock(narrow)]
            self.shared = nn.Sequential(*layers, nn.SiLU())
            width, scale = config.channels[0], 2
        padding = 0 if config.head == "linear" else 1
        pixels = 3 * scale**2
        self.first = nn.Conv2d(width, pixels, 2 * padding + 1, padding=padding)
        self.rest = None  # as in the stem
        if config.patch_frames > 1:
            self.rest = nn.Conv2d(width, config.patch_frames * pixels, 2 * padding + 1, padding=padding)
        self.shuffle = nn.PixelShuffle(scale)

    @property
    def last_weights(self) -> list[Tensor]:
        """Those that all pixels come out of."""
        return [layer.weight for layer in (self.first, self.rest) if layer is not None]

    def forward(self, x: Tensor, *, starts_film: bool) -> Tensor:
        """``starts_film``: the first token frame holds one pixel frame; otherwise all hold ``patch_frames``."""
        b = x.shape[0]
        x = self.shared(x.flatten(0, 1).permute(0, 3, 1, 2)).unflatten(0, (b, -1))  # (b, t, c, h', w')
        frames = []
        if starts_film:
            frames.append(unfold_frames(self.shuffle(self.first(x[:, 0]))[:, None]))
            x = x[:, 1:]
        if x.shape[1]:
            later = self.rest or self.first
            frames.append(unfold_frames(self.shuffle(later(x.flatten(0, 1))).unflatten(0, (b, -1))))
        return torch.cat(frames, dim=2)  # (b, 3, f, H, W)
