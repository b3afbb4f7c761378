"""Which version of an operation runs, and why.

The order of words: what the call asks for, else what PHENAKI_KERNELS asks for, else what is possible and faster.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
import subprocess
from dataclasses import dataclass

import torch
from torch import Tensor

from kernels import choices
from kernels.errors import KernelError

logger = logging.getLogger(__name__)

VARIABLE = "PHENAKI_KERNELS"
IMPLEMENTATIONS = ("auto", "triton", "torch")
OLDEST = 80  # compute capability; before it the compiler emits no tensor-core instructions and spills
# In Triton's interpreter the kernels run on CPU tensors. Triton reads the variable when it is imported.
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
HAS_TRITON = importlib.util.find_spec("triton") is not None  # looked for, not imported


@dataclass(frozen=True)
class Limits:
    """What a kernel takes."""

    dtypes: tuple[torch.dtype, ...] = (torch.float32, torch.float16, torch.bfloat16)
    widths: tuple[int, ...] = ()  # of a head; () where it has none
    widest: int = 0  # of a vector; 0: any
    longest: int = 0  # of a sequence; 0: any


LIMITS = {
    "attention": Limits(widths=(32, 64, 128)),
    "biased_attention": Limits(widths=(32, 64, 128)),
    "packed_attention": Limits(widths=(32, 64, 128), longest=16),
    "vq_lookup": Limits(widest=128),
    "sample_tokens": Limits(),
}


def choose(operation: str, implementation: str, x: Tensor, *, size: int, differentiable: bool = False) -> str:
    """ "triton" or "torch" for one call.

    Args:
        operation: a key of ``LIMITS``.
        implementation: "auto", "triton" or "torch", as the call has it.
        x: the operation's first tensor; its last axis is the one with limits.
        size: keys of an attention, rows of the others.
        differentiable: gradients are wanted. The kernels' own are recomputed in PyTorch, so "auto" starts there.

    Raises:
        KernelError: "triton" cannot run here, or a name is not known.
    """
    wanted = checked(implementation, "implementation")
    if wanted == "auto":
        wanted = setting()
    if wanted == "torch":
        return "torch"
    reason = why_not(operation, x.device, x.dtype, x.shape[-1], size)
    if wanted == "triton":
        if reason is not None:
            raise KernelError(f'{reason} Use implementation="auto" or {VARIABLE}=auto to let PyTorch run it.')
        return "triton"
    if reason is None and not x.is_cuda:
        reason = "Triton's interpreter is for tests; it runs when it is asked for by name."
    if reason is None and differentiable:
        reason = "Gradients are wanted, and a kernel's backward pass would start with a second forward pass."
    if reason is None and choices.faster(operation, capability(x.device.index or 0), size) == "torch":
        reason = "PyTorch's own is expected to be faster here; see kernels/choices.py."
    if reason is None:
        return "triton"
    if not torch.compiler.is_compiling():  # which does not take logging
        tell(operation, reason)
    return "torch"


def why_not(operation: str, device: torch.device, dtype: torch.dtype, width: int, size: int) -> str | None:
    """Why the kernel of an operation cannot run, in sentences; None: it can.

    Args:
        width: of the last axis: a head, a vector or the vocabulary.
        size: keys of an attention, rows of the others.
    """
    reason = why_not_on(device)
    if reason is not None:
        return reason
    limits = LIMITS[operation]
    if dtype not in limits.dtypes:
        return f"{operation} was given {dtype}; its kernel takes {', '.join(str(known) for known in limits.dtypes)}."
    if limits.widths and width not in limits.widths:
        return f"{operation} was given heads of width {width}; its kernel takes {_listed(limits.widths)}."
    if limits.widest and width > limits.widest:
        return f"{operation} was given vectors of width {width}; its kernel takes up to {limits.widest}."
    if limits.longest and size > limits.longest:
        return f"{operation} was given sequences of {size}; its kernel takes up to {limits.longest}."
    return None


def why_not_on(device: torch.device) -> str | None:
    """Why no kernel of ours can run on a device, in sentences; None: they can."""
    if not HAS_TRITON:
        return "Triton is not installed; it exists for Linux on x86-64."
    if device.type == "cpu":
        return None if INTERPRETED else "The tensors are on the CPU; the kernels need an NVIDIA GPU."
    if INTERPRETED:
        return "TRITON_INTERPRET is set; the interpreter takes tensors on the CPU."
    if device.type != "cuda":
        return f"The tensors are on {device.type}; the kernels need an NVIDIA GPU."
    current = torch.cuda.current_device()
    if device.index not in (None, current):
        return f"The tensors are on cuda:{device.index} and Triton launches on cuda:{current}, the current device."
    return _why_not_on_gpu(current)


@functools.cache
def _why_not_on_gpu(index: int) -> str | None:
    if torch.version.hip is not None and os.environ.get(VARIABLE) != "triton":
        return f"The kernels compile for AMD GPUs and were never run on one; {VARIABLE}=triton tries them."
    if torch.version.hip is None and capability(index) < OLDEST:
        return f"The GPU is of architecture sm_{capability(index)}; the kernels need sm_{OLDEST} or newer."
    return _trouble(torch.device("cuda", index))


def _trouble(device: torch.device) -> str | None:
    """What goes wrong when the smallest kernel is compiled and run; commonly a missing C compiler or cache folder."""
    try:
        from kernels.sample_triton import sample_tokens

        rows, key = torch.zeros(1, dtype=torch.int64, device=device), torch.zeros(2, dtype=torch.int32, device=device)
        sample_tokens(torch.zeros(1, 16, device=device), rows, key, 1.0)
        torch.cuda.synchronize(device)
    except (RuntimeError, OSError, ImportError, subprocess.CalledProcessError) as error:
        return f"Triton cannot compile here ({type(error).__name__}: {str(error).strip().splitlines()[:1]})."
    return None


@functools.cache
def capability(index: int) -> int:
    """Compute capability of a GPU, such as 90."""
    major, minor = torch.cuda.get_device_capability(index)
    return 10 * major + minor


def setting() -> str:
    """What PHENAKI_KERNELS asks for."""
    return checked(os.environ.get(VARIABLE, "auto"), VARIABLE)


def checked(name: str, source: str) -> str:
    """``name``, if it is an implementation's."""
    if name not in IMPLEMENTATIONS:
        raise KernelError(f"{source} is {name!r}; use {_listed(IMPLEMENTATIONS)}.")
    return name


def status() -> str:
    """One line for people: which implementation runs for what, and why."""
    wanted = setting()
    if wanted == "torch":
        return f"torch ({VARIABLE}=torch)"
    if not torch.cuda.is_available():
        return "torch (no CUDA device)"
    index = torch.cuda.current_device()
    reason = why_not_on(torch.device("cuda", index))
    name = f"{torch.cuda.get_device_name(index)}, sm_{capability(index)}"
    if reason is not None:
        return f"torch on {name} ({reason.rstrip('.')})"
    ours = [o for o in LIMITS if wanted == "triton" or choices.faster(o, capability(index), 0) == "triton"]
    theirs = [operation for operation in LIMITS if operation not in ours]
    parts = [f"triton for {_listed(ours)}"] * bool(ours) + [f"torch for {_listed(theirs)} (faster)"] * bool(theirs)
    return f"{'; '.join(parts)}; on {name}"


@functools.cache
def tell(operation: str, reason: str) -> None:
    """Log a reason for falling back, once for each operation."""
    logger.info("%s runs in torch. %s", operation, reason)


def _listed(names: tuple[object, ...] | list[str]) -> str:
    words = [str(name) for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
