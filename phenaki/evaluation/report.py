"""What an evaluation found, as plain numbers, as JSON and as Markdown tables."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from phenaki.config import SamplingConfig

Z95 = 1.96  # standard deviations on either side that hold 95 % of a normal distribution


@dataclass(frozen=True)
class Share:
    """So many right out of so many."""

    right: int
    count: int

    @property
    def value(self) -> float:
        """The share, 0 to 1; NaN of nothing."""
        return self.right / self.count if self.count else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of the share.

        Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
        """
        if not self.count:
            return math.nan, math.nan
        n, p, z = self.count, self.value, Z95
        middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        if not self.count:
            return "-"
        low, high = self.interval
        return f"{100 * self.value:.1f} % ({100 * low:.0f}-{100 * high:.0f})"


Shares = Mapping[str, Share]


@dataclass(frozen=True)
class TokenizerQuality:
    """How well the tokenizer gives back what it is given, over renders that it was not trained on."""

    psnr: float  # dB over all pixels
    subject_psnr: float  # dB over the pixels of subjects
    codes_used: int
    codebook_size: int
    clips: int


@dataclass(frozen=True)
class Cost:
    """What generating took."""

    first_seconds: float  # median wall time of a clip that opens a film
    next_seconds: float  # median wall time of a clip that goes on; NaN where no story was made
    peak_mib: float  # most memory that the process held until then; NaN where the system does not tell


@dataclass(frozen=True)
class Report:
    """Everything that one evaluation found. Empty shares and None stand for what was not asked for."""

    model: str
    machine: str
    sampling: SamplingConfig
    seed: int
    adherence: Shares  # generated clips against their prompts, all combinations
    adherence_held_out: Shares  # the same for pairs that training never shows
    chance: Shares  # the same clips against prompts of other clips
    stories: Shares
    judge: Shares  # renders against their truth
    reconstructions: Shares  # the same renders after the tokenizer
    tokenizer: TokenizerQuality | None
    cost: Cost | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; numbers that are not known are None."""
        data = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name, value in data.items():
            if isinstance(value, Mapping):
                data[name] = {k: _share_dict(share) for k, share in value.items()}
            elif dataclasses.is_dataclass(value) and not isinstance(value, type):
                data[name] = {k: _known(v) for k, v in dataclasses.asdict(value).items()}
        return data

    def to_markdown(self) -> str:
        """Tables to print; shares with their 95 % intervals."""
        columns = {
            "generated": self.adherence,
            "held-out pairs": self.adherence_held_out,
            "chance": self.chance,
            "judge on reconstructions": self.reconstructions,
            "judge on renders": self.judge,
        }
        columns = {f"{name} (N={_count(shares)})": shares for name, shares in columns.items() if _count(shares)}
        blocks = [f"## Evaluation of {self.model}"]
        if columns:
            names = next(iter(columns.values()))
            blocks.append(_table(["", *columns], [[n, *(str(c[n]) for c in columns.values())] for n in names]))
        if _count(self.stories):
            head = ["after the cut of a two-segment story", f"share (N={_count(self.stories)})"]
            blocks.append(_table(head, [[name, str(share)] for name, share in self.stories.items()]))
        if self.tokenizer:
            blocks.append(_table([f"tokenizer (N={self.tokenizer.clips} clips)", ""], _tokenizer_rows(self.tokenizer)))
        if self.cost:
            blocks.append(_table(["cost", ""], _cost_rows(self.cost)))
        s = self.sampling
        blocks.append(
            f"{s.num_inference_steps} steps, guidance {s.guidance_scale:g}, temperature {s.temperature:g}, choice "
            f"temperature {s.choice_temperature:g}, seed {self.seed}. {self.machine}."
        )
        return "\n\n".join(blocks) + "\n"


def _tokenizer_rows(quality: TokenizerQuality) -> Iterable[list[str]]:
    used = f"{quality.codes_used} of {quality.codebook_size} ({100 * quality.codes_used / quality.codebook_size:.0f} %)"
    yield ["PSNR, whole frames", f"{quality.psnr:.2f} dB"]
    yield ["PSNR, subjects", f"{quality.subject_psnr:.2f} dB"]
    yield ["codes in use", used]


def _cost_rows(cost: Cost) -> Iterable[list[str]]:
    rows = {
        "seconds for the first clip (median)": (cost.first_seconds, "{:.2f}"),
        "seconds for a later clip (median)": (cost.next_seconds, "{:.2f}"),
        "peak memory of the process": (cost.peak_mib, "{:.0f} MiB"),
    }
    return [[name, form.format(value)] for name, (value, form) in rows.items() if not math.isnan(value)]


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _count(shares: Shares) -> int:
    return max((share.count for share in shares.values()), default=0)


def _share_dict(share: Share) -> dict[str, object]:
    low, high = share.interval
    interval = [_known(low), _known(high)]
    return {"right": share.right, "count": share.count, "share": _known(share.value), "interval": interval}


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
