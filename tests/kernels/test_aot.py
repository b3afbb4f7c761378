"""Every shipped tile as code for real GPUs: nothing spilled, memory within limits, matrix units used, wide loads."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("triton", reason="Triton is not installed")

from kernels import aot

# 3.6.0 and 3.7.1 of Triton place registers differently; a few bytes outside a loop cost nothing.
SPILL_BUDGET = 32
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))  # an old result would hide a break


@pytest.mark.parametrize("architecture", aot.ARCHITECTURES)
def test_every_tile_compiles_well(architecture: int) -> None:
    wrong = []
    for variant in aot.variants(architecture):
        r = aot.resources(aot.compiled(variant, architecture), architecture)
        if r.spilled > SPILL_BUDGET:
            wrong.append(f"{variant.name} spills {r.spilled} bytes")
        if r.shared > aot.SHARED_MEMORY[architecture]:
            wrong.append(f"{variant.name} takes {r.shared} bytes of shared memory")
        if variant.tensor_cores and not r.tensor_core:
            wrong.append(f"{variant.name} uses no tensor cores")
        # AMD's take float32 as it is; NVIDIA's would round it
        if not variant.tensor_cores and r.tensor_core and architecture != 942:
            wrong.append(f"{variant.name} is not exact float32")
        if not r.wide_loads and architecture != 942:
            wrong.append(f"{variant.name} has no 16-byte loads")
    assert not wrong, "\n".join(wrong)


def test_every_operation_dtype_and_width_is_among_them() -> None:
    names = {" ".join(variant.name.split()[:3]) for variant in aot.variants(90, every=True)}
    for dtype in aot.TYPES.values():
        assert {
            f"{operation} {dtype} {width}" for operation in ("attention", "packed") for width in (32, 64, 128)
        } <= names
