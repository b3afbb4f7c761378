"""What an evaluation found, as JSON and as Markdown tables."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from phenaki.config import SamplingConfig
from phenaki.evaluation.figures import AlignmentScore, Cost, Distance, Seams, Share, Shares, TokenizerQuality

DISTANCE_HEAD = "distance to renders, in features of our judge (not Inception's or I3D's)"


@dataclass(frozen=True)
class Report:
    """Everything that one evaluation found. What is empty or None was not asked for, or a note says why."""

    model: str
    machine: str
    sampling: SamplingConfig
    seed: int
    world: str  # the part that prompts and renders are of, and its version
    splits: Mapping[str, Shares]  # by split: generated clips against their prompts; "stories": clips after the cut
    chance: Shares  # the clips of "iid" against prompts of other clips
    stories: Shares  # of two segments
    long_stories: Shares  # of three to five, two clips each
    judge: Shares  # renders against their truth
    reconstructions: Shares  # the same renders after the tokenizer
    tokenizer: TokenizerQuality | None
    cost: Cost | None
    seams: Mapping[str, Seams] = field(default_factory=dict)  # of "films" and of "renders" of the same stories
    alignment: Mapping[str, AlignmentScore] = field(default_factory=dict)  # by whose clips or prompts
    candidates: int = 0  # prompts of which one is the clip's own
    distances: Mapping[str, Mapping[str, Distance]] = field(default_factory=dict)  # by name, then by whose clips
    notes: tuple[str, ...] = ()  # what is missing, and why

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; numbers that are not known are None."""
        return {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}

    def to_markdown(self) -> str:
        """Tables to print; shares with their 95 % intervals."""
        blocks = [f"## Evaluation of {self.model}", *self._adherence(), *self._stories(), *self._others()]
        s = self.sampling
        blocks += self.notes
        blocks.append(
            f"World: {self.world}. {s.num_inference_steps} steps, guidance {s.guidance_scale:g}, temperature "
            f"{s.temperature:g}, choice temperature {s.choice_temperature:g}, seed {self.seed}. {self.machine}."
        )
        return "\n\n".join(blocks) + "\n"

    def _adherence(self) -> Iterator[str]:
        """Attributes by splits, with chance on one side and the ceilings on the other."""
        columns = {
            **self.splits,
            "chance": self.chance,
            "judge on reconstructions": self.reconstructions,
            "judge on renders": self.judge,
        }
        columns = {f"{name} (N={_count(shares)})": shares for name, shares in columns.items() if _count(shares)}
        if columns:
            names = next(iter(columns.values()))
            yield _table(["right, of", *columns], [[n, *(str(c[n]) for c in columns.values())] for n in names])

    def _stories(self) -> Iterator[str]:
        if _count(self.stories):
            head = ["stories of two segments", f"share (N={_count(self.stories)})"]
            yield _table(head, [[name, str(share)] for name, share in self.stories.items()])
        if _count(self.long_stories):
            rows = [[f"{name} (N={share.count})", str(share)] for name, share in self.long_stories.items()]
            yield _table(["stories of three to five segments, two clips each", "share"], rows)
        if self.seams:
            head = ["change from frame to frame", *(f"{name} (N={s.films})" for name, s in self.seams.items())]
            rows = {
                "at seams, of 255": [f"{s.at_seams:.2f}" for s in self.seams.values()],
                "inside clips, of 255": [f"{s.inside:.2f}" for s in self.seams.values()],
                "at seams / inside": [f"{s.ratio:.2f}" for s in self.seams.values()],
            }
            yield _table(head, [[name, *values] for name, values in rows.items()])

    def _others(self) -> Iterator[str]:
        if self.alignment:
            head = ["text and video", *(f"{name} (N={a.first.count})" for name, a in self.alignment.items())]
            scores = [f"{a.score:.1f}" for a in self.alignment.values()]
            first = [str(a.first) for a in self.alignment.values()]
            rows = [
                ["alignment, 100 x mean cosine", *scores],
                [f"R@1 of {self.candidates}, others differ in one attribute", *first],
            ]
            yield _table(head, rows)
        if self.distances:
            columns = list(next(iter(self.distances.values())))
            rows = [
                [f"{name} (N={max(d.count for d in row.values())})", *(_distance(row[c]) for c in columns)]
                for name, row in self.distances.items()
            ]
            yield _table([DISTANCE_HEAD, *columns], rows)
        if self.tokenizer:
            yield _table([f"tokenizer (N={self.tokenizer.clips} clips)", ""], _tokenizer_rows(self.tokenizer))
        if self.cost:
            yield _table(["cost", ""], _cost_rows(self.cost))


def _tokenizer_rows(quality: TokenizerQuality) -> Iterable[list[str]]:
    used = f"{quality.codes_used} of {quality.codebook_size} ({100 * quality.codes_used / quality.codebook_size:.0f} %)"
    yield ["PSNR, whole frames", f"{quality.psnr:.2f} dB"]
    yield ["PSNR, subjects", f"{quality.subject_psnr:.2f} dB"]
    yield ["SSIM", f"{quality.ssim:.3f}"]
    yield ["codes in use", used]


def _cost_rows(cost: Cost) -> Iterable[list[str]]:
    rows = {
        "seconds for the first clip (median)": (cost.first_seconds, "{:.2f}"),
        "seconds for a later clip (median)": (cost.next_seconds, "{:.2f}"),
        "peak memory of the process": (cost.peak_mib, "{:.0f} MiB"),
    }
    return [[name, form.format(value)] for name, (value, form) in rows.items() if not math.isnan(value)]


def _distance(distance: Distance) -> str:
    return f"{distance.value:.2f}" if distance.sd is None else f"{distance.value:.2f} ± {distance.sd:.2f}"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _count(shares: Shares) -> int:
    return max((share.count for share in shares.values()), default=0)


def _plain(value: Any) -> Any:
    """Data that JSON knows: shares with value and interval, other dataclasses and mappings by name, NaN as None."""
    if isinstance(value, Share):
        low, high = value.interval
        numbers = {"share": _plain(value.value), "interval": [_plain(low), _plain(high)]}
        return {"right": value.right, "count": value.count} | numbers
    if isinstance(value, Mapping):
        return {name: _plain(v) for name, v in value.items()}
    if isinstance(value, Seams):
        return {"at_seams": value.at_seams, "inside": value.inside, "ratio": _plain(value.ratio), "films": value.films}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value
