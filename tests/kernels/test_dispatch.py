"""Which version runs, and that it says why."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import kernels
from kernels import choices, dispatch
from kernels.errors import KernelError

ROOT = Path(__file__).resolve().parents[2]
without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
CALLS = {
    "attention": lambda how: kernels.attention(*[torch.randn(1, 1, 4, 32)] * 3, implementation=how),
    "packed_attention": lambda how: kernels.packed_attention(*[torch.randn(1, 1, 4, 32)] * 3, implementation=how),
    "vq_lookup": lambda how: kernels.vq_lookup(torch.randn(2, 4), torch.randn(8, 4), implementation=how),
    "sample_tokens": lambda how: kernels.sample_tokens(
        torch.randn(2, 8), torch.arange(2), kernels.random_key(0, 0), 1.0, implementation=how
    ),
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(dispatch.VARIABLE, raising=False)
    dispatch.tell.cache_clear()


@without_gpu
@pytest.mark.parametrize("operation", CALLS)
def test_triton_where_it_cannot_run_is_an_error_that_names_the_way_out(operation: str) -> None:
    with pytest.raises(KernelError, match=r'the kernels need an NVIDIA GPU.*Use implementation="auto"'):
        CALLS[operation]("triton")


@without_gpu
@pytest.mark.parametrize("operation", CALLS)
def test_the_environment_asks_for_triton(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(dispatch.VARIABLE, "triton")
    with pytest.raises(KernelError):
        CALLS[operation]("auto")
    CALLS[operation]("torch")  # the call has the last word


@pytest.mark.parametrize("operation", CALLS)
def test_an_unknown_name_is_an_error(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KernelError, match="implementation is 'cuda'; use auto, triton or torch"):
        CALLS[operation]("cuda")
    monkeypatch.setenv(dispatch.VARIABLE, "fast")
    with pytest.raises(KernelError, match="PHENAKI_KERNELS is 'fast'"):
        CALLS[operation]("auto")


@without_gpu
def test_falling_back_is_logged_once_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="kernels"):
        for _ in range(3):
            CALLS["sample_tokens"]("auto")
            CALLS["vq_lookup"]("auto")
    assert [record.levelno for record in caplog.records] == [logging.INFO] * 2
    assert caplog.messages[0].startswith("sample_tokens runs in torch. ")


def test_limits_are_said_in_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "why_not_on", lambda device: None)

    def asked(operation: str, *, dtype=torch.float32, width=64, size=8) -> str | None:
        return dispatch.why_not(operation, torch.device("cuda"), dtype, width, size)

    for operation in dispatch.LIMITS:
        assert asked(operation) is None
        assert "torch.float64" in str(asked(operation, dtype=torch.float64))
    assert "width 48; its kernel takes 32, 64 or 128" in str(asked("attention", width=48))
    assert "up to 16" in str(asked("packed_attention", size=17))
    assert "up to 128" in str(asked("vq_lookup", width=130))


def test_gradients_and_the_table_of_choices_keep_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU that could run all kernels."""
    monkeypatch.setattr(dispatch, "why_not_on", lambda device: None)
    monkeypatch.setattr(dispatch, "capability", lambda index: 90)
    x = FakeGpuTensor()
    assert dispatch.choose("biased_attention", "auto", x, size=64) == "triton"
    assert dispatch.choose("biased_attention", "auto", x, size=64, differentiable=True) == "torch"
    assert dispatch.choose("attention", "auto", x, size=64) == "torch"
    assert dispatch.choose("attention", "triton", x, size=64) == "triton"
    monkeypatch.setitem(choices.MEASURED, (90, "attention", "long"), "triton")
    assert dispatch.choose("attention", "auto", x, size=choices.LONG_FROM) == "triton"
    assert dispatch.choose("attention", "auto", x, size=choices.LONG_FROM - 1) == "torch"


class FakeGpuTensor:
    device, dtype, shape, is_cuda = torch.device("cuda", 0), torch.bfloat16, (1, 1, 64, 64), True


def test_the_table_names_operations_and_versions_that_exist() -> None:
    assert set(choices.UNMEASURED) == set(dispatch.LIMITS)
    for (_, operation, shape_class), version in choices.MEASURED.items():
        assert operation in dispatch.LIMITS and shape_class in ("short", "long") and version in ("triton", "torch")


@without_gpu
def test_status_says_which_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kernels.status() == "torch (no CUDA device)"
    monkeypatch.setenv(dispatch.VARIABLE, "torch")
    assert kernels.status() == "torch (PHENAKI_KERNELS=torch)"


@without_gpu
def test_warming_up_a_cpu_does_nothing() -> None:
    kernels.warmup("cpu")


def test_everything_runs_without_triton() -> None:
    code = """
import sys
sys.modules["triton"] = None
import importlib.util as util
found = util.find_spec
util.find_spec = lambda name, *rest: None if name == "triton" else found(name, *rest)
import torch, kernels
assert not [name for name in sys.modules if name.startswith("triton") and sys.modules[name]]
kernels.sample_tokens(torch.randn(2, 8), torch.arange(2), kernels.random_key(0, 0), 1.0)
try:
    kernels.vq_lookup(torch.eye(2), torch.eye(2), implementation="triton")
except kernels.errors.KernelError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert run.stdout.startswith("Triton is not installed")
