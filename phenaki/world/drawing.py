"""Drawing for whole batches: layers that scroll, sprites in poses, shadows. Letters as in ``render``."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.world.strips import UNITS, pixel_grid


def over(below: Tensor, above: Tensor) -> Tensor:
    """Lay premultiplied RGBA (..., 4, H, W) over RGB (..., 3, H, W)."""
    return below * (1 - above[..., 3:, :, :]) + above[..., :3, :, :]


def scroll(strips: Tensor, offset: Tensor, size: int) -> Tensor:
    """Cut the part of each strip (b, 4, H, P) that the camera sees: (b, f, 4, H, W); offset (b, f) in pixels."""
    columns = torch.arange(size, device=strips.device) + offset.round().long()[..., None]  # (b, f, W)
    columns = columns % strips.shape[-1]
    b, c, h, _ = strips.shape
    f = offset.shape[1]
    index = columns[:, :, None, None, :].expand(b, f, c, h, size)
    return strips[:, None].expand(b, f, c, h, -1).gather(-1, index)


def place(sprites: Tensor, poses: dict[str, Tensor], size: int) -> Tensor:
    """Draw sprites (b, f, 4, s, s) with the poses (b, f): (b, f, 4, H, W) premultiplied."""
    b, f = poses["x"].shape
    cos, sin = torch.cos(poses["turn"]), torch.sin(poses["turn"])
    zoom_x = UNITS / poses["size"] * torch.where(poses["flip"], -1.0, 1.0)
    zoom_y = UNITS / (poses["size"] * poses["stretch"])
    tx, ty = poses["x"] / (UNITS / 2) - 1, poses["y"] / (UNITS / 2) - 1
    theta = torch.stack([cos * zoom_x, sin * zoom_x, -sin * zoom_y, cos * zoom_y], dim=-1).view(b, f, 2, 2)
    shift = -(theta @ torch.stack([tx, ty], dim=-1)[..., None])  # maps the picture to the sprite
    theta = torch.cat([theta, shift], dim=-1).flatten(0, 1)  # (b*f, 2, 3)
    grid = F.affine_grid(theta, [b * f, 4, size, size], align_corners=False)
    drawn = F.grid_sample(sprites.flatten(0, 1), grid, padding_mode="zeros", align_corners=False)
    return drawn.unflatten(0, (b, f))


def zoomed(layer: Tensor, zoom: Tensor, centre: tuple[float, Tensor], shift: tuple[Tensor, Tensor]) -> Tensor:
    """Enlarge (n, f, c, H, W) about a point, x and y (n, 1), and move it; zoom and shifts (n, f); in world units."""
    n, f = zoom.shape
    cx, cy = (c / (UNITS / 2) - 1 for c in centre)
    theta = torch.zeros(n, f, 2, 3, device=layer.device)
    theta[..., 0, 0] = theta[..., 1, 1] = 1 / zoom
    theta[..., 0, 2] = cx - (cx + shift[0] / (UNITS / 2)) / zoom
    theta[..., 1, 2] = cy - (cy + shift[1] / (UNITS / 2)) / zoom
    flat = layer.flatten(0, 1)
    grid = F.affine_grid(theta.flatten(0, 1), list(flat.shape), align_corners=False)
    return F.grid_sample(flat, grid, padding_mode="border", align_corners=False).unflatten(0, (n, f))


def shadow(poses: dict[str, Tensor], size: int, ground: Tensor | float = 56.5) -> Tensor:
    """Soft shadow under a subject, (b, f, H, W) in [0, 1]; it thins as the subject rises."""
    y, x = pixel_grid(size, poses["x"].device)
    width = 0.36 * poses["size"]
    dx = (x - poses["x"][..., None, None]) / width[..., None, None]
    dy = (y - (ground[..., None, None] if isinstance(ground, Tensor) else ground)) / 2.2
    return torch.exp(-((dx**2 + dy**2) ** 1.5)) * (1 - poses["height"] / 50).clamp(min=0.3)[..., None, None]
