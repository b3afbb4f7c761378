"""The bench measures every step."""

from __future__ import annotations

import pytest

from phenaki.world import bench
from phenaki.world.parts import CORE


def test_every_step_is_measured(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    speed = bench.measure(CORE, size=16, batch=2, seconds=0.01)
    assert min(vars(speed).values()) > 0
    monkeypatch.setattr("sys.argv", ["bench", "--part", "core", "--size", "16", "--batch", "2", "--seconds", "0.01"])
    bench.main()
    out = capsys.readouterr().out
    assert "16x16x11" in out and "core" in out and "full" not in out
