"""Compile every kernel for real GPUs on a machine without one, and read what each costs.

    python -m kernels.aot --arch 90

The compilers and disassemblers are those in Triton's wheel. Speed cannot be read here; spilled registers, narrow loads
and missing tensor-core instructions can.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from kernels import attention_triton, packed_triton, sample_triton, vq_triton
from kernels.dispatch import LIMITS
from kernels.tiles import Tile

ARCHITECTURES = (80, 90, 100, 120, 942)  # the last is AMD's gfx942
SHARED_MEMORY = {80: 163 << 10, 90: 227 << 10, 100: 227 << 10, 120: 99 << 10, 942: 64 << 10}  # bytes a program may have
TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
TYPES = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16"}


@dataclass(frozen=True)
class Variant:
    """One kernel with everything that is fixed when it is compiled."""

    name: str
    kernel: Any
    tile: Tile
    pointers: dict[str, str]  # name -> type of what it points to
    constants: dict[str, Any]
    floats: tuple[str, ...] = ()
    aligned: tuple[str, ...] = ()  # integers that are multiples of 16
    tensor_cores: bool = False


@dataclass(frozen=True)
class Resources:
    """What the compiled kernel takes and what it is made of."""

    registers: int  # a thread
    spilled: int  # bytes of stack a thread
    shared: int  # bytes a program
    tensor_core: int  # instructions
    wide_loads: int  # instructions that load 16 bytes


def variants(architecture: int, *, every: bool = False) -> Iterator[Variant]:
    """The tile of each operation, dtype and head width with all its features on; ``every``: and in all mixtures."""
    mixtures = list(product((False, True), repeat=3)) if every else [(True, True, True)]
    dtypes = tuple(TYPES) if every else (torch.float32, torch.bfloat16)  # the two 16-bit types cost the same
    for dtype, width in product(dtypes, LIMITS["attention"].widths):
        tiles = {attention_triton.tile_for(architecture, dtype, width, n) for n in (attention_triton.SHORT, 1024)}
        for tile, mixture in product(sorted(tiles, key=lambda tile: tile.rows), mixtures):
            yield _attention(dtype, width, tile, *mixture)
        yield _packed(dtype, width)
    for width, euclidean in product((16, 32, 64, 128) if every else (32, 128), (False, True) if every else (True,)):
        yield _vq(width, euclidean)
    for dtype in dtypes:
        yield _sample(dtype)


def _attention(dtype: torch.dtype, width: int, tile: Tile, causal: bool, mask: bool, bias: bool) -> Variant:
    features = "".join(f" {name}" for name, on in (("causal", causal), ("mask", mask), ("bias", bias)) if on)
    kernel, pointers = attention_triton.attention_kernel, dict.fromkeys(("q_ptr", "k_ptr", "v_ptr", "out_ptr"), dtype)
    constants = {"WIDTH": width, "BLOCK_N": tile.rows, "BLOCK_M": tile.columns, "UPCAST": False}
    constants |= {"CAUSAL": causal, "HAS_MASK": mask, "HAS_BIAS": bias}
    constants |= {name: None for name, on in (("mask_ptr", mask), ("table_ptr", bias)) if not on}
    types = {name: TYPES[dtype] for name in pointers}
    types |= {name: kind for name, kind, on in (("mask_ptr", "u8", mask), ("table_ptr", TYPES[dtype], bias)) if on}
    return Variant(
        f"attention {TYPES[dtype]} {width} {tile.rows}x{tile.columns}{features}",
        kernel,
        tile,
        types,
        constants,
        floats=("scale",),
        aligned=_strides(kernel),
        tensor_cores=dtype != torch.float32,
    )


def _packed(dtype: torch.dtype, width: int) -> Variant:
    kernel, tile = packed_triton.packed_kernel, packed_triton.tile_for(dtype, width)
    return Variant(
        f"packed {TYPES[dtype]} {width} {tile.rows}x{tile.columns}",
        kernel,
        tile,
        dict.fromkeys(("q_ptr", "k_ptr", "v_ptr", "out_ptr"), TYPES[dtype]),
        {"WIDTH": width, "BLOCK": tile.rows, "UPCAST": False},
        floats=("scale",),
        aligned=_strides(kernel),
        tensor_cores=dtype != torch.float32,
    )


def _vq(width: int, euclidean: bool) -> Variant:
    tile = vq_triton.tile_for(width)
    constants = {"WIDTH": width, "BLOCK_N": tile.rows, "BLOCK_V": tile.columns, "EUCLIDEAN": euclidean, "UPCAST": False}
    return Variant(
        f"vq fp32 {width} {tile.rows}x{tile.columns} {'euclidean' if euclidean else 'cosine'}",
        vq_triton.vq_kernel,
        tile,
        {"x_ptr": "fp32", "codebook_ptr": "fp32", "keys_ptr": "i64"},
        constants,
    )


def _sample(dtype: torch.dtype) -> Variant:
    tile = sample_triton.TILE
    return Variant(
        f"sample {TYPES[dtype]} {tile.columns}",
        sample_triton.sample_kernel,
        tile,
        {
            "logits_ptr": TYPES[dtype],
            "rows_ptr": "i64",
            "key_ptr": "i32",
            "temperature": "fp32",
            "ids_ptr": "i64",
            "log_p_ptr": "fp32",
        },
        {"BLOCK_V": tile.columns, "TEMPERATURE_IN_MEMORY": True},
        aligned=("stride_m", "v"),
    )


def _strides(kernel: Any) -> tuple[str, ...]:
    return tuple(name for name in kernel.arg_names if name.startswith("stride"))


def compiled(variant: Variant, architecture: int) -> Any:
    """The kernel for an architecture, compiled as it would be for aligned inputs."""
    names, constants = variant.kernel.arg_names, variant.constants
    signature = {name: "i32" for name in names}
    signature |= {name: f"*{kind}" for name, kind in variant.pointers.items()}
    signature |= dict.fromkeys(variant.floats, "fp32") | dict.fromkeys(constants, "constexpr")
    multiples = [name for name in (*variant.pointers, *variant.aligned) if name not in constants]
    source = ASTSource(
        fn=variant.kernel,
        signature=signature,
        constexprs={(names.index(name),): value for name, value in constants.items()},
        attrs={(names.index(name),): [["tt.divisibility", 16]] for name in multiples},
    )
    target = GPUTarget("hip", "gfx942", 64) if architecture == 942 else GPUTarget("cuda", architecture, 32)
    options = {"num_warps": variant.tile.warps, "num_stages": variant.tile.stages}
    return triton.compile(source, target=target, options=options)


def resources(kernel: Any, architecture: int) -> Resources:
    """Read what a compiled kernel takes."""
    if architecture == 942:
        text = kernel.asm["amdgcn"]
        return Resources(
            registers=int(re.search(r"\.vgpr_count:\s+(\d+)", text)[1]),
            spilled=4 * int(re.search(r"\.vgpr_spill_count:\s+(\d+)", text)[1]),
            shared=kernel.metadata.shared,
            tensor_core=len(re.findall(r"\bv_mfma_", text)),
            wide_loads=len(re.findall(r"\b(?:global|buffer)_load_dwordx4\b", text)),
        )
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        usage = dict(re.findall(r"(REG|STACK):(\d+)", _run("cuobjdump", "--dump-resource-usage", file.name)))
        code = _run("nvdisasm", "-c", file.name)
    local = len(re.findall(r"\b(?:LDL|STL)\b", code))
    return Resources(
        registers=int(usage["REG"]),
        spilled=max(int(usage["STACK"]), 4 * local),
        shared=kernel.metadata.shared,
        tensor_core=len(re.findall(r"\b(?:HMMA|HGMMA|UTCHMMA)\b", code)),
        wide_loads=len(re.findall(r"\b(?:LDG\.E|LDGSTS\.E)[.\w]*\.128\b", code)),
    )


def _run(tool: str, *arguments: str) -> str:
    return subprocess.run([TOOLS / tool, *arguments], capture_output=True, text=True, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description="Compile every kernel without a GPU and print what each costs.")
    parser.add_argument("--arch", type=int, choices=ARCHITECTURES, default=90)
    parser.add_argument("--every", action="store_true", help="all mixtures of features, not only all at once")
    arguments = parser.parse_args()
    print(f"{'':52}registers  spilled   shared  tensor-core  16-byte loads")
    for variant in variants(arguments.arch, every=arguments.every):
        r = resources(compiled(variant, arguments.arch), arguments.arch)
        print(f"{variant.name:52}{r.registers:9}{r.spilled:9}{r.shared:9}{r.tensor_core:13}{r.wide_loads:15}")


if __name__ == "__main__":
    main()
