"""What an evaluation measures, as plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

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
    ssim: float  # of brightness, mean over all frames; see ``pictures.ssim``
    codes_used: int
    codebook_size: int
    clips: int


@dataclass(frozen=True)
class Seams:
    """How much pictures change from one frame to the next, in levels of 255: at seams and inside of clips."""

    at_seams: float  # from the last inherited frame to the first new one
    inside: float  # between all other neighbours of the same films
    films: int

    @property
    def ratio(self) -> float:
        """1 where a seam changes as much as any other place; NaN where nothing changes inside."""
        return self.at_seams / self.inside if self.inside else math.nan


@dataclass(frozen=True)
class AlignmentScore:
    """How well clips go with their prompts in the eyes of two towers trained on renders."""

    score: float  # 100 x mean cosine of clip and prompt
    first: Share  # clips for which the prompt wins against others that differ from it in one attribute: R@1


@dataclass(frozen=True)
class Distance:
    """A distance between two sets of clips, in features of a network that has a name."""

    value: float
    sd: float | None  # over subsets, where it is estimated so
    count: int  # samples on either side


@dataclass(frozen=True)
class Cost:
    """What generating took."""

    first_seconds: float  # median wall time of a clip that opens a film
    next_seconds: float  # median wall time of a clip that goes on; NaN where no story was made
    peak_mib: float  # most memory that the process held until then; NaN where the system does not tell
