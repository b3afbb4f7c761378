"""The pictures of version 2: three layers at their own speeds, two subjects, water, weather, light and styles."""

from __future__ import annotations

import torch
from torch import Tensor

from phenaki.world.attributes import STYLES
from phenaki.world.backdrop import FAR_SPEED
from phenaki.world.batch import Batch
from phenaki.world.core import veiled
from phenaki.world.drawing import over, place, scroll, shadow, zoomed
from phenaki.world.filters import FILTERS
from phenaki.world.overlays import FLASHES, loop
from phenaki.world.strips import UNITS
from phenaki.world.weathers import NIGHT, VEILS, WARM

CENTRE_X = 32.0  # of zooms; how high, is where the subject is: see ``batch``
BRIGHT = 0.45  # subjects keep so much of the light that night takes
DEPTHS = {"sky": 0.15, "far": 0.45, "near": 1.0}  # shares of a zoom that layers follow
SKY_LIGHTS = ("stars", "fireworks", "lightning")  # seen where nothing is before the sky


def compose(batch: Batch, size: int) -> tuple[Tensor, Tensor, Tensor | None]:
    """The frames (b, f, 3, H, W) in [0, 1], the first subject's mask (b, f, 1, H, W), and the second's or None.

    Masks tell what is seen: neither the part under water nor what is behind the first subject.
    """
    unit = size / UNITS
    offset = batch.poses["camera"] + batch.view["pan"]
    picture = batch.sky[:, None].expand(-1, batch.frames, -1, -1, -1)  # (b, f, 3, H, W)
    assert batch.far is not None
    far = scroll(batch.far, offset * FAR_SPEED * unit, size)
    near = scroll(batch.near, offset * unit, size)
    moves = (batch.host["zoom"] != 1) | (batch.host["shake_x"] != 0)  # (b, f)
    moved = batch.rows_with(moves)
    if moved is not None:
        picture = picture.clone()
        for name, layer in (("sky", picture), ("far", far), ("near", near)):
            layer[moved] = _through_lens(layer[moved], batch, moved, DEPTHS[name])
    picture = over(over(picture, far), near)
    poses = _seen(batch.poses, batch.view, batch.centre)
    picture = picture * (1 - _shade(poses, batch, size)[:, :, None])
    second = second_mask = None
    if batch.pairs is not None:
        assert batch.second_poses is not None and batch.second_sprites is not None
        view = {k: v[batch.pairs] for k, v in batch.view.items()}
        second_poses = _seen(batch.second_poses, view, batch.centre[batch.pairs])
        second = place(batch.second_sprites, second_poses, size)  # (n, f, 4, H, W)
        under = picture[batch.pairs] * (1 - 0.38 * shadow(second_poses, size, second_poses["ground"] + 0.5)[:, :, None])
        picture[batch.pairs] = over(under, second)
    subject = place(batch.sprites, poses, size)  # (b, f, 4, H, W)
    picture = over(picture, subject)
    mask = subject[:, :, 3:]
    if second is not None:
        second_mask = torch.zeros_like(mask)
        second_mask[batch.pairs] = second[:, :, 3:] * (1 - mask[batch.pairs])
    if batch.wet is not None:
        assert batch.front is not None
        water = scroll(batch.front, offset[batch.wet] * unit, size)
        wet_moved = batch.rows_with(moves & batch.host["wet"])
        if wet_moved is not None:
            inner = batch.wet_places[wet_moved]
            water[inner] = _through_lens(water[inner], batch, wet_moved, 1.0)
        picture[batch.wet] = over(picture[batch.wet], water)
        for m in (mask, second_mask):
            if m is not None:
                m[batch.wet] = m[batch.wet] * (1 - water[:, :, 3:])
    shown = mask if second_mask is None else mask + second_mask
    picture = _lit(picture, shown, batch)
    if any(batch.has(kind) for kind in SKY_LIGHTS):
        open_sky = (1 - far[:, :, 3:]) * (1 - near[:, :, 3:]) * (1 - shown)
        picture = _lights_in_the_sky(picture, open_sky, batch, size)
    picture = _weather(picture, batch, size)
    return _styled(picture, batch), mask, second_mask


