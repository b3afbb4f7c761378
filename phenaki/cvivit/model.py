"""C-ViViT: video to token ids and back, causal in time.

A token frame depends on itself and earlier ones alone, in the encoder and in the decoder; so a video may have any
length, an image is a video of one frame, and the tokens of a prefix are a prefix of the tokens.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phenaki.config import CViViTConfig
from phenaki.cvivit.quantizer import CosineQuantizer
from phenaki.cvivit.stems import Head, Stem
from phenaki.errors import ShapeError
from phenaki.nn.blocks import TransformerLayer


class SpatialLayers(nn.Module):
    """Attention among all places of one token frame, (b, t, h, w, d) -> same; with no layer, nothing at all.

    An encoder without it gives like things like tokens wherever they are and whatever else is in the picture, which is
    what makes tokens easy to predict: see the figures in `phenaki/README.md`.
    """

    def __init__(self, config: CViViTConfig, depth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(TransformerLayer(config.dim, config.heads, config.mlp_ratio) for _ in range(depth))
        )
        if depth:
            self.place = nn.Parameter(torch.randn(*config.grid, config.dim) * 0.02)

    def forward(self, x: Tensor) -> Tensor:
        if not self.layers:
            return x
        b, t, h, w, d = x.shape
        x = (x + self.place).reshape(b * t, h * w, d)  # one sequence per token frame
        return self.layers(x).reshape(b, t, h, w, d)


class TemporalLayers(nn.Module):
    """Causal attention along time at each place, (b, t, h, w, d) -> same; with no layer, nothing at all."""

    def __init__(self, config: CViViTConfig, depth: int) -> None:
        super().__init__()
        size, options = (config.dim, config.heads, config.mlp_ratio), {"causal": True, "rotary": True}
        window = config.temporal_window or None
        self.layers = nn.Sequential(*(TransformerLayer(*size, **options, window=window) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        if not self.layers:
            return x
        b, t, h, w, d = x.shape
        x = x.permute(0, 2, 3, 1, 4)  # (b, h, w, t, d)
        x = self.layers(x.reshape(b * h * w, t, d))  # one sequence per place
        return x.reshape(b, h, w, t, d).permute(0, 3, 1, 2, 4)


class CViViT(nn.Module):
    """The tokenizer.

    Source: Phenaki, arXiv 2210.02399, section 2.1; the convolutional stem and head are ours.
    """

    def __init__(self, config: CViViTConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = Stem(config)
        self.encoder_spatial = SpatialLayers(config, config.encoder_spatial_depth)
        self.encoder_temporal = TemporalLayers(config, config.encoder_temporal_depth)
        self.to_code = nn.Linear(config.dim, config.codebook_dim)
        self.quantizer = CosineQuantizer(config.codebook_size, config.codebook_dim)
        self.from_code = nn.Linear(config.codebook_dim, config.dim)
        self.decoder_temporal = TemporalLayers(config, config.decoder_temporal_depth)
        self.decoder_spatial = SpatialLayers(config, config.decoder_spatial_depth)
        self.head = Head(config)

    def features(self, video: Tensor) -> Tensor:
        """Unit vectors before quantisation: video (b, 3, f, H, W) in [-1, 1] -> (b, t, h, w, e) float32.

        Raises:
            ShapeError: the size is not this model's, or the number of frames is not 1 + k * patch_frames.
        """
        self._check(video)
        x = self.encoder_temporal(self.encoder_spatial(self.stem(video)))
        return F.normalize(self.to_code(x).float(), dim=-1)

    def encode(self, video: Tensor) -> Tensor:
        """Token ids of a video: (b, 3, f, H, W) in [-1, 1] -> (b, t, h, w) int64, t = 1 + (f - 1) / patch_frames.

        Raises:
            ShapeError: see ``features``.
        """
        return self.quantizer.lookup(self.features(video))

    def decode(self, token_ids: Tensor, *, start: int = 0) -> Tensor:
        """Frames of token ids: (b, t, h, w) -> (b, 3, f, H, W), about [-1, 1].

        Args:
            token_ids: the ids; all of them are seen by the causal layers.
            start: first token frame to turn into pixels; the frames before it are left out of the result.

        Raises:
            ShapeError: ``start`` is not one of the token frames.
        """
        if not 0 <= start < token_ids.shape[1]:
            raise ShapeError(
                f"start is {start}; there are {token_ids.shape[1]} token frames, so use 0 to {token_ids.shape[1] - 1}."
            )
        return self.decode_codes(self.quantizer.embed(token_ids), start=start)

    def decode_codes(self, codes: Tensor, *, start: int = 0) -> Tensor:
        """Frames of code vectors (b, t, h, w, e); see ``decode``."""
        x = self.decoder_temporal(self.from_code(codes))[:, start:]
        return self.head(self.decoder_spatial(x), starts_film=start == 0)

    def forward(self, video: Tensor, *, quantize: bool = True) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruct a video, for training.

        Args:
            video: (b, 3, f, H, W) in [-1, 1].
            quantize: False leaves the vectors as they are (the warm start of training).

        Returns:
            reconstruction with the video's shape; token ids; commitment loss.
        """
        codes = self.features(video)
        token_ids, commitment = codes.new_zeros(codes.shape[:-1], dtype=torch.int64), codes.new_zeros(())
        if quantize:
            codes, token_ids, commitment = self.quantizer(codes)
        return self.decode_codes(codes), token_ids, commitment

    def _check(self, video: Tensor) -> None:
        c = self.config
        if video.ndim != 5 or video.shape[1] != 3 or video.shape[-2:] != (c.height, c.width):
            raise ShapeError(
                f"The video has shape {tuple(video.shape)}; this tokenizer takes (b, 3, f, {c.height}, {c.width})."
            )
        if (video.shape[2] - 1) % c.patch_frames:
            raise ShapeError(
                f"The video has {video.shape[2]} frames; this tokenizer takes 1 + k x {c.patch_frames} frames."
            )
