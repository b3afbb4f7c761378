from __future__ import annotations

import pytest

from demo.pace import Pace
from demo.presets import preset_choices, presets
from phenaki import SamplingConfig

DEFAULT = SamplingConfig(18, 3.0, 1.0, 4.5)


def test_balanced_is_what_the_model_does_best_with_and_paper_what_the_paper_says() -> None:
    named = {preset.name: preset.sampling for preset in presets(DEFAULT)}
    assert named["Balanced"] == DEFAULT
    assert named["Fast"].num_inference_steps < 18 < named["Best"].num_inference_steps
    assert (named["Paper"].num_inference_steps, named["Paper"].guidance_scale) == (48, 12.0)
    assert named["Paper"].choice_temperature == 8.0


def test_labels_tell_the_time_once_a_clip_was_made() -> None:
    pace = Pace()
    assert [label for label, _ in preset_choices(DEFAULT, pace)] == ["Fast", "Balanced", "Best", "Paper"]
    pace.record(steps=18, seconds=0.9)
    assert [label for label, _ in preset_choices(DEFAULT, pace)] == [
        "Fast · 0.4 s", "Balanced · 0.9 s", "Best · 2 s", "Paper · 2.5 s",
    ]  # fmt: skip


def test_the_pace_follows_the_machine() -> None:
    pace = Pace()
    assert pace.expect(10) is None
    pace.record(10, 1.0)
    assert pace.expect(20) == pytest.approx(2.0)
    for _ in range(30):
        pace.record(10, 3.0)
    assert pace.expect(10) == pytest.approx(3.0, rel=0.01)
