"""What an evaluation ran on: one line about the machine, and the memory that the process took."""

from __future__ import annotations

import importlib
import math
import os
import platform
import sys
from pathlib import Path

import torch

CPU_INFO = Path("/proc/cpuinfo")  # on Linux


def describe_machine(device: torch.device) -> str:
    """Processor, cores in use, GPU if that is the device, and versions."""
    place = f"{_processor()}, {torch.get_num_threads()} of {os.cpu_count()} cores"
    if device.type == "cuda":
        place = f"{torch.cuda.get_device_name(device)}, {place}"
    return f"{place}, torch {torch.__version__}, Python {platform.python_version()}"


def peak_memory_mib() -> float:
    """The most memory that this process has held so far, in MiB; NaN where the system does not tell."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:
        return math.nan
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # bytes there, KiB elsewhere


def _processor() -> str:
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
