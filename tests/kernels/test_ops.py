"""The registered operations: schema, shapes without values, gradients, torch.compile."""

from __future__ import annotations

import pytest
import torch

import kernels


def arguments(name: str, *, gradient: bool = False) -> tuple:
    q, k, v = (torch.randn(2, 2, 6, 8, requires_grad=gradient) for _ in range(3))
    return {
        "attention": (q, k, v, torch.rand(2, 6) > 0.3, False, None, None, "torch"),
        "biased": (q, k, v, None, True, torch.randn(2, 3 * 5, requires_grad=gradient), [1, 2, 3], "torch"),
        "packed_attention": (q, k, v, 3, "torch"),
        "vq_lookup": (torch.randn(5, 4), torch.randn(9, 4), "euclidean", "torch"),
        "sample_tokens": (
            torch.randn(5, 9),
            torch.arange(5),
            kernels.random_key(0, 1),
            torch.tensor(0.7),
            "torch",
        ),
    }[name]


def operation(name: str):
    return getattr(torch.ops.phenaki, "attention" if name == "biased" else name)


@pytest.mark.parametrize("gradient", [False, True])
@pytest.mark.parametrize("name", ["attention", "biased", "packed_attention", "vq_lookup", "sample_tokens"])
def test_the_registration_is_sound(name: str, gradient: bool) -> None:
    torch.library.opcheck(operation(name).default, arguments(name, gradient=gradient))


@pytest.mark.parametrize("name", ["attention", "biased", "packed_attention", "vq_lookup", "sample_tokens"])
def test_compiled_results_are_the_eager_ones(name: str) -> None:
    inputs = arguments(name)
    compiled = torch.compile(lambda *given: operation(name)(*given), backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*inputs), operation(name)(*inputs))


@pytest.mark.parametrize("name", ["attention", "biased", "packed_attention"])
def test_gradients_are_those_of_the_plain_operation(name: str) -> None:
    inputs = arguments(name, gradient=True)
    wanted = [x for x in inputs if isinstance(x, torch.Tensor) and x.requires_grad]
    got = torch.autograd.grad(operation(name)(*inputs).square().sum(), wanted)
    q, k, v = inputs[:3]
    if name == "packed_attention":
        plain = kernels.packed_attention(q, k, v, window=3)
    else:
        _, _, _, mask, causal, table, grid, _ = inputs
        plain = kernels.attention(q, k, v, mask, causal=causal, bias_table=table, grid=grid and tuple(grid))
    for a, b in zip(got, torch.autograd.grad(plain.square().sum(), wanted), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_the_public_calls_can_be_compiled_on_a_cpu() -> None:
    q = torch.randn(1, 2, 6, 8)

    @torch.compile(backend="eager", fullgraph=True)
    def both(q):
        return kernels.attention(q, q, q, causal=True) + kernels.packed_attention(q, q, q)

    torch.testing.assert_close(both(q), 2 * kernels.packed_attention(q, q, q))
