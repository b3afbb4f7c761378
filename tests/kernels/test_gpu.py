"""The kernels themselves, on a GPU, against double precision. Skipped without one."""

from __future__ import annotations

import pytest
import torch

import kernels
from kernels import dispatch, reference, sample_reference

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        not torch.cuda.is_available() or dispatch.why_not_on(torch.device("cuda")) is not None,
        reason="needs a CUDA device that runs the kernels",
    ),
]
DTYPES = [torch.float32, torch.float16, torch.bfloat16]


def error(got: torch.Tensor, want: torch.Tensor) -> float:
    return ((got.double() - want).norm() / want.norm()).item()


def check_attention(dtype: torch.dtype, shape: tuple[int, int, int, int, int], **options) -> None:
    """Off by at most twice what PyTorch's own attention in the same precision is off by."""
    b, a, n, m, width = shape
    q, k, v = (torch.randn(b, a, length, width, device="cuda", dtype=dtype) for length in (n, m, m))
    table = options.get("bias_table")
    wide = options | ({} if table is None else {"bias_table": table.double()})
    want = reference.attention(q.double(), k.double(), v.double(), **wide)
    theirs = error(reference.attention(q, k, v, **options), want)
    assert error(kernels.attention(q, k, v, **options, implementation="triton"), want) <= 2 * theirs + 1e-6


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [32, 64, 128])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (37, 77), (384, 384), (300, 16)])
def test_attention(dtype: torch.dtype, width: int, n: int, m: int) -> None:
    check_attention(dtype, (2, 4, n, m, width))
    mask = torch.rand(2, m, device="cuda") > 0.4
    mask[:, 0] = True
    check_attention(dtype, (2, 4, n, m, width), mask=mask)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [32, 64, 128])
@pytest.mark.parametrize("causal", [False, True])
def test_biased_attention(dtype: torch.dtype, width: int, causal: bool) -> None:
    for t, h, w in ((1, 16, 16), (3, 5, 7), (6, 8, 8)):
        table = torch.randn(4, (2 * t - 1) * (2 * h - 1) * (2 * w - 1), device="cuda", dtype=dtype)
        n = t * h * w
        check_attention(dtype, (2, 4, n, n, width), causal=causal, bias_table=table, grid=(t, h, w))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 3, 6, 11, 16])
def test_packed_attention(dtype: torch.dtype, n: int) -> None:
    for width in (32, 64, 128):
        q, k, v = (torch.randn(131, 5, n, width, device="cuda", dtype=dtype) for _ in range(3))
        for window in (None, 4):
            want = reference.attention(q.double(), k.double(), v.double(), causal=True, window=window)
            theirs = error(reference.attention(q, k, v, causal=True, window=window), want)
            got = kernels.packed_attention(q, k, v, window=window, implementation="triton")
            assert error(got, want) <= 2 * theirs + 1e-6


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(("n", "v", "d"), [(1, 1, 8), (1536, 8192, 32), (37, 1009, 20), (64, 2**18, 16)])
def test_lookup(n: int, v: int, d: int, metric: str) -> None:
    x, codebook = torch.randn(n, d, device="cuda"), torch.randn(v, d, device="cuda")
    got = kernels.vq_lookup(x, codebook, metric=metric, implementation="triton")
    scores = x.double() @ codebook.double().T
    if metric == "euclidean":
        scores -= codebook.double().square().sum(1) / 2
    lost = scores.max(1).values - scores.gather(1, got[:, None])[:, 0]
    assert lost.max() < 1e-4
    assert torch.equal(got, kernels.vq_lookup(x, codebook, metric=metric, implementation="triton"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_draws(dtype: torch.dtype, temperature: float) -> None:
    logits = (torch.randn(384, 8192, device="cuda") * 3).to(dtype)
    rows, key = torch.arange(384, device="cuda"), kernels.random_key(1, 2).cuda()
    ids, log_p = kernels.sample_tokens(logits, rows, key, temperature, implementation="triton")
    want_ids, want_log_p = sample_reference.sample_tokens(logits.double(), rows, key, temperature)
    assert torch.equal(ids, want_ids) or (ids != want_ids).sum() <= 1  # two tokens within a rounding of each other
    same = ids == want_ids
    torch.testing.assert_close(log_p[same], want_log_p[same], rtol=1e-4, atol=1e-4)


def test_noise_is_the_cpus() -> None:
    rows, key = torch.arange(50), kernels.random_key(4, 4)
    there = kernels.gumbel_noise(rows.cuda(), 3000, key.cuda()).cpu()
    torch.testing.assert_close(there, kernels.gumbel_noise(rows, 3000, key), rtol=0, atol=1e-5)


def test_gradients_and_compiled_calls() -> None:
    q, k, v = (torch.randn(2, 4, 96, 64, device="cuda", requires_grad=True) for _ in range(3))
    table = torch.randn(4, 3 * 11 * 15, device="cuda", requires_grad=True)

    def call(implementation: str):
        return kernels.attention(q, k, v, bias_table=table, grid=(2, 6, 8), implementation=implementation)

    inputs = (q, k, v, table)
    got, want = (torch.autograd.grad(call(how).square().sum(), inputs) for how in ("triton", "torch"))
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-2, atol=1e-2)
    with torch.no_grad():
        torch.testing.assert_close(torch.compile(call, fullgraph=True)("triton"), call("triton"))


def test_everything_warms_up_and_says_what_runs() -> None:
    kernels.warmup("cuda")
    assert torch.cuda.get_device_name() in kernels.status()
