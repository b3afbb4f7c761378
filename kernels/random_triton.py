"""The noise of ``random_numbers`` inside a kernel: the same words, on unsigned integers."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def mix(x):
    """One round of the mixer: uint32, any shape."""
    x ^= x >> 16
    x *= 0x21F0AAAD
    x ^= x >> 15
    x *= 0x735A2D97
    return x ^ (x >> 15)


@triton.jit
def hash_words(word, first, second):
    """One hashed word for each of ``word`` (uint32) under two key words."""
    return mix(mix(word * 0x9E3779B9 + first) ^ second)


@triton.jit
def row_keys(row, key_ptr):
    """Two key words of a row (int64) under the key in memory."""
    first = tl.load(key_ptr).to(tl.uint32, bitcast=True)
    second = tl.load(key_ptr + 1).to(tl.uint32, bitcast=True)
    zero = first ^ first
    word = row.to(tl.uint32) ^ hash_words((row >> 32).to(tl.uint32), zero, zero)
    return hash_words(word, first, second), hash_words(word ^ 0xFFFFFFFF, second, first)


@triton.jit
def log_exponential(bits):
    """Logarithm of an exponential variable, which is minus a Gumbel one: uint32 -> float32.

    -log(1 - u) near 0 is its series: subtracting from 1 would round the small u away that large noise is made of.
    """
    u = (bits & 0x7FFFFFFF).to(tl.float32) * 4.656612873077393e-10  # 2^-31
    u = tl.minimum(tl.maximum(u, 2.3283064365386963e-10), 0.9999999403953552)  # 2^-32, 1 - 2^-24
    series = u * (1 + u * (1 / 2 + u * (1 / 3 + u * (1 / 4 + u * (1 / 5 + u * (1 / 6 + u / 7))))))
    return tl.log(tl.where(u < 0.0625, series, -tl.log(1 - u)))
