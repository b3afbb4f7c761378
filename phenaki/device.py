"""Where a model runs, and in which precision."""

from __future__ import annotations

import torch

from phenaki.errors import DeviceError


def find_device(name: str) -> torch.device:
    """The device of that name.

    Raises:
        DeviceError: it is not on this machine.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise DeviceError(
            f"The device {name!r} cannot be used ({str(error).splitlines()[0]}). Use 'cpu' or 'auto'."
        ) from None
    return device


def find_precision(name: str, device: torch.device) -> torch.dtype:
    """The precision of that name; "auto": bfloat16 where the device multiplies matrices in it, else float32.

    Raises:
        DeviceError: there is no such precision.
    """
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if name in known:
        return known[name]
    if name != "auto":
        raise DeviceError(f"The precision {name!r} is not known; use {', '.join(known)} or auto.")
    fast = False
    if device.type == "cuda":
        # since Ampere; older ones emulate it, which PyTorch counts as support
        fast = torch.version.hip is not None or torch.cuda.get_device_capability(device) >= (8, 0)
    elif device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        found = torch.cpu.get_capabilities()
        fast = bool(found.get("amx_bf16") or found.get("avx512_bf16"))
    return torch.bfloat16 if fast else torch.float32


def mixed_precision(device: torch.device) -> torch.autocast:
    """A context in which networks multiply matrices in bfloat16, where the device is fast with it; else in float32.

    On a CPU without instructions for bfloat16 it would take fifty times as long.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=find_precision("auto", device) == torch.bfloat16)
