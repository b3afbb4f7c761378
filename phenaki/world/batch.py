"""A batch of windows, prepared: tables of poses and levels, and rows of the banks, all on the device.

What is done here for each story is a few look-ups; pixels are made for the whole batch.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from phenaki.world.attributes import STYLES
from phenaki.world.bank import Bank, figure_bank, layer_bank
from phenaki.world.deeds import is_in_stream, second_rows
from phenaki.world.figures import Figure
from phenaki.world.motion import COLUMNS, CYCLE, pose_rows
from phenaki.world.scenes import SCENE_OF
from phenaki.world.spec import StorySpec
from phenaki.world.strips import UNITS
from phenaki.world.subjects import SUBJECT_OF
from phenaki.world.view import LEVELS, VIEW, level_rows, view_rows
from phenaki.world.ways import WAYS

LOW, HIGH = 42.0, 30.0  # where zooms go to: who stands, and who flies

FINEST = 128  # pixels on a side of the sheets' sprites; a larger copy would only blur them


@dataclass
class Batch:
    """``b`` windows of ``f`` frames; all stories are of one version."""

    specs: list[StorySpec]
    frames: int
    poses: dict[str, Tensor]  # of the first subjects, each (b, f)
    levels: dict[str, Tensor]  # of weather and light, each (b, f)
    clock: Tensor  # (b, f) int64: where in a cycle
    sky: Tensor  # (b, 3, H, W)
    near: Tensor  # (b, 4, H, P)
    sprites: Tensor  # (b, f, 4, s, s)
    host: dict[str, np.ndarray]  # levels and view as they were before they went to the device
    view: dict[str, Tensor]  # (b, f)
    centre: Tensor | None = None  # of zooms, from the top, (b, 1)
    far: Tensor | None = None  # (b, 4, H, P), version 2
    pairs: Tensor | None = None  # rows with a second subject, (n,), or None
    second_poses: dict[str, Tensor] | None = None  # each (n, f)
    second_sprites: Tensor | None = None  # (n, f, 4, s, s)
    wet: Tensor | None = None  # rows with a stream, (m,), or None
    front: Tensor | None = None  # (m, 4, H, P)
    wet_places: Tensor | None = None  # (b,) where a row stands among the wet ones

    def has(self, kind: str) -> bool:
        """Whether any frame has this weather or light."""
        return bool(self.host[kind].any())

    def rows_with(self, mask: np.ndarray) -> Tensor | None:
        """The rows in which a host array (b, f) or (b,) is true somewhere, on the device; None if there are none."""
        rows = np.flatnonzero(mask.reshape(len(self.specs), -1).any(1))
        return torch.from_numpy(rows).to(self.sky.device) if len(rows) else None


def prepare(specs: Sequence[StorySpec], start: Sequence[int], frames: int, size: int, device: torch.device) -> Batch:
    """Everything that the pixels of these windows need."""
    specs, place = list(specs), str(device)
    version = specs[0].version
    second = [i for i, s in enumerate(specs) if s.second is not None]
    tables = [
        _windows([pose_rows(s) for s in specs], start, frames),
        _windows([level_rows(s) for s in specs], start, frames),
    ]
    if version == 2:
        tables[1][:, :, LEVELS.index("night")] *= np.array([[_darkness(s)] for s in specs], dtype=np.float32)
        tables.append(_windows([view_rows(s) for s in specs], start, frames))
        tables.append(_windows([second_rows(specs[i]) for i in second], [start[i] for i in second], frames))
    on_device = _send(tables, device)
    poses = _columns(on_device[0], COLUMNS)
    clock = (np.asarray(start, dtype=np.int64)[:, None] + np.arange(frames)) % CYCLE
    host = dict(zip(LEVELS, np.moveaxis(tables[1], -1, 0), strict=True))
    sprite_size = min(round(40 * size / UNITS), FINEST)
    figures = figure_bank(sprite_size, place)
    batch = Batch(
        specs, frames, poses, _columns(on_device[1], LEVELS), torch.from_numpy(clock).to(device),
        _pick(_core_bank("sky", size, place), [(s.scene, s.layout) for s in specs]) if version == 1 else
        _pick(layer_bank("sky", size, place), [(s.scene, s.layout, _art(s)) for s in specs]),
        _pick(_core_bank("near", size, place), [(s.scene, s.layout) for s in specs]) if version == 1 else
        _pick(layer_bank("near", size, place), [(s.scene, s.layout, _art(s), is_in_stream(s)) for s in specs]),
        _pick(figures, [_figure(s) for s in specs], poses["gait"].long()),
        host, {},
    )  # fmt: skip
    if version == 1:
        return batch
    host |= dict(zip(VIEW, np.moveaxis(tables[2], -1, 0), strict=True))
    batch.view = _columns(on_device[2], VIEW)
    batch.centre = torch.tensor([[HIGH if _is_high(s) else LOW] for s in specs], device=device)
    batch.far = _pick(layer_bank("far", size, place), [(s.scene, s.layout, _art(s)) for s in specs])
    if second:
        batch.pairs = torch.tensor(second, device=device)
        batch.second_poses = _columns(on_device[3], COLUMNS)
        pictures = [_figure(specs[i], second=True) for i in second]
        batch.second_sprites = _pick(figures, pictures, batch.second_poses["gait"].long())
    streams = np.array([is_in_stream(s) for s in specs])
    host["wet"] = streams[:, None]
    if streams.any():
        wet = np.flatnonzero(streams)
        batch.wet = torch.from_numpy(wet).to(device)
        batch.wet_places = torch.from_numpy(streams.cumsum() - 1).to(device)
        batch.front = _pick(layer_bank("front", size, place), [(specs[i].scene, 0, "toy") for i in wet])
    return batch


def _is_high(spec: StorySpec) -> bool:
    return spec.second is None and WAYS[SUBJECT_OF[spec.subject].way].air


def _darkness(spec: StorySpec) -> float:
    """How much of the night comes where it may be night already."""
    return 0.25 if SCENE_OF[spec.scene].stars else 1.0


def _art(spec: StorySpec) -> str:
    return STYLES[spec.style].art


def _figure(spec: StorySpec, *, second: bool = False) -> Figure:
    if second:
        assert spec.second is not None
        return Figure(spec.second.subject, _art(spec), spec.second.colour, spec.bodies, spec.version)
    return Figure(spec.subject, _art(spec), spec.colour, spec.bodies, spec.version)


def _windows(tables: list[np.ndarray], start: Sequence[int], frames: int) -> np.ndarray:
    """The windows of several stories' tables, (b, f, columns)."""
    if not tables:
        return np.zeros((0, frames, len(COLUMNS)), dtype=np.float32)
    return np.stack([t[a : a + frames] for t, a in zip(tables, start, strict=True)])


def _send(tables: list[np.ndarray], device: torch.device) -> list[Tensor]:
    """All tables to the device in one copy."""
    flat = torch.from_numpy(np.concatenate([t.ravel() for t in tables])).to(device)
    return [part.view(t.shape) for part, t in zip(flat.split([t.size for t in tables]), tables, strict=True)]


def _columns(table: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
    found = dict(zip(names, table.unbind(-1), strict=True))
    if "flip" in found:
        found["flip"] = found["flip"] > 0.5
    return found


def _pick(bank: Bank, keys: list, inner: Tensor | None = None) -> Tensor:
    """Rows of a bank (b, ...), or where ``inner`` (b, f) chooses within each row, (b, f, ...)."""
    rows, places = bank.pick(keys)
    index = torch.tensor(places, device=rows.device)
    return rows[index] if inner is None else rows[index[:, None], inner]


@functools.cache
def _core_bank(kind: str, size: int, device: str) -> Bank:
    from phenaki.world.core import backdrop, strip  # it composes what this file prepares

    draw = {"sky": backdrop, "near": strip}[kind]
    return Bank(lambda key: draw(*key, size), device)
