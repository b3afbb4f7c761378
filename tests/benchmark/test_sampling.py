"""The benchmark times real sampling and compares what it is given."""

from __future__ import annotations

import json

import pytest
import torch

from phenaki.benchmark import __main__ as benchmark
from phenaki.benchmark.sampling import PEER_SIZES, time_sampling
from phenaki.config import SamplingConfig, preset


def test_a_run_is_timed() -> None:
    timing = time_sampling(
        preset("tiny"), 5, SamplingConfig(num_inference_steps=2), device=torch.device("cpu"), dtype=torch.float32,
        repeats=2,
    )  # fmt: skip
    assert timing.num_frames == 5 and timing.name == "tiny, float32"
    assert 0 < timing.cpu_seconds and 0 < timing.seconds < 60 and timing.peak_mib > 50


def test_more_steps_take_longer() -> None:
    few, many = (
        time_sampling(
            preset("tiny"), 5, SamplingConfig(num_inference_steps=steps), device=torch.device("cpu"),
            dtype=torch.float32,
        ).cpu_seconds
        for steps in (2, 60)
    )  # fmt: skip
    assert many > 1.5 * few


def test_sizes_are_those_of_the_peer() -> None:
    assert PEER_SIZES.cvivit.codebook_size == 4096 and PEER_SIZES.cvivit.grid == (8, 8)
    assert PEER_SIZES.clip.token_frames(41) * 64 == 1344  # tokens


def test_the_table_shows_shares_of_the_peers_time(monkeypatch, capsys, tmp_path) -> None:
    def fake(command: list[object], environment: dict[str, str]) -> dict[str, float | str]:
        ours = "-m" in command
        name = f"peer, {command[-1]}" if ours else "phenaki-pytorch"
        return {"name": name, "num_frames": 11, "cpu_seconds": 3.0 if ours else 12.0, "seconds": 3.0, "peak_mib": 700.0}

    monkeypatch.setattr(benchmark, "_run", fake)
    monkeypatch.setattr(
        "sys.argv", ["benchmark", "--peer", "build/peer", "--frames", "11", "--json", str(tmp_path / "x.json")]
    )
    assert benchmark.main() == 0
    assert "| this program, bfloat16 | 11 | 3.00 | 0.25 | 700 MiB |" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "x.json").read_text())["runs"]) == 3


@pytest.mark.parametrize("frames", [11, 41])
def test_both_lengths_can_be_asked_of_a_process(frames: int, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(
        benchmark, "time_sampling", lambda config, n, *a, **k: asked.append((config.clip.clip_frames >= n, n)) or _Row()
    )
    monkeypatch.setattr("sys.argv", ["benchmark", "--preset", "toy-64", "--frames", str(frames), "--device", "cpu"])
    assert benchmark.main() == 0
    assert asked == [(True, frames)]


class _Row:
    def to_dict(self) -> dict[str, float]:
        return {"cpu_seconds": 1.0}
