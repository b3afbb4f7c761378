"""The diary of a training: lines of ``metrics.jsonl``, TensorBoard where it is installed, and curves as a picture."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

FILE = "metrics.jsonl"
AXES = ("part", "step", "minutes", "steps_per_second")  # what stands in every line and is no curve of its own


class Journal:
    """Writes down what a training measures, line by line."""

    def __init__(self, folder: Path, part: str) -> None:
        self.folder, self.part = folder, part
        self._board: Any = None
        self._has_board = all(importlib.util.find_spec(name) for name in ("tensorboard", "torch.utils.tensorboard"))

    def write(self, row: dict[str, Any], left: float) -> None:
        """Add a line; ``left`` minutes are for the screen alone."""
        with (self.folder / FILE).open("a") as file:
            file.write(json.dumps(row) + "\n")
        words = [f"{k}={v}" for k, v in row.items()]
        sys.stderr.write(" ".join([*words, f"left={left:.1f}min"]) + "\n")
        sys.stderr.flush()
        if self._has_board:
            self._show(row)

    def draw_curves(self) -> Path | None:
        """Write ``curves.png``, a curve over the steps for each figure of each part; None without matplotlib."""
        if importlib.util.find_spec("matplotlib") is None or not (self.folder / FILE).is_file():
            return None
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        curves = read_curves(self.folder)
        columns = 4
        figure = Figure(figsize=(4 * columns, 2.6 * -(-len(curves) // columns)), layout="constrained")
        FigureCanvasAgg(figure)  # no window and no global state
        for place, ((part, name), points) in enumerate(curves.items(), start=1):
            axes = figure.add_subplot(-(-len(curves) // columns), columns, place)
            axes.plot(*zip(*points, strict=True), linewidth=1)
            axes.set_title(f"{part}: {name}", fontsize=9)
            axes.tick_params(labelsize=7)
        path = self.folder / "curves.png"
        temporary = self.folder / ".curves.png"
        figure.savefig(temporary, dpi=80, format="png")
        temporary.replace(path)
        return path

    def _show(self, row: dict[str, Any]) -> None:
        """Send the figures of a line to TensorBoard."""
        if self._board is None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self.folder / "tensorboard" / self.part))
        for name, value in row.items():
            if name not in AXES:
                self._board.add_scalar(f"{self.part}/{name}", value, row["step"])
        self._board.flush()


def read_curves(folder: Path) -> dict[tuple[str, str], list[tuple[int, float]]]:
    """All figures of ``metrics.jsonl``: (part, name) -> (step, value) in the order in which they were written."""
    curves: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for line in (folder / FILE).read_text().splitlines():
        row = json.loads(line)
        for name, value in row.items():
            if name not in AXES:
                curves[row["part"], name].append((row["step"], value))
    return dict(curves)
