"""Named settings of the sampler, each with the time that a clip takes with it on this machine."""

from __future__ import annotations

from dataclasses import dataclass, replace

from demo.pace import Pace
from phenaki import SamplingConfig


@dataclass(frozen=True)
class Preset:
    """A name that people choose, and what it stands for."""

    name: str
    sampling: SamplingConfig


def presets(default: SamplingConfig) -> list[Preset]:
    """What the model does best with, faster, more carefully, and as the paper has it."""
    steps = default.num_inference_steps
    return [
        Preset("Fast", replace(default, num_inference_steps=max(1, steps // 2))),
        Preset("Balanced", default),
        Preset("Best", replace(default, num_inference_steps=min(200, steps * 2))),
        Preset("Paper", SamplingConfig(48, 12.0, 1.0, 8.0)),  # arXiv 2210.02399, section 2.2
    ]


def preset_choices(default: SamplingConfig, pace: Pace) -> list[tuple[str, str]]:
    """Label and value of each preset, for a row of radio buttons."""
    choices = []
    for preset in presets(default):
        seconds = pace.expect(preset.sampling.num_inference_steps)
        choices.append((preset.name if seconds is None else f"{preset.name} · {_rounded(seconds)} s", preset.name))
    return choices


def _rounded(seconds: float) -> str:
    """Coarse enough to stay the same while the machine's load changes a little."""
    if seconds < 1:
        return f"{max(1, round(seconds * 10)) / 10:g}"
    return f"{round(seconds * 2) / 2:g}" if seconds < 10 else f"{round(seconds):g}"
