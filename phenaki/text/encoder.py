"""What the rest of the library knows about a text encoder: prompts in, one vector for each word piece out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from phenaki.errors import CheckpointError, TimelineError


class TextEncoder(Protocol):
    """A frozen language model that turns prompts into token vectors."""

    dim: int  # width of one vector
    max_length: int  # text positions of the longest prompt, its boundary marks included

    def encode(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        """Vectors of the word pieces of each prompt.

        Args:
            prompts: one or more texts.

        Returns:
            text_embeds: (b, l, d) float32 on the encoder's device, ``l`` being the longest prompt's length;
                zeros behind a prompt's end.
            text_mask: (b, l) bool, True where a real word (or a boundary mark) is and False behind a prompt's end.
                At least one position of each prompt is True, that of an empty prompt too.

        Raises:
            TimelineError: there is no prompt, one is not text, or one is longer than ``max_length``.
        """
        ...

    def check(self, prompt: str) -> None:
        """Raise ``TimelineError`` where ``encode`` would, at a small part of its cost."""
        ...

    def to(self, device: torch.device | str) -> TextEncoder:
        """Move the weights to ``device`` and return the encoder."""
        ...


def load_text_encoder(name: str, folder: Path | None = None, device: torch.device | str = "cpu") -> TextEncoder:
    """Read an encoder's weights.

    Args:
        name: kind of encoder, as a model's ``config.json`` names it; "minilm".
        folder: where its files are; None: the ones that come with this program.
        device: where the weights go.

    Raises:
        CheckpointError: there is no such encoder, or its files are missing, damaged or of another kind.
    """
    from phenaki.text.minilm import MINILM_FOLDER, MiniLmEncoder

    if name != "minilm":
        raise CheckpointError(f"There is no text encoder {name!r}; use 'minilm'.")
    return MiniLmEncoder.load(folder or MINILM_FOLDER).to(device)


def check_prompts(prompts: list[str]) -> None:
    """Raise ``TimelineError`` unless ``prompts`` holds at least one text and nothing but text."""
    if not prompts:
        raise TimelineError("There is no prompt to encode. Give at least one.")
    for prompt in prompts:
        if not isinstance(prompt, str):
            raise TimelineError(f"A prompt is {prompt!r:.40}, not text. Write what should be seen.")


def check_length(prompt: str, length: int, accepted: int) -> None:
    """Raise ``TimelineError`` if ``prompt``, ``length`` word pieces long, has more than the ``accepted`` number."""
    if length > accepted:
        raise TimelineError(
            f"The prompt '{prompt[:40]}…' has {length} word pieces; {accepted} are accepted. "
            "Shorten it, or spread it over several segments."
        )


def encode_alike(
    text: TextEncoder, prompts: Sequence[str], batch: int = 64
) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Encode many prompts in batches of like length, which saves padding.

    Yields:
        For each batch the numbers of its prompts, and what ``TextEncoder.encode`` gives for them.
    """
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    for first in range(0, len(order), batch):
        rows = order[first : first + batch]
        text_embeds, text_mask = text.encode([prompts[i] for i in rows])
        yield rows, text_embeds, text_mask