def _seen(poses: dict[str, Tensor], view: dict[str, Tensor], centre: Tensor) -> dict[str, Tensor]:
    """Poses as the camera sees them; centre (n, 1)."""
    zoom = view["zoom"]
    return poses | {
        "x": CENTRE_X + (poses["x"] - view["pan"] - CENTRE_X) * zoom + view["shake_x"],
        "y": centre + (poses["y"] - centre) * zoom + view["shake_y"],
        "ground": centre + (poses["ground"] - centre) * zoom + view["shake_y"],
        "size": poses["size"] * zoom,
    }


def _through_lens(layer: Tensor, batch: Batch, rows: Tensor, depth: float) -> Tensor:
    """Zoom and shake of some rows of a layer."""
    zoom = 1 + (batch.view["zoom"][rows] - 1) * depth
    return zoomed(
        layer, zoom, (CENTRE_X, batch.centre[rows]), (batch.view["shake_x"][rows], batch.view["shake_y"][rows])
    )


def _shade(poses: dict[str, Tensor], batch: Batch, size: int) -> Tensor:
    """Darkness of the first subjects' shadows, (b, f, H, W); there is none on water or outside the picture."""
    dark = 0.38 * shadow(poses, size, poses["ground"] + 0.5)
    if batch.wet is not None:
        dark[batch.wet] *= 0.25
    return dark


def _lit(picture: Tensor, shown: Tensor, batch: Batch) -> Tensor:
    """Night and the low sun; subjects stay a little brighter than the rest, so that they can be seen."""
    rows = batch.rows_with((batch.host["night"] > 0) | (batch.host["warm"] > 0))
    if rows is None:
        return picture
    one = torch.ones(3, device=picture.device)
    factor = torch.ones(len(rows), batch.frames, 3, device=picture.device)
    for name, colour in (("warm", WARM), ("night", NIGHT)):
        level = batch.levels[name][rows][..., None]
        factor = factor * torch.lerp(one, torch.tensor(colour, device=picture.device), level)
    if batch.has("lightning"):
        flash = torch.tensor(FLASHES, device=picture.device)[batch.clock[rows]] * batch.levels["lightning"][rows]
        factor = factor * (1 + 1.2 * flash[..., None])
    factor = factor[..., None, None]  # (n, f, 3, 1, 1)
    picture[rows] = picture[rows] * (factor + BRIGHT * (1 - factor) * shown[rows])
    return picture


def _lights_in_the_sky(picture: Tensor, open_sky: Tensor, batch: Batch, size: int) -> Tensor:
    for kind in SKY_LIGHTS:
        rows = batch.rows_with(batch.host[kind] > 0)
        if rows is None:
            continue
        light = loop(kind, size, str(picture.device))[batch.clock[rows]]  # (n, f, 4, H, W)
        strength = batch.levels[kind][rows][:, :, None, None, None]
        seen = open_sky[rows] if kind == "stars" else 0.15 + 0.85 * open_sky[rows]
        picture[rows] = over(picture[rows], light * strength * seen)
    return picture


def _weather(picture: Tensor, batch: Batch, size: int) -> Tensor:
    """Rain and snow as in version 1; fog and leaves."""
    if batch.has("rain") or batch.has("snowfall"):
        picture = veiled(picture, batch, size)
    for kind in ("fog", "leaves"):
        rows = batch.rows_with(batch.host[kind] > 0)
        if rows is None:
            continue
        veil, level = VEILS[kind], batch.levels[kind][rows][:, :, None, None, None]
        shade, colour = (torch.tensor(c, device=picture.device)[:, None, None] for c in (veil.shade, veil.colour))
        part = picture[rows] * torch.lerp(torch.ones_like(shade), shade, level)
        if veil.haze:
            part = torch.lerp(part, colour, level * veil.haze)
        picture[rows] = over(part, loop(kind, size, str(picture.device))[batch.clock[rows]] * level)
    return picture


def _styled(picture: Tensor, batch: Batch) -> Tensor:
    """The filters of those styles that have one."""
    kinds = [STYLES[s.style].filter for s in batch.specs]
    for kind in sorted({k for k in kinds if k}):
        rows = torch.tensor([i for i, k in enumerate(kinds) if k == kind], device=picture.device)
        part = picture[rows].clamp(0, 1)
        picture[rows] = FILTERS[kind](part.flatten(0, 1)).unflatten(0, part.shape[:2])
    return picture
