"""``python -m phenaki.benchmark``: seconds to sample a clip.

With ``--peer FOLDER`` (a folder of packages that holds phenaki-pytorch 0.5.0), the comparison at equal sizes: every
run in a process of its own, one thread, ours and theirs in turn. ``make bench`` makes the folder and calls this.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from phenaki.benchmark.sampling import PEER_SIZES, time_sampling
from phenaki.config import PRESETS, SamplingConfig, preset
from phenaki.device import find_device, find_precision
from phenaki.evaluation.machine import describe_machine

FRAMES = (11, 41)


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m phenaki.benchmark", description="Seconds to sample a clip.")
    parser.add_argument("--preset", choices=[*PRESETS, PEER_SIZES.name], default="toy-64", help="default: %(default)s")
    parser.add_argument("--frames", type=int, help="frames to sample (default: one clip; with --peer 11 and 41)")
    parser.add_argument("--steps", type=int, default=18, help="refinement steps (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto (default)")
    parser.add_argument("--precision", default="auto", help="default: what the device is fast in")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default: %(default)s)")
    parser.add_argument("--recorded", action="store_true", help="replay recorded graphs, as the app does on a GPU")
    parser.add_argument("--repeats", type=int, default=3, help="runs, of which the fastest counts (default: 3)")
    parser.add_argument("--peer", type=Path, help="compare with the phenaki-pytorch in this folder")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    rows = _compare(options) if options.peer else [_measure(options)]
    if options.json:
        machine = describe_machine(find_device("cpu" if options.peer else options.device))
        options.json.write_text(json.dumps({"machine": machine, "runs": rows}, indent=1) + "\n")
    return 0


def _measure(options: argparse.Namespace) -> dict[str, float | str]:
    """One run in this process, printed as one line of JSON."""
    torch.set_num_threads(options.threads)
    device = find_device(options.device)
    config = PEER_SIZES if options.preset == PEER_SIZES.name else preset(options.preset)
    dtype = find_precision(options.precision, device)
    sampling = SamplingConfig(num_inference_steps=options.steps)
    frames = options.frames or config.clip.clip_frames
    config = replace(config, clip=replace(config.clip, clip_frames=max(frames, config.clip.clip_frames)))
    timing = time_sampling(
        config, frames, sampling, device=device, dtype=dtype, recorded=options.recorded, repeats=options.repeats
    )
    row = timing.to_dict()
    print(json.dumps(row))
    return row


def _compare(options: argparse.Namespace) -> list[dict[str, float | str]]:
    """All runs of the comparison, as a table with ratios."""
    print(f"{describe_machine(torch.device('cpu'))}; one thread, {options.steps} steps, guidance 3\n")
    print("| | frames | CPU seconds | of the peer's | peak memory |\n|---|---:|---:|---:|---:|")
    rows = []
    for frames in [options.frames] if options.frames else FRAMES:
        repeats = options.repeats if frames <= 11 else 1
        peer = _run(
            [str(Path(__file__).with_name("peer.py")), frames, repeats, options.steps],
            {"PYTHONPATH": str(options.peer)},
        )
        sizes = ["--preset", PEER_SIZES.name, "--frames", frames, "--steps", options.steps, "--repeats", repeats]
        ours = [
            _run(["-m", "phenaki.benchmark", *sizes, "--device", "cpu", "--precision", precision], {})
            | {"name": f"this program, {precision}"}
            for precision in ("float32", "bfloat16")
        ]
        for row in (peer, *ours):
            share = float(row["cpu_seconds"]) / float(peer["cpu_seconds"])
            print(
                f"| {row['name']} | {frames} | {row['cpu_seconds']:.2f} | {share:.2f} | {row['peak_mib']:.0f} MiB |",
                flush=True,
            )
            rows.append(row)
    return rows


def _run(command: list[object], environment: Mapping[str, str]) -> dict[str, float | str]:
    """The line of JSON that a Python process of one thread prints last."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
