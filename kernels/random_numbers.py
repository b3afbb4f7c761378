"""Noise that depends on a key, a row and a token alone: the same whatever is computed beside it, on every device.

A number is two rounds of a 32-bit mixer over the token, with a key of its own for each row in each round. All of it is
wrap-around arithmetic on 32-bit words, so the CPU and a kernel agree to the last bit before the two logarithms.

Source of the mixer: H. Wellons, "Prospecting for hash functions", in the variant of T. Ettinger with these constants.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

GOLDEN = 0x9E3779B9 - 2**32  # 2^32 over the golden ratio, as a signed word: spreads neighbours over all bits
FACTORS = (0x21F0AAAD, 0x735A2D97)
SHIFTS = (16, 15, 15)

# A block of noise and its two scratch buffers stay in the second-level cache of a core.
BLOCK = 2**16  # numbers
# On a GPU a block only bounds the memory.
BLOCK_GPU = 2**24


def random_key(seed: int, step: int) -> Tensor:
    """The key of one step of one run: (2,) int32, on the CPU.

    Args:
        seed: any integer; its lower 64 bits count.
        step: any integer; its lower 32 bits count.
    """
    low, high, step = (_signed(word) for word in (seed, seed >> 32, step))
    words = torch.tensor([low, ~low], dtype=torch.int32)
    return hash_words(hash_words(words, high, low), step, high)


def row_keys(rows: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
    """Two key words of each row: rows (m,) int64, key (2,) int32 -> two of (m,) int32."""
    first, second = key.to(rows.device).unbind()
    word = rows.to(torch.int32) ^ hash_words((rows >> 32).to(torch.int32), 0, 0)
    return hash_words(word, first, second), hash_words(~word, second, first)


def gumbel_noise(rows: Tensor, tokens: Tensor | int, key: Tensor) -> Tensor:
    """Standard Gumbel noise of every (row, token).

    Args:
        rows: (m,) int64, the name of each row.
        tokens: (k,) int64, the name of each column, or their number k for 0 to k - 1.
        key: (2,) int32, from ``random_key``.

    Returns:
        (m, k) float32 on the device of ``rows``, between -2.9 and 22.3, never infinite.
    """
    noise = NoiseBlocks(rows, tokens, key)
    out = torch.empty(len(rows), noise.width, device=rows.device)
    for block, log_exponential in noise:
        torch.neg(log_exponential, out=out[block])
    return out


class NoiseBlocks:
    """Minus the noise, a few rows at a time: iterating gives (slice of the rows, (rows in it, k) float32).

    What it gives is a buffer that the next block overwrites.
    """

    def __init__(self, rows: Tensor, tokens: Tensor | int, key: Tensor) -> None:
        if isinstance(tokens, int):
            tokens = torch.arange(tokens, device=rows.device)
        self.words = tokens.to(torch.int32) * GOLDEN  # (k,)
        self.first, self.second = (word[:, None] for word in row_keys(rows, key))  # (m, 1)
        self.width = len(tokens)
        block = BLOCK_GPU if rows.is_cuda else BLOCK * max(1, torch.get_num_threads() // 2)
        height = min(max(1, block // max(1, self.width)), max(1, len(rows)))
        self.blocks = [slice(start, min(start + height, len(rows))) for start in range(0, len(rows), height)]
        self.shape = (height, self.width)

    def __iter__(self) -> Iterator[tuple[slice, Tensor]]:
        bits = torch.empty(self.shape, dtype=torch.int32, device=self.words.device)
        scratch = torch.empty_like(bits)
        noise = torch.empty(self.shape, device=self.words.device)
        for block in self.blocks:
            size = block.stop - block.start
            torch.add(self.words, self.first[block], out=bits[:size])
            mix_(bits[:size], scratch[:size]).bitwise_xor_(self.second[block])
            mix_(bits[:size], scratch[:size])
            yield block, log_exponential_(bits[:size], noise[:size])


def hash_words(word: Tensor, first: Tensor | int, second: Tensor | int) -> Tensor:
    """One hashed word for each of ``word`` (int32) under two key words."""
    word = word * GOLDEN + first
    scratch = torch.empty_like(word)
    return mix_(mix_(word, scratch).bitwise_xor_(second), scratch)


def mix_(x: Tensor, scratch: Tensor) -> Tensor:
    """One round of the mixer, in place: int32 words taken as unsigned ones. ``scratch``: as ``x``."""
    for i, shift in enumerate(SHIFTS):
        torch.bitwise_right_shift(x, shift, out=scratch)
        x.bitwise_xor_(scratch.bitwise_and_(2 ** (32 - shift) - 1))  # the shift of a signed word drags its sign along
        if i < len(FACTORS):
            x.mul_(FACTORS[i])
    return x


def log_exponential_(bits: Tensor, out: Tensor) -> Tensor:
    """Logarithm of an exponential variable, which is minus a Gumbel one: int32 -> ``out`` float32. ``bits`` is spent.

    The exponential is -log(1 - u) and not -log(u): large noise comes from small exponentials, and a float32 uniform is
    finely spaced near 0 and coarsely near 1. Coarse noise acts like a lower temperature; see arXiv 2409.02908.
    """
    out.copy_(bits.bitwise_and_(2**31 - 1))
    # a zero would become infinite noise; 31 bits rounded to float32 may also give a one
    out.mul_(-(2.0**-31)).clamp_(2.0**-24 - 1, -(2.0**-32))
    return out.log1p_().neg_().log_()


def _signed(word: int) -> int:
    """The lower 32 bits of an integer as a signed word."""
    return (word + 2**31) % 2**32 - 2**31
