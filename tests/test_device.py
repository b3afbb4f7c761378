"""Devices and precisions are found by name, and what a machine is slow with is not taken unasked."""

from __future__ import annotations

import pytest
import torch

from phenaki.device import find_device, find_precision, mixed_precision
from phenaki.errors import DeviceError

CPU = torch.device("cpu")


@pytest.fixture(params=[True, False])
def bfloat16(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A CPU with instructions for bfloat16, and one without."""
    found = {"avx2": True, "avx512_bf16": request.param}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    return bool(request.param)


def test_a_cpu_takes_bfloat16_where_it_has_instructions_for_it(bfloat16: bool) -> None:
    assert find_precision("auto", CPU) == (torch.bfloat16 if bfloat16 else torch.float32)
    assert find_precision("float32", CPU) == torch.float32 and find_precision("bfloat16", CPU) == torch.bfloat16


def test_networks_are_trained_in_what_the_cpu_is_fast_with(bfloat16: bool) -> None:
    layer = torch.nn.Linear(4, 4)
    with mixed_precision(CPU):
        out = layer(torch.ones(1, 4))
    assert out.dtype == (torch.bfloat16 if bfloat16 else torch.float32)
    out.sum().backward()
    assert layer.weight.grad is not None and layer.weight.grad.dtype == torch.float32


@pytest.mark.parametrize(("capability", "dtype"), [((7, 5), torch.float32), ((8, 0), torch.bfloat16)])
def test_a_gpu_that_only_emulates_bfloat16_is_not_asked_for_it(
    capability: tuple[int, int], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert find_precision("auto", torch.device("cuda:1")) == dtype


def test_unknown_devices_and_precisions_are_refused_with_a_sentence() -> None:
    assert find_device("cpu") == CPU and find_device("auto").type in ("cpu", "cuda")
    with pytest.raises(DeviceError, match=r"'abacus' cannot be used .* Use 'cpu' or 'auto'"):
        find_device("abacus")
    with pytest.raises(DeviceError, match=r"'half' is not known; use float32, bfloat16, float16 or auto"):
        find_precision("half", CPU)
