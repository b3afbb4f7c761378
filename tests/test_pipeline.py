"""The public class."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from phenaki import ConfigError, DeviceError, MediaError, Phenaki, Segment, Timeline, TimelineError, pack_frames
from phenaki.checkpoint import load_config
from phenaki.pipeline import ASSETS


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


def test_the_fingerprint_stands_for_weights_sizes_and_precision() -> None:
    def fingerprint(seed: int = 0, precision: str = "float32") -> str:
        return Phenaki.from_preset("tiny", seed, "cpu", precision).fingerprint

    assert fingerprint() == fingerprint()
    assert fingerprint().startswith("tiny ") and fingerprint().endswith(" float32 cpu")
    assert len({fingerprint(), fingerprint(seed=1), fingerprint(precision="bfloat16")}) == 3


def test_one_changed_weight_changes_the_fingerprint_and_every_key() -> None:
    story = Timeline((Segment("a fox", 0.625),))
    one, two = Phenaki.from_preset("tiny", device="cpu"), Phenaki.from_preset("tiny", device="cpu")
    assert one.plan(story) == two.plan(story)
    three = Phenaki.from_preset("tiny", device="cpu")
    three._parts.cvivit.from_code.bias[0] += 1e-3
    assert three.plan(story)[0].key != one.plan(story)[0].key


def test_planning_again_reads_no_prompt_and_no_picture_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Phenaki.from_preset("tiny", device="cpu")
    picture = pack_frames(np.zeros((1, 8, 8, 3), np.uint8))
    story = Timeline((Segment("a fox", 0.625), Segment("a bus", 0.625, start_image=picture)))
    plan = model.plan(story)
    monkeypatch.setattr("phenaki.text.minilm.MiniLmEncoder._read", None)
    monkeypatch.setattr("phenaki.story.read_image", None)
    assert model.plan(story) == plan


def test_a_plan_tells_what_cannot_be_made() -> None:
    model = Phenaki.from_preset("tiny", device="cpu")
    fox, long = Segment("a fox", 0.625), Segment("why " * 90, 0.25)
    for _ in range(2):  # what is wrong is remembered no better than what is right
        with pytest.raises(TimelineError, match="word pieces"):
            model.plan(Timeline((fox, long)))
        with pytest.raises(TimelineError, match="word pieces"):
            model.plan(Timeline((fox, Segment("it jumps", 0.25, behind=Segment("why " * 90, 0.625)))))
    shot = Segment("a bus", 0.625, start_image=b"not a picture")
    with pytest.raises(MediaError, match=r"The start image of segment 2 cannot be used\. This is no picture"):
        model.plan(Timeline((fox, shot)))


def test_the_shipped_model_knows_every_word_that_it_offers() -> None:
    config = load_config(ASSETS / "toy-64")
    offered = " ".join(phrase for phrases in config.vocabulary.values() for phrase in phrases)
    assert set(offered.split()) <= set(config.known_words)


def test_a_model_without_an_upsampler_leaves_frames_as_they_are() -> None:
    frames = np.zeros((2, 32, 32, 3), np.uint8)
    assert Phenaki.from_preset("tiny", device="cpu").enlarge(frames) is frames


def test_the_shipped_model_makes_pictures_of_four_times_the_size() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3), dtype=np.uint8)
    large = Phenaki.from_pretrained("toy-64", device="cpu").enlarge(frames)
    assert large.shape == (2, 256, 256, 3) and large.dtype == np.uint8
