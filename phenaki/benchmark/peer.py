"""Time phenaki-pytorch 0.5.0 at ``PEER_SIZES``. A script for an environment of its own; it knows nothing of ours.

``python phenaki/benchmark/peer.py FRAMES REPEATS STEPS`` prints one line of JSON. Random vectors replace the peer's
text encoder, and empty packages those that it imports for training alone.
"""

from __future__ import annotations

import importlib.machinery
import json
import resource
import sys
import time
import types

import torch

UNUSED = (
    "accelerate", "accelerate.utils", "cv2", "torchvision", "torchvision.datasets", "torchvision.models",
    "torchvision.transforms", "torchvision.utils", "transformers",
)  # fmt: skip
GUIDANCE, TEXT_LENGTH, TEXT_DIM = 3.0, 32, 768


class EmptyModule(types.ModuleType):
    """A package that has every name and does nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = importlib.machinery.ModuleSpec(name, None)
        self.__path__: list[str] = []
        self.__version__ = "0.0"

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": lambda self, *args, **options: None})


def build(steps: int) -> object:
    """The peer's model, with random weights."""
    for name in UNUSED:
        sys.modules[name] = EmptyModule(name)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, sys.modules[name])
    sys.modules["transformers"].logging = types.SimpleNamespace(set_verbosity_error=lambda: None)  # type: ignore[attr-defined]
    import phenaki_pytorch.phenaki_pytorch as package

    package.get_encoded_dim = lambda name: TEXT_DIM  # it would ask the network
    cvivit = package.CViViT(
        dim=256, codebook_size=4096, image_size=64, patch_size=8, temporal_patch_size=2, spatial_depth=4,
        temporal_depth=4, dim_head=32, heads=8, use_vgg_and_gan=False, lookup_free_quantization=False,
    )  # fmt: skip
    maskgit = package.MaskGit(
        num_tokens=4096, max_seq_len=4096, dim=384, dim_context=TEXT_DIM, depth=8, heads=6, dim_head=64
    )
    model = package.Phenaki(cvivit=cvivit, maskgit=maskgit, steps=steps, text_embed_dim=TEXT_DIM).eval()
    model.encode_texts = lambda texts, output_device=None: torch.randn(len(texts), TEXT_LENGTH, TEXT_DIM)
    return model


def main(frames: int, repeats: int, steps: int) -> None:
    """Sample and print."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = build(steps)
    cpu, wall = [], []
    for seed in range(repeats):
        torch.manual_seed(seed)
        begun = time.process_time(), time.perf_counter()
        model.sample(texts="a bear swims", num_frames=frames, cond_scale=GUIDANCE)  # type: ignore[attr-defined]
        cpu.append(time.process_time() - begun[0])
        wall.append(time.perf_counter() - begun[1])
    print(json.dumps({
        "name": "phenaki-pytorch 0.5.0, float32", "num_frames": frames, "cpu_seconds": min(cpu), "seconds": min(wall),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    }))  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
