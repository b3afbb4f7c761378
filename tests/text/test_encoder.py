"""Many prompts at once, with an encoder that notes what it is given."""

from __future__ import annotations

import torch
from torch import Tensor

from phenaki.text import encode_alike


class Letters:
    """One vector for each letter: its code."""

    dim, max_length = 1, 99

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def encode(self, prompts: list[str]) -> tuple[Tensor, Tensor]:
        self.batches.append(prompts)
        length = max(map(len, prompts))
        rows = [[ord(c) for c in p] + [0] * (length - len(p)) for p in prompts]
        embeds = torch.tensor(rows).float()[..., None]
        return embeds, embeds[..., 0] > 0


def test_prompts_of_like_length_are_read_together_and_each_gets_its_own_vectors():
    prompts = ["a fox", "the robot jumps", "a", "it stands still", "a cat", "it"]
    text = Letters()
    read: dict[int, str] = {}
    for rows, embeds, mask in encode_alike(text, prompts, 2):
        for i, own, real in zip(rows, embeds, mask, strict=True):
            read[i] = "".join(chr(int(c)) for c in own[real][:, 0])
    assert [read[i] for i in range(len(prompts))] == prompts
    assert text.batches == [["a", "it"], ["a fox", "a cat"], ["the robot jumps", "it stands still"]]


def test_no_prompt_asks_nothing():
    assert list(encode_alike(Letters(), [])) == []
