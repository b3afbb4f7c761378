"""The attention kernels against double precision."""

from __future__ import annotations

import pytest
import torch

import kernels
from kernels import reference
from kernels.attention_triton import aligned, attention
from kernels.packed_triton import packed_attention
from kernels.tiles import Tile

# about what PyTorch's own attention in the same precision is off by; bfloat16 is cut, not rounded, by the interpreter
TOLERANCE = {torch.float32: 1e-6, torch.float16: 1e-3, torch.bfloat16: 1e-2}
SMALL = Tile(rows=16, columns=16, warps=4, stages=1)  # many blocks of a short sequence
LARGE = Tile(rows=64, columns=64, warps=4, stages=1)


def draw(*shape: int, dtype: torch.dtype) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float32).to(dtype)


def error(got: torch.Tensor, want: torch.Tensor) -> float:
    """Of a whole tensor, relative."""
    return ((got.double() - want).norm() / want.norm().clamp_min(1e-9)).item()


def exact(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask=None, **options) -> torch.Tensor:
    if options.get("bias_table") is not None:
        options["bias_table"] = options["bias_table"].double()
    return reference.attention(q.double(), k.double(), v.double(), mask, **options)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("width", [32, 64, 128])
def test_every_precision_and_width(dtype: torch.dtype, width: int) -> None:
    q, k, v = (draw(2, 2, n, width, dtype=dtype) for n in (19, 35, 35))
    mask = torch.rand(2, 35) > 0.4
    assert error(attention(q, k, v, mask, tile=SMALL), exact(q, k, v, mask)) < TOLERANCE[dtype]


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 5), (16, 16), (17, 17), (37, 13), (33, 48), (5, 129)])
@pytest.mark.parametrize("masked", [False, True])
def test_lengths_that_fill_no_block(n: int, m: int, masked: bool) -> None:
    q, k, v = (draw(2, 1, length, 32, dtype=torch.float32) for length in (n, m, m))
    mask = None
    if masked:
        mask = torch.rand(2, m) > 0.5
        mask[0] = False  # a batch item that sees nothing
    got = attention(q, k, v, mask, tile=SMALL)
    assert error(got, exact(q, k, v, mask)) < 1e-6
    assert not masked or not got[0].any()


@pytest.mark.parametrize("grid", [(1, 1, 1), (1, 16, 1), (3, 4, 5), (2, 3, 7), (3, 4, 4)])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_causal_and_biased(grid: tuple[int, int, int], causal: bool, biased: bool) -> None:
    t, h, w = grid
    q, k, v = (draw(2, 3, t * h * w, 32, dtype=torch.float32) for _ in range(3))
    options = {"causal": causal}
    if biased:
        table = draw(3, (2 * t - 1) * (2 * h - 1) * (2 * w - 1), dtype=torch.float32)
        options |= {"bias_table": table, "grid": grid}
    for tile in (SMALL, Tile(rows=32, columns=16, warps=4, stages=1), Tile(rows=16, columns=32, warps=4, stages=1)):
        assert error(attention(q, k, v, tile=tile, **options), exact(q, k, v, **options)) < 1e-6


def test_all_features_at_once_in_half_precision() -> None:
    for dtype in (torch.float16, torch.bfloat16):
        q, k, v = (draw(2, 2, 40, 64, dtype=dtype) for _ in range(3))
        mask = torch.rand(2, 40) > 0.3
        mask[:, :20], mask[1] = False, False  # the first queries see nothing, the second item neither
        options = {"causal": True, "bias_table": draw(2, 3 * 7 * 9, dtype=dtype), "grid": (2, 4, 5)}
        got = attention(q, k, v, mask, tile=SMALL, **options)
        assert not got[:, :, :20].any() and not got[1].any()
        assert error(got, exact(q, k, v, mask, **options)) < TOLERANCE[dtype]


def test_inputs_may_be_views_of_any_kind() -> None:
    whole = draw(2, 20, 3 * 2 * 32, dtype=torch.float32)
    q, k, v = (x.unflatten(-1, (2, 32)).transpose(1, 2) for x in whole.chunk(3, dim=-1))
    assert aligned(q) is q  # as the layers give them: read where they are
    want = exact(q, k, v)
    assert error(attention(q, k, v, tile=SMALL), want) < 1e-6
    odd = torch.zeros(2, 2, 20, 33)
    odd[..., 1:] = k
    assert error(attention(q, odd[..., 1:], v.mT.contiguous().mT, tile=SMALL), want) < 1e-6
    assert error(attention(q, k[:, :1].expand(2, 2, 20, 32), v, tile=SMALL), exact(q, k[:, :1], v)) < 1e-6


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_attention_at_the_shipped_sizes(dtype: torch.dtype) -> None:
    q, k, v = (draw(1, 1, n, 64, dtype=dtype) for n in (150, 130, 130))
    mask = torch.rand(1, 130) > 0.2
    got = kernels.attention(q, k, v, mask, implementation="triton")
    assert error(got, exact(q, k, v, mask)) < TOLERANCE[dtype]


@pytest.mark.parametrize("n", [1, 2, 3, 5, 6, 8, 11, 13, 16])
def test_packed_sequences_see_only_themselves(n: int) -> None:
    for sequences in (1, 7, 64 // n + 1):
        q, k, v = (draw(sequences, 2, n, 32, dtype=torch.float32) for _ in range(3))
        assert error(packed_attention(q, k, v, tile=LARGE), exact(q, k, v, causal=True)) < 1e-6


@pytest.mark.parametrize("window", [1, 2, 4, 6, 9])
def test_packed_attention_sees_its_window_only(window: int) -> None:
    q, k, v = (draw(9, 2, 6, 32, dtype=torch.float32) for _ in range(3))
    got = kernels.packed_attention(q, k, v, window=window, implementation="triton")
    assert error(got, exact(q, k, v, causal=True, window=window)) < 1e-6


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("width", [32, 64, 128])
def test_packed_attention_at_the_shipped_sizes(dtype: torch.dtype, width: int) -> None:
    q, k, v = (draw(23, 5, 6, width, dtype=dtype) for _ in range(3))
    got = kernels.packed_attention(q, k, v, implementation="triton")
    assert error(got, exact(q, k, v, causal=True)) < TOLERANCE[dtype]


def test_gradients_are_those_of_double_precision() -> None:
    grid, table = (2, 3, 2), draw(2, 3 * 5 * 3, dtype=torch.float32).requires_grad_()
    q, k, v = (draw(1, 2, 12, 32, dtype=torch.float32).requires_grad_() for _ in range(3))
    weight = torch.randn(1, 2, 12, 32)
    for call, inputs in (
        (lambda q, k, v, table, **o: kernels.attention(q, k, v, bias_table=table, grid=grid, **o), (q, k, v, table)),
        (lambda q, k, v, **o: kernels.packed_attention(q, k, v, **o), (q, k, v)),
        (lambda q, k, v, **o: kernels.packed_attention(q, k, v, window=4, **o), (q, k, v)),
    ):
        got = torch.autograd.grad((call(*inputs, implementation="triton") * weight).sum(), inputs)
        double = [x.detach().double().requires_grad_() for x in inputs]
        want = torch.autograd.grad((call(*double, implementation="torch") * weight).sum(), double)
        for a, b in zip(got, want, strict=True):
            assert error(a, b) < 1e-5
