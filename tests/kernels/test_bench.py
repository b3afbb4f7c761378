"""The benchmark runs from end to end on a CPU, and says so where it cannot run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from kernels import bench


def test_all_sections_run_at_small_sizes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.json"
    assert bench.main(["all", "--quick", "--device", "cpu", "--json", str(file)]) == 0
    told = json.loads(file.read_text())
    assert {row["section"] for row in told["rows"]} == set(bench.SECTIONS)
    assert told["torch"] == torch.__version__ and {"device", "commit", "triton", "kernels"} <= set(told)
    assert all(row["milliseconds"] > 0 and row["floor"] > 0 for row in told["rows"])
    printed = capsys.readouterr().out
    assert all(row["case"] in printed for row in told["rows"])


def test_one_section_can_run_alone(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    assert bench.main(["lookup", "--quick", "--device", "cpu", "--json", str(file)]) == 0
    assert {row["section"] for row in json.loads(file.read_text())["rows"]} == {"lookup"}


def test_a_wrong_result_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.reference, "vq_lookup", lambda x, codebook, metric: torch.zeros(len(x)).long())
    monkeypatch.setattr(bench.kernels, "vq_lookup", lambda x, *rest, **options: torch.ones(len(x)).long())
    assert bench.main(["lookup", "--quick", "--device", "cpu"]) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
def test_without_a_gpu_it_says_so_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["all"]) == 2
    assert capsys.readouterr().out.startswith("There is no CUDA device here")
