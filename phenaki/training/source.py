"""Where the tokenizer and the transformer get what they learn from: the rendered world, or videos of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import torch

from phenaki.config import ModelConfig
from phenaki.shapes import ClipShape
from phenaki.world.parts import CORE, WorldPart
from phenaki.world.render import Rendered
from phenaki.world.vocabulary import vocabulary
from phenaki.world.windows import render_windows, sample_later, sample_opening, sample_script, sample_still
from phenaki.world.words import known_words


class Sample(Protocol):
    """A stretch of a video: what it is called, and how long it is. ``world.windows.Window`` is one."""

    @property
    def caption(self) -> str:
        """What the new frames show."""

    @property
    def num_frames(self) -> int: ...

    @property
    def prime_frames(self) -> int:
        """Frames that belong to what came before; 0 where a film begins."""

    def earlier(self, count: int) -> Self:
        """The same, begun ``count`` frames earlier."""


class Source(Protocol):
    """Something to learn from. What is drawn depends on ``rng`` alone."""

    @property
    def facts(self) -> Mapping[str, str | int]:
        """What stands in a checkpoint that was trained on it."""

    @property
    def vocabulary(self) -> Mapping[str, tuple[str, ...]]:
        """Words to offer to people who write prompts, by kind; empty if there is no list of them."""

    @property
    def known_words(self) -> tuple[str, ...]:
        """Every single word of its captions, in small letters, sorted."""

    @property
    def unseen(self) -> Source:
        """The same of what is kept from training, for figures."""

    def opening(self, rng: np.random.Generator, shape: ClipShape) -> Any:
        """A ``Sample``: the first clip of a film."""

    def continuation(self, rng: np.random.Generator, shape: ClipShape) -> Any:
        """A ``Sample``: a later clip, with a patch of frames before it."""

    def still(self, rng: np.random.Generator) -> Any:
        """A ``Sample``: a single picture."""

    def held_out(self, shape: ClipShape, count: int) -> list[Any]:
        """Openings of what is kept from training, as far as there is such; always the same."""

    def pixels(self, samples: Sequence[Any], size: int, device: torch.device | str = "cpu") -> Rendered:
        """Samples of one length, ``size`` pixels high, and where their subjects are, if that is known."""

    def story(self, rng: np.random.Generator, shape: ClipShape) -> tuple[str, ...]:
        """Two prompts of a story, one clip each."""


@dataclass(frozen=True)
class RenderedWorld:
    """A part of the rendered world: it never repeats itself, and knows where its subjects are."""

    part: WorldPart = CORE

    @property
    def facts(self) -> Mapping[str, str | int]:
        """See ``Source``; so are the others."""
        return self.part.facts

    @property
    def vocabulary(self) -> Mapping[str, tuple[str, ...]]:
        return vocabulary(self.part)

    @property
    def known_words(self) -> tuple[str, ...]:
        return known_words(self.part)

    @property
    def unseen(self) -> RenderedWorld:
        """What other seeds draw."""
        return self

    def opening(self, rng: np.random.Generator, shape: ClipShape) -> Any:
        return sample_opening(rng, shape, part=self.part)

    def continuation(self, rng: np.random.Generator, shape: ClipShape) -> Any:
        return sample_later(rng, shape, part=self.part)

    def still(self, rng: np.random.Generator) -> Any:
        return sample_still(rng, part=self.part)

    def held_out(self, shape: ClipShape, count: int) -> list[Any]:
        """Combinations that training never shows."""
        rng = np.random.default_rng(10_000)
        return [sample_opening(rng, shape, combos="held-out", part=self.part) for _ in range(count)]

    def pixels(self, samples: Sequence[Any], size: int, device: torch.device | str = "cpu") -> Rendered:
        return render_windows(list(samples), size, device)

    def story(self, rng: np.random.Generator, shape: ClipShape) -> tuple[str, ...]:
        return sample_script(rng, shape, part=self.part, stages=(2, 2), combos="train").prompts


WORLD = RenderedWorld()


def with_words(config: ModelConfig, source: Source) -> ModelConfig:
    """The sizes together with the words of what the model will be trained on."""
    return replace(config, vocabulary=source.vocabulary, known_words=source.known_words)
