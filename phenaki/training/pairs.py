"""What the upsampler learns from: soft small pictures and the sharp large ones that they should become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.config import ModelConfig
from phenaki.cvivit import CViViT
from phenaki.upsampler import SCALE
from phenaki.world.parts import CORE, WorldPart
from phenaki.world.windows import Window, render_windows, sample_continuation, sample_opening

CLIPS = 24  # in a chunk
LEAVES = 16  # pictures of many shapes in a chunk
CROP = 48  # pixels on a side of a small piece, unless the pictures are smaller
SOFT_SHARE = 0.85  # of the pieces of the world that come from the tokenizer
NEAR = 12  # pixels around the subject's middle in which most pieces have theirs
SHAPES = 70  # in a picture of many shapes


@dataclass(frozen=True)
class Pairs:
    """Clips as the tokenizer gives them back, and as they are rendered at the larger size; all bytes."""

    small: Tensor  # (b, 3, f, H, W) uint8
    large: Tensor  # (b, 3, f, 4H, 4W) uint8
    mask: Tensor  # (b, 1, f, 4H, 4W) uint8: 255 where the subject is


@dataclass(frozen=True)
class Pieces:
    """A batch for one step."""

    small: Tensor  # (n, 3, CROP, CROP) float in [-1, 1]
    large: Tensor  # (n, 3, 4*CROP, 4*CROP) float in [-1, 1]
    mask: Tensor  # (n, 1, 4*CROP, 4*CROP) float in [0, 1]
    pairs: int  # pieces 0 and 1, 2 and 3... up to so many pairs are of frames that follow each other


@torch.no_grad()
def make_pairs(windows: list[Window], config: ModelConfig, cvivit: CViViT, batch: int = 8) -> Pairs:
    """Render windows of one length at both sizes, the small ones through the tokenizer, where that is."""
    small, large, mask = [], [], []
    device = cvivit.quantizer.codebook.device
    for first in range(0, len(windows), batch):
        part = windows[first : first + batch]
        video = render_windows(part, config.cvivit.height, device).video
        small.append(to_bytes(cvivit.decode(cvivit.encode(video))))
        sharp = render_windows(part, SCALE * config.cvivit.height, device)
        large.append(to_bytes(sharp.video))
        mask.append((sharp.subjects_mask * 255).round().to(torch.uint8))
    return Pairs(torch.cat(small), torch.cat(large), torch.cat(mask))


def make_chunk(
    config: ModelConfig, cvivit: CViViT, seed: tuple[int, ...], part: WorldPart = CORE
) -> tuple[Pairs, Tensor]:
    """Fresh clips, and pictures of many shapes (n, 3, 4H, 4W) uint8; where the tokenizer is."""
    rng = np.random.default_rng(seed)
    windows = [(sample_opening if i % 2 else sample_continuation)(rng, config.clip, part=part) for i in range(CLIPS)]
    pairs = make_pairs(windows, config, cvivit)
    leaves = to_bytes(many_shapes(LEAVES, SCALE * config.cvivit.height, rng))
    return pairs, leaves.to(pairs.large.device)


def draw_pieces(pairs: Pairs, leaves: Tensor, count: int, rng: np.random.Generator) -> Pieces:
    """Cut random pieces: three quarters of the tokenizer's, the rest shrunk from sharp pictures; all where those are.

    The shrunk ones, half of them of many shapes in place of the world, teach it to leave as it is what is sharp
    already, such as a photograph; a little noise on some of all keeps it from reading much into small errors.
    """
    n_leaves = max(1, count // 8)
    n_pairs = (count - n_leaves) // 2
    b, _, f, height, width = pairs.small.shape
    side = min(CROP, height, width)
    small, large, mask = [], [], []
    for _ in range(n_pairs):
        clip, frame = int(rng.integers(b)), int(rng.integers(f - 1))
        top, left = _place(pairs.mask[clip, 0, frame], height, width, side, rng)
        soft = rng.random() < SOFT_SHARE
        for t in (frame, frame + 1):
            sharp = _cut(pairs.large[clip, :, t], top, left, side, SCALE)
            large.append(sharp)
            mask.append(_cut(pairs.mask[clip, :, t], top, left, side, SCALE))
            small.append(_cut(pairs.small[clip, :, t], top, left, side, 1) if soft else _shrink(sharp))
    for _ in range(n_leaves):
        top, left = (int(rng.integers(whole - side + 1)) for whole in (height, width))
        sharp = _cut(leaves[int(rng.integers(len(leaves)))], top, left, side, SCALE)
        large.append(sharp)
        mask.append(torch.zeros_like(sharp[:1]))
        small.append(_shrink(sharp))
    x, y, m = (torch.stack(pieces).float() for pieces in (small, large, mask))
    x, y = x / 127.5 - 1, y / 127.5 - 1
    if rng.random() < 0.5:
        x, y, m = (t.flip(-1) for t in (x, y, m))
    draw = torch.Generator().manual_seed(int(rng.integers(2**31)))
    strength = np.where(rng.random(len(x)) < 0.3, rng.uniform(0, 0.05, len(x)), 0.0).astype(np.float32)
    strength[1 : 2 * n_pairs : 2] = strength[: 2 * n_pairs : 2]
    noise = torch.from_numpy(strength)[:, None, None, None] * torch.randn(x.shape, generator=draw)
    x = x + noise.to(x.device)
    return Pieces(x, y, m / 255, n_pairs)


def many_shapes(count: int, size: int, rng: np.random.Generator) -> Tensor:
    """Pictures full of shaded discs, boxes and bars that hide each other, (n, 3, size, size) in [-1, 1].

    Edges at all angles between all colours: what is common to pictures of every kind.

    Source: dead leaves images, Lee, Mumford and Huang, "Occlusion models for natural images", 2001.
    """
    at = torch.linspace(-1, 1, size)
    y, x = at[:, None], at[None]
    picture = torch.zeros(count, 3, size, size)
    for layer in range(SHAPES):
        draw = torch.from_numpy(rng.uniform(-1, 1, (14, count, 1, 1)).astype(np.float32))
        dx, dy = x - 1.1 * draw[0], y - 1.1 * draw[1]
        cos, sin = torch.cos(3.15 * draw[2]), torch.sin(3.15 * draw[2])
        u, v = cos * dx + sin * dy, cos * dy - sin * dx
        radius = 0.03 * torch.exp(1.2 + 1.2 * draw[3]) * (1 + 40 * (layer == 0))  # the first one fills the picture
        long = torch.exp(0.8 * draw[4])
        disc = (u.square() / long + v.square() * long).sqrt() - radius
        box = torch.maximum((u / long).abs(), (v * long).abs()) - radius
        distance = torch.where(draw[5] > 0, disc, box)
        edge = size / 2 / (1 + 6 * (draw[6] - 0.7).clamp(min=0) * 10)  # some are out of focus
        alpha = (0.5 - distance * edge).clamp(0, 1)[:, None]
        colour = draw[7:10].transpose(0, 1)  # (n, 3, 1, 1)
        shade = 0.4 * (draw[10] * u + draw[11] * v)[:, None]
        stripes = 0.25 * (draw[12] > 0.4) * torch.sin(u * 20 * torch.exp(1.2 * draw[13]))
        picture = torch.lerp(picture, (colour + shade + stripes[:, None]).clamp(-1, 1), alpha)
    return picture


def to_bytes(video: Tensor) -> Tensor:
    """Floats in [-1, 1] to what a film would hold."""
    return (video.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)


def _place(mask: Tensor, height: int, width: int, side: int, rng: np.random.Generator) -> tuple[int, int]:
    """Upper left corner of a piece: mostly near the subject, sometimes anywhere."""
    ends = np.array([height - side, width - side])
    corner = rng.integers(ends + 1)
    coarse = mask[::SCALE, ::SCALE].float().cpu()
    if rng.random() < 0.65 and coarse.any():
        rows, columns = coarse.sum(1), coarse.sum(0)
        middle = [float((line * torch.arange(len(line))).sum() / line.sum()) for line in (rows, columns)]
        corner = np.array(middle).round().astype(int) - side // 2 + rng.integers(-NEAR, NEAR + 1, 2)
    top, left = np.clip(corner, 0, ends)
    return int(top), int(left)


def _cut(picture: Tensor, top: int, left: int, side: int, scale: int) -> Tensor:
    """A piece of a picture (c, H, W); the corner is given in small pixels."""
    return picture[:, scale * top : scale * (top + side), scale * left : scale * (left + side)]


def _shrink(picture: Tensor) -> Tensor:
    """(3, 4H, 4W) uint8 -> (3, H, W) uint8."""
    small = F.interpolate(
        picture[None].float(), scale_factor=1 / SCALE, mode="bicubic", antialias=True, align_corners=False
    )
    return small[0].round().clamp(0, 255).to(torch.uint8)
