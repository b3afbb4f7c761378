"""Write golden_core.safetensors: what the world of version 1 looked like before version 2 was built around it.

    python -m tests.world.make_golden

Run it when captions get new words, which change what is drawn with the same seed but not how it looks. Pixels of the
core may only change with a new WORLD_VERSION: weights that were trained on them are in use.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.shapes import ClipShape
from phenaki.world.render import Rendered, render
from phenaki.world.windows import Window, sample_continuation, sample_opening, sample_still

GOLDEN = Path(__file__).with_name("golden_core.safetensors")
BATCH = 16


def golden_windows() -> dict[str, list[Window]]:
    """The same draws for ever."""
    rng, shape = np.random.default_rng(20_261_122), ClipShape()
    windows = {
        "openings": [sample_opening(rng, shape) for _ in range(96)],
        "continuations": [sample_continuation(rng, shape) for _ in range(96)],
        "stills": [sample_still(rng) for _ in range(96)],
        "held-out": [sample_opening(rng, shape, combos="held-out") for _ in range(48)],
        "all": [sample_continuation(rng, shape, combos="all") for _ in range(48)],
    }
    return windows


def describe(window: Window) -> str:
    """Every field that a window had in version 1."""
    spec = window.spec
    stages = [(s.motion, s.num_frames, s.weather) for s in spec.stages]
    shown = (window.stage.motion, window.stage.num_frames, window.stage.weather)
    facts = (spec.subject, spec.scene, stages, spec.layout, spec.camera, shown)
    return repr((*facts, window.start, window.num_frames, window.prime_frames, window.caption))


def pixels(windows: list[Window]) -> Rendered:
    """Renders in batches of ``BATCH``."""
    parts = [windows[i : i + BATCH] for i in range(0, len(windows), BATCH)]
    outs = [render([w.spec for w in p], start=[w.start for w in p], num_frames=p[0].num_frames) for p in parts]
    return Rendered(torch.cat([o.video for o in outs]), torch.cat([o.subject_mask for o in outs]))


def levels(rendered: Rendered) -> Tensor:
    """Video and mask as whole numbers, (b, 4, f, H, W) uint8."""
    return torch.cat([(rendered.video + 1) * 127.5, rendered.subject_mask * 255], dim=1).round().to(torch.uint8)


def digest(data: bytes) -> Tensor:
    """SHA-256 as (32,) uint8."""
    return torch.frombuffer(bytearray(hashlib.sha256(data).digest()), dtype=torch.uint8)


def arithmetic() -> Tensor:
    """A digest that tells whether this machine rounds like the one that made the golden values."""
    x = torch.linspace(-1, 1, 4099)
    grid = torch.stack([torch.sin(7 * x), torch.exp(-x * x) - 0.5], dim=-1)[None, None]
    read = F.grid_sample(torch.cos(torch.arange(4096.0)).view(1, 1, 64, 64), grid, align_corners=False)
    return digest(read.numpy().tobytes())


def main() -> None:
    """Write the file."""
    from safetensors.torch import save_file

    tensors = {"arithmetic": arithmetic()}
    for name, windows in golden_windows().items():
        seen = levels(pixels(windows))
        tensors[f"{name} drawn"] = digest("\n".join(map(describe, windows)).encode())
        tensors[f"{name} pixels"] = digest(seen.numpy().tobytes())
        tensors[f"{name} some"] = seen[:, :, ::5, 3::8, 3::8].contiguous()
    save_file(tensors, GOLDEN)
    print(f"{GOLDEN.name}: {GOLDEN.stat().st_size} bytes")


if __name__ == "__main__":
    main()
