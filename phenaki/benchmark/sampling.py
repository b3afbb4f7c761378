"""Time one sampling run of given sizes, with random weights: what it costs does not depend on them."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from phenaki.config import CViViTConfig, MaskGitConfig, ModelConfig, SamplingConfig
from phenaki.cvivit import RecordedDecoder
from phenaki.evaluation.machine import peak_memory_mib
from phenaki.maskgit import MaskGit, sample_tokens
from phenaki.maskgit.refinement import MaskedRefinement, RecordedRefinement
from phenaki.pipeline import build_networks
from phenaki.shapes import ClipShape

# The sizes at which the peer was measured: see ``peer.py``, which builds the same in its own terms.
PEER_SIZES = ModelConfig(
    name="peer",
    clip=ClipShape(clip_frames=41),
    cvivit=CViViTConfig(
        stem="patch", head="linear", dim=256, encoder_spatial_depth=4, decoder_spatial_depth=4,
        encoder_temporal_depth=4, decoder_temporal_depth=4, heads=8, codebook_size=4096, codebook_dim=32,
    ),
    maskgit=MaskGitConfig(dim=384, depth=8, heads=6, mlp_ratio=4.0, text_dim=768),
)  # fmt: skip
TEXT_LENGTH = 32


@dataclass(frozen=True)
class Timing:
    """Cost of one run: text vectors in, pixels out."""

    name: str
    num_frames: int
    cpu_seconds: float  # of the process, the least of all repeats
    seconds: float  # on the wall, the least of all repeats
    peak_mib: float  # of the process, everything included
    flops: float  # of the transformer's matrix products, with and without the prompt in each step

    def to_dict(self) -> dict[str, float | str]:
        """Plain data for JSON."""
        return dataclasses.asdict(self)


@torch.inference_mode()
def time_sampling(
    config: ModelConfig, num_frames: int, sampling: SamplingConfig, *, device: torch.device, dtype: torch.dtype,
    recorded: bool = False, repeats: int = 3,
) -> Timing:  # fmt: skip
    """Sample ``num_frames`` frames from nothing and decode them, ``repeats`` times.

    Args:
        config: sizes; ``num_frames`` must be of the kind 1 + k * patch_frames, up to ``clip.clip_frames``.
        sampling: steps and guidance.
        device: where to run.
        dtype: of the masked transformer; the tokenizer stays in float32.
        recorded: as graphs, which a GPU replays.
    """
    torch.manual_seed(0)
    with device:  # the weights of a large model are made where they are needed
        cvivit, maskgit = build_networks(config)
    cvivit, maskgit = cvivit.eval(), maskgit.to(dtype).eval()
    embeds = torch.randn(1, TEXT_LENGTH, config.maskgit.text_dim, device=device, dtype=dtype)
    mask = torch.ones(1, TEXT_LENGTH, dtype=torch.bool, device=device)
    grid = (config.clip.token_frames(num_frames), *config.cvivit.grid)
    refinement = (RecordedRefinement if recorded else MaskedRefinement)(maskgit)
    decode = RecordedDecoder(cvivit) if recorded else cvivit.decode

    def run(seed: int) -> Tensor:
        refine = refinement.refiner(maskgit.read_text(embeds, mask), sampling.guidance_scale, grid)
        empty = torch.full((1, grid[0] * grid[1] * grid[2]), maskgit.mask_token_id, device=device)
        token_ids = empty
        for state in sample_tokens(refine, empty, maskgit.mask_token_id, sampling, seed):
            token_ids = state.token_ids
        return decode(token_ids.unflatten(1, grid)).cpu()  # waits for the device

    cpu, wall = [], []
    for seed in range(repeats + (device.type != "cpu")):
        begun = time.process_time(), time.perf_counter()
        run(seed)
        cpu.append(time.process_time() - begun[0])
        wall.append(time.perf_counter() - begun[1])
    name = f"{config.name}, {str(dtype).removeprefix('torch.')}{', recorded' if recorded else ''}"
    flops = 2 * sampling.num_inference_steps * step_flops(maskgit, grid[0] * grid[1] * grid[2])
    return Timing(name, num_frames, min(cpu), min(wall), peak_memory_mib(), flops)


def step_flops(maskgit: MaskGit, n: int) -> float:
    """Multiplications and additions of the layers' matrix products over ``n`` tokens; the head is left out."""
    weights = sum(p.numel() for name, p in maskgit.layers.named_parameters() if p.ndim == 2 and "key_value" not in name)
    attention = 2 * n * maskgit.place.shape[-1] * len(maskgit.layers)  # scores, then values
    return 2.0 * n * (weights + attention)
