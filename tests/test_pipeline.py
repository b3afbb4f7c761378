"""The public class."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from phenaki import ConfigError, DeviceError, Phenaki


def test_a_preset_is_the_same_for_the_same_seed_and_leaves_chance_alone() -> None:
    torch.manual_seed(4)
    before = torch.rand(1)
    torch.manual_seed(4)
    one, two, other = (Phenaki.from_preset("tiny", seed=s) for s in (0, 0, 1))
    assert torch.equal(torch.rand(1), before)
    weights = [m._parts.maskgit.bias.sum() + m._parts.cvivit.to_code.weight.sum() for m in (one, two, other)]
    assert weights[0] == weights[1] != weights[2]


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ConfigError, match="There is no preset 'huge'"):
        Phenaki.from_preset("huge")


def test_importing_the_library_is_free() -> None:
    code = (
        "import sys, threading, phenaki; "
        "assert threading.active_count() == 1; "
        "bad = {'gradio', 'moviepy', 'triton', 'phenaki.training', 'phenaki.world'} & set(sys.modules); "
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_the_precision_is_the_one_asked_for(name: str) -> None:
    model = Phenaki.from_preset("tiny", seed=0, device="cpu", precision=name)
    assert model.precision == name
    assert model._parts.cvivit.from_code.weight.dtype == torch.float32  # rounding would change the nearest codes


def test_an_unknown_precision_is_told() -> None:
    with pytest.raises(DeviceError, match="'half' is not known; use float32"):
        Phenaki.from_preset("tiny", precision="half")
