"""Where ours is faster and where PyTorch's own is: one table, to be filled from measurements."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

# Keys from which PyTorch's fused attention is the faster one on a CPU. Measured on an AMD EPYC (AVX-512, bfloat16),
# torch 2.13.0, plain against fused. float32, one core: 9.8 to 4.1 ms at (2, 4, 384, 64), 164 to 68 at (2, 6, 1344, 64).
# bfloat16 at (2, 4, keys, 64), one core and two: 1.8 to 3.6 and 0.7 to 1.8 ms with 384 keys, 11.2 to 12.1 and 2.2 to
# 6.1 with 704, 24.1 to 23.4 and 4.8 to 11.9 with 1024, 40.0 to 40.2 and 23.3 to 20.6 with 1344; with its backward pass,
# two cores, 118 to 152 ms at (16, 4, 704, 64).
FUSED_FROM = {torch.bfloat16: 1280}
FUSED_FROM_ELSE = 128

LONG_FROM = 512  # keys, or rows of logits, or vectors to look up

# By operation, before anything is measured: PyTorch's fused attention is hard to beat without a bias, and with one it
# needs the bias of every pair in memory; for the others PyTorch has nothing that reads its input once.
UNMEASURED = {
    "attention": "torch",
    "biased_attention": "triton",
    "packed_attention": "triton",
    "vq_lookup": "triton",
    "sample_tokens": "triton",
}

# Exceptions by (compute capability, operation, "short" or "long"). An entry comes from a table that
# `python -m kernels.bench all` printed on that architecture, and names it: device, date, both times.
MEASURED: dict[tuple[int, str, str], str] = {}

# On it PyTorch's attention should try cuDNN first. Reported, not measured by us: 1.7 to 2.3 times FlashAttention 2 on
# Hopper, and slower than it on A100, A10G and consumer Blackwell.
HOPPER = (9, 0)


def faster(operation: str, capability: int, size: int) -> str:
    """ "triton" or "torch" for an operation at ``size`` keys or rows on an architecture such as 90."""
    shape_class = "long" if size >= LONG_FROM else "short"
    return MEASURED.get((capability, operation, shape_class), UNMEASURED[operation])


def fused_is_faster(q: Tensor, k: Tensor) -> bool:
    """Whether PyTorch's fused attention beats its plain one."""
    return q.is_cuda or k.shape[-2] >= FUSED_FROM.get(q.dtype, FUSED_FROM_ELSE)


def backend_order(q: Tensor) -> AbstractContextManager[None]:
    """Within it PyTorch's attention tries its backends in the order that we expect to be best on this GPU."""
    if not q.is_cuda or torch.version.hip is not None or torch.cuda.get_device_capability(q.device) != HOPPER:
        return nullcontext()
    order = [SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    return sdpa_kernel(order, set_priority=True)
