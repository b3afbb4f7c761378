"""Check and time every kernel against what PyTorch offers, beside the least time that the device could take.

python -m kernels.bench all --json FILE        # on an NVIDIA GPU, under 8 minutes
python -m kernels.bench all --device cpu       # PyTorch's versions at small sizes: tests this file
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

import kernels
from kernels import dispatch, reference, sample_reference
from kernels.errors import KernelError

FLUSH = 2**28  # bytes written between runs, more than any second-level cache holds
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2}  # relative, against float64
BACKENDS = {
    "SDPA flash": SDPBackend.FLASH_ATTENTION,
    "SDPA cuDNN": SDPBackend.CUDNN_ATTENTION,
    "SDPA efficient": SDPBackend.EFFICIENT_ATTENTION,
}


@dataclass
class Row:
    """One line of the table."""

    section: str
    case: str
    version: str
    milliseconds: float | None  # None: did not run, see note
    floor: float | None = None  # milliseconds
    error: float | None = None  # relative, against float64; for ids the share that differ
    megabytes: float | None = None  # peak beyond the inputs
    note: str = ""


@dataclass
class Bench:
    """A device, how fast it is at best, and the clock."""

    device: torch.device
    quick: bool
    bandwidth: float = field(init=False)  # bytes a second
    rate: float = field(init=False)  # floating-point operations a second of 16-bit products
    single_rate: float = field(init=False)  # of float32 ones

    def __post_init__(self) -> None:
        gpu = self.device.type == "cuda"
        self.repeats = (20 if self.quick else 50) if gpu else 3
        self.flush = torch.empty(FLUSH if gpu else 1, dtype=torch.uint8, device=self.device)
        big = torch.empty(2**29 if gpu else 2**24, dtype=torch.uint8, device=self.device)
        self.bandwidth = 2 * big.numel() / (1e-3 * self.time(lambda: big.add_(1)))
        self.rate = self._products(torch.bfloat16 if gpu else torch.float32, 8192 if gpu else 256)
        self.single_rate = self._products(torch.float32, 4096 if gpu else 256)

    @property
    def on_gpu(self) -> bool:
        return self.device.type == "cuda"

    def _products(self, dtype: torch.dtype, size: int) -> float:
        a = torch.randn(size, size, device=self.device).to(dtype)
        return 2 * size**3 / (1e-3 * self.time(lambda: a @ a))

    def time(self, run: Callable[[], object]) -> float:
        """Median milliseconds of a call that finds its inputs in memory, not in a cache."""
        for _ in range(3 if self.on_gpu else 1):
            run()
        if not self.on_gpu:
            times = []
            for _ in range(self.repeats):
                start = time.perf_counter()
                run()
                times.append(1e3 * (time.perf_counter() - start))
            return statistics.median(times)
        events = [[torch.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(self.repeats)]
        for start, end in events:
            self.flush.zero_()
            start.record()
            run()
            end.record()
        torch.cuda.synchronize()
        return statistics.median(start.elapsed_time(end) for start, end in events)

    def peak(self, run: Callable[[], object]) -> float | None:
        """Megabytes that a call takes beyond what is there already."""
        if not self.on_gpu:
            return None
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        run()
        torch.cuda.synchronize()
        return (torch.cuda.max_memory_allocated() - before) / 2**20

    def rows(
        self,
        section: str,
        case: str,
        versions: dict[str, Callable[[], Any]],
        floor: float,
        error: Callable[[Any], float],
    ) -> Iterator[Row]:
        """Check and time versions of one thing; one that cannot run leaves its reason."""
        for name, run in versions.items():
            try:
                wrong = error(run())
                row = Row(section, case, name, self.time(run), floor, wrong, self.peak(run))
            except (RuntimeError, KernelError) as problem:
                lines = str(problem).strip().splitlines() or [type(problem).__name__]
                row = Row(section, case, name, None, floor, note=lines[0][:100])
            yield row


def attention_rows(bench: Bench) -> Iterator[Row]:
    """Attention of the transformer and of the tokenizer."""
    toy = [("toy-64 self", (2, 4, 704, 704, 64), None), ("toy-64 cross", (2, 4, 704, 16, 64), None)]
    large = [
        ("toy-128 self", (2, 8, 1536, 1536, 64), None),
        ("paper self", (2, 32, 1536, 1536, 64), None),
        ("paper self, bias", (2, 32, 1536, 1536, 64), (6, 16, 16)),
    ]
    small = [("small self", (1, 2, 48, 48, 32), None), ("small self, bias", (1, 2, 48, 48, 32), (3, 4, 4))]
    dtype = torch.bfloat16 if bench.on_gpu else torch.float32
    for case, (b, a, n, m, width), grid in toy + large if bench.on_gpu else small:
        q, k, v = (torch.randn(b, a, length, width, device=bench.device, dtype=dtype) for length in (n, m, m))
        table = None
        if grid is not None:
            t, h, w = grid
            table = torch.randn(a, (2 * t - 1) * (2 * h - 1) * (2 * w - 1), device=bench.device, dtype=dtype)
        versions = theirs(q, k, v, table, grid) if bench.on_gpu else {}
        versions["torch"] = call(kernels.attention, q, k, v, bias_table=table, grid=grid, implementation="torch")
        if bench.on_gpu:
            versions["ours"] = call(kernels.attention, q, k, v, bias_table=table, grid=grid, implementation="triton")
        moved = 2 * q.nbytes + k.nbytes + v.nbytes
        floor = 1e3 * max(4 * b * a * n * m * width / bench.rate, moved / bench.bandwidth)
        want = in_double(q, k, v, bias_table=table, grid=grid)
        yield from bench.rows("attention", case, versions, floor, lambda out, want=want: relative(out, want))
    shapes = [("toy-64 temporal", 64, 5, 11, 32, 4), ("paper temporal", 256, 8, 6, 64, None)]
    for case, s, a, n, width, window in shapes if bench.on_gpu else [("small temporal", 8, 2, 6, 32, 4)]:
        q, k, v = (torch.randn(s, a, n, width, device=bench.device, dtype=dtype) for _ in range(3))
        behind = torch.arange(n, device=bench.device)[:, None] - torch.arange(n, device=bench.device)  # (n, n)
        seen = (behind >= 0) & (behind < (window or n))
        versions = theirs(q, k, v, None, None, seen=seen) if bench.on_gpu else {}
        versions["torch"] = call(kernels.packed_attention, q, k, v, window=window, implementation="torch")
        if bench.on_gpu:
            versions["ours"] = call(kernels.packed_attention, q, k, v, window=window, implementation="triton")
        want = in_double(q, k, v, causal=True, window=window)
        floor = 1e3 * 4 * q.nbytes / bench.bandwidth
        yield from bench.rows("attention", case, versions, floor, lambda out, want=want: relative(out, want))


def theirs(
    q: Tensor, k: Tensor, v: Tensor, table: Tensor | None, grid: Any, *, seen: Tensor | None = None
) -> dict[str, Any]:
    """PyTorch's attention by backend, with the bias of every pair ready in memory, and FlexAttention with the table.

    ``seen``: (n, n) bool, the keys that each query sees; None: all.
    """
    bias = seen if table is None else reference.relative_bias(table, grid)[None].contiguous()  # (1, a, n, n)

    def fused(backend: SDPBackend) -> Tensor:
        with sdpa_kernel([backend]):
            return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)

    def flexible() -> Tensor:
        return flex(q, k, v, score_mod=score_mod if table is not None or seen is not None else None)

    def score_mod(score: Tensor, b: Tensor, a: Tensor, query: Tensor, key: Tensor) -> Tensor:
        if seen is not None:
            return torch.where(seen[query, key], score, float("-inf"))
        t, h, w = grid
        dt, dh = query // (h * w) - key // (h * w) + t - 1, query // w % h - key // w % h + h - 1
        return score + table[a, (dt * (2 * h - 1) + dh) * (2 * w - 1) + query % w - key % w + w - 1]

    from torch.nn.attention.flex_attention import flex_attention

    flex = torch.compile(flex_attention, dynamic=False)
    return {name: call(fused, backend) for name, backend in BACKENDS.items()} | {"FlexAttention": flexible}


def lookup_rows(bench: Bench) -> Iterator[Row]:
    """The nearest code: encoding one clip, and a batch of clips in training."""
    shapes = [("one clip", 1536, 8192, 32), ("32 clips", 49152, 8192, 32), ("large codebook", 1536, 2**18, 16)]
    for case, n, v, d in shapes if bench.on_gpu else [("small", 100, 64, 16)]:
        x, codebook = torch.randn(n, d, device=bench.device), torch.randn(v, d, device=bench.device)
        versions = {
            "cdist + argmin": lambda x=x, codebook=codebook: torch.cdist(x, codebook).argmin(1),
            "matmul + argmax": lambda x=x, c=codebook: (x @ c.T - c.square().sum(1) / 2).argmax(1),
            "torch": call(kernels.vq_lookup, x, codebook, metric="euclidean", implementation="torch"),
        }
        if bench.on_gpu:
            versions["ours"] = call(kernels.vq_lookup, x, codebook, metric="euclidean", implementation="triton")
        want = reference.vq_lookup(x.double(), codebook.double(), metric="euclidean")
        floor = 1e3 * max(2 * n * v * d / bench.single_rate, (x.nbytes + codebook.nbytes) / bench.bandwidth)
        yield from bench.rows("lookup", case, versions, floor, lambda ids, want=want: share_that_differ(ids, want))


def draw_rows(bench: Bench) -> Iterator[Row]:
    """Drawing the tokens of one step."""
    shapes = [("toy-64", 704, 4096), ("paper", 1536, 8192)]
    for case, m, v in shapes if bench.on_gpu else [("small", 16, 256)]:
        logits, rows = torch.randn(m, v, device=bench.device), torch.arange(m, device=bench.device)
        key, heat = kernels.random_key(1, 1).to(bench.device), torch.tensor(0.9, device=bench.device)

        def chain(logits: Tensor, heat: Tensor) -> tuple[Tensor, Tensor]:
            uniform = torch.rand_like(logits).clamp(1e-20, 1 - 1e-7)
            ids = (logits / heat - torch.log(-torch.log(uniform))).argmax(-1)
            return ids, logits.log_softmax(-1).gather(-1, ids[:, None])[:, 0]

        versions = {"eager chain": call(chain, logits, heat)}
        if bench.on_gpu:
            versions["torch.compile"] = call(torch.compile(chain, dynamic=False), logits, heat)
        versions["torch"] = call(kernels.sample_tokens, logits, rows, key, heat, implementation="torch")
        if bench.on_gpu:
            versions["ours"] = call(kernels.sample_tokens, logits, rows, key, heat, implementation="triton")
        want = sample_reference.sample_tokens(logits.double(), rows, key, heat)[0]
        for row in bench.rows(
            "draw", case, versions, 1e3 * logits.nbytes / bench.bandwidth, lambda o, w=want: share_that_differ(o[0], w)
        ):
            if row.version in ("eager chain", "torch.compile"):
                row.error = None  # other noise, other tokens
            yield row


def sampling_rows(bench: Bench) -> Iterator[Row]:
    """Whole clips, timed by `phenaki.benchmark` in a process of its own: it knows the model, this package does not."""
    cases = [("toy-64", 18), ("toy-128", 24), ("paper", 24), ("paper", 48)] if bench.on_gpu else [("tiny", 2)]
    versions = {"eager, SDPA": ("torch", []), "eager, ours": ("auto", []), "recorded, ours": ("auto", ["--recorded"])}
    for preset, steps in cases:
        for version, (choice, flags) in versions.items():
            if steps == 48 and not flags:
                continue
            command = ["-m", "phenaki.benchmark", "--preset", preset, "--steps", str(steps), *flags]
            done = subprocess.run(
                [sys.executable, *command, "--device", bench.device.type, "--repeats", "3" if bench.on_gpu else "1"],
                cwd=Path(__file__).parents[1], env=os.environ | {dispatch.VARIABLE: choice}, capture_output=True,
                text=True,
            )  # fmt: skip
            case = f"{preset}, {steps} steps"
            if done.returncode:
                yield Row("sampling", case, version, None, note=done.stderr.strip()[-200:])
                continue
            result = json.loads(done.stdout.strip().splitlines()[-1])
            yield Row("sampling", case, version, 1e3 * result["seconds"], 1e3 * result["flops"] / bench.rate)


SECTIONS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "attention": attention_rows,
    "lookup": lookup_rows,
    "draw": draw_rows,
    "sampling": sampling_rows,
}


def call(function: Callable[..., Any], *arguments: Any, **options: Any) -> Callable[[], Any]:
    return lambda: function(*arguments, **options)


def in_double(q: Tensor, k: Tensor, v: Tensor, **options: Any) -> Tensor:
    """One head at a time, so that paper scale fits."""
    outs = []
    for i in range(q.shape[1]):
        own = {name: x[i : i + 1].double() if isinstance(x, Tensor) else x for name, x in options.items()}
        outs.append(reference.attention(*(x[:, i : i + 1].double() for x in (q, k, v)), **own))
    return torch.cat(outs, dim=1)


def relative(out: Tensor, want: Tensor) -> float:
    return ((out.double() - want).norm() / want.norm()).item()


def share_that_differ(ids: Tensor, want: Tensor) -> float:
    return (ids != want).double().mean().item()


def is_wrong(row: Row, dtype: torch.dtype) -> bool:
    """Whether a version of ours missed its tolerance. A few ids may differ: codes within a rounding of each other."""
    limit = TOLERANCE[dtype] if row.section == "attention" else 5e-3
    return row.version in ("ours", "torch") and (row.milliseconds is None or (row.error or 0.0) > limit)


def table(rows: list[Row]) -> Iterator[str]:
    yield f"{'section':10} {'case':18} {'version':16} {'ms':>9} {'floor ms':>9} {'error':>9} {'peak MB':>8}"
    for row in rows:
        numbers = (row.milliseconds, row.floor, row.error, row.megabytes)
        ms, floor, error, peak = ("" if number is None else f"{number:.3g}" for number in numbers)
        line = f"{row.section:10} {row.case:18} {row.version:16} {ms:>9} {floor:>9} {error:>9} {peak:>8}  {row.note}"
        yield line.rstrip()


def surroundings(bench: Bench) -> dict[str, Any]:
    """Where the numbers come from."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    triton_version = __import__("triton").__version__ if dispatch.HAS_TRITON else None
    return {
        "device": torch.cuda.get_device_name(bench.device) if bench.on_gpu else platform.processor() or "cpu",
        "torch": torch.__version__,
        "triton": triton_version,
        "python": platform.python_version(),
        "commit": commit.stdout.strip() or None,
        "kernels": kernels.status(),
        "bytes_per_second": bench.bandwidth,
        "flops_16_bit": bench.rate,
        "flops_float32": bench.single_rate,
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kernels.bench", description="Check and time every kernel.")
    parser.add_argument("section", choices=["all", *SECTIONS])
    parser.add_argument("--json", type=Path, help="write the rows and where they come from")
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    given = parser.parse_args(arguments)
    if given.device == "cuda" and not torch.cuda.is_available():
        print("There is no CUDA device here, and the kernels run on one; --device cpu tries PyTorch's versions.")
        return 2
    torch.manual_seed(0)
    bench = Bench(torch.device(given.device), given.quick)
    around = surroundings(bench)
    print(*(f"{name}: {value}" for name, value in around.items()), sep="\n")
    with torch.no_grad():
        rows = [row for name in SECTIONS if given.section in ("all", name) for row in SECTIONS[name](bench)]
    print(*table(rows), sep="\n")
    if given.json:
        given.json.write_text(json.dumps(around | {"rows": [asdict(row) for row in rows]}, indent=1) + "\n")
    dtype = torch.bfloat16 if bench.on_gpu else torch.float32
    wrong = [row for row in rows if is_wrong(row, dtype)]
    for row in wrong:
        print(f"WRONG: {row.case}, {row.version}: error {row.error} {row.note}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
