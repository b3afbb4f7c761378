"""The operations on which the model spends its time, behind one call each, whichever version runs."""

from kernels.dispatch import attention, vq_lookup

__all__ = ["attention", "vq_lookup"]
