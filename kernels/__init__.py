"""The operations on which the model spends its time, behind one call each, whichever version runs."""

from kernels import ops as _registered  # noqa: F401
from kernels.api import attention, packed_attention, sample_tokens, vq_lookup
from kernels.dispatch import status
from kernels.random_numbers import gumbel_noise, random_key
from kernels.warmup import warmup

__all__ = [
    "attention",
    "gumbel_noise",
    "packed_attention",
    "random_key",
    "sample_tokens",
    "status",
    "vq_lookup",
    "warmup",
]
