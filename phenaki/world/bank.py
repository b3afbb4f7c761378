"""Banks: pictures that are made once and stay on the device, picked by row for a whole batch at a time."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Hashable, Sequence

import torch
from torch import Tensor

from phenaki.world.backdrop import far_layer, front_layer, near_layer, sky_layer
from phenaki.world.figures import FRAMES, Figure, draw_figure

MOST = 2 << 30  # bytes; a bank that is full starts again


class Bank:
    """Pictures of one shape, each drawn when it is asked for the first time."""

    def __init__(self, draw: Callable[..., Tensor], device: torch.device | str) -> None:
        self._draw, self._device = draw, device
        self._places: dict[Hashable, int] = {}
        self._rows: Tensor | None = None
        self._lock = threading.Lock()

    def pick(self, keys: Sequence[tuple[Hashable, ...] | Figure]) -> tuple[Tensor, list[int]]:
        """All pictures (n, ...), and the places of these among them."""
        with self._lock:
            missing = [key for key in dict.fromkeys(keys) if key not in self._places]
            if missing:
                self._add(missing, keys)
            assert self._rows is not None
            return self._rows, [self._places[key] for key in keys]

    # whoever asks first may be in inference mode, and rows made in it could never be added to outside
    @torch.inference_mode(False)
    def _add(self, missing: list, keys: Sequence) -> None:
        new = torch.stack([self._draw(key) for key in missing]).to(self._device)
        have = len(self._places)
        if self._rows is not None and (have + len(new)) * new[0].nbytes > MOST:
            self._places, self._rows, have = {}, None, 0
            return self._add(list(dict.fromkeys(keys)), keys)
        room = 0 if self._rows is None else len(self._rows)
        if have + len(new) > room:
            grown = new.new_empty(max(16, 2 * room, have + len(new)), *new.shape[1:])
            if self._rows is not None:
                grown[:have] = self._rows[:have]
            self._rows = grown
        assert self._rows is not None
        self._rows[have : have + len(new)] = new
        self._places |= {key: have + i for i, key in enumerate(missing)}
        return None


@functools.cache
def figure_bank(size: int, device: str) -> Bank:
    """Subjects by ``Figure``, (n, FRAMES, 4, size, size)."""
    assert FRAMES > 1
    return Bank(lambda figure: draw_figure(figure, size), device)


@functools.cache
def layer_bank(kind: str, size: int, device: str) -> Bank:
    """Layers of scenes by the arguments of their functions in ``backdrop``."""
    draw = {"sky": sky_layer, "far": far_layer, "near": near_layer, "front": front_layer}[kind]
    return Bank(lambda key: draw(*key, size), device)
