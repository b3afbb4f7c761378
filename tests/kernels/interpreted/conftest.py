"""These tests run in a process with TRITON_INTERPRET=1, which ``test_interpreter.py`` starts."""

import os

import pytest
import torch

if os.environ.get("TRITON_INTERPRET") != "1":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(autouse=True)
def outputs_begin_as_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a kernel leaves unwritten shows: fresh memory holds NaN, or -1 for integers."""
    empty = torch.empty

    def poisoned(*arguments, **options):
        out = empty(*arguments, **options)
        return out.fill_(float("nan") if out.is_floating_point() else -1)

    monkeypatch.setattr(torch, "empty", poisoned)
