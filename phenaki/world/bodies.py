"""Small bodies for sprites that are heads or busts, with legs that swing, so that walking looks like walking.

Everything is drawn in a square of 128 units in which the animal looks to the left.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from phenaki.world.motion import CYCLE

UNIT = 128
FINE = 3  # drawn so much larger, then reduced
Colour = tuple[int, int, int]
BLACK, WHITE, DARK = (62, 52, 66), (244, 243, 248), (74, 56, 50)


@dataclass(frozen=True)
class Body:
    """What belongs to a head; a colour that is None is the head's own."""

    plan: str = "four"  # legs: four, two (a bird), bust (a person from the waist up) or toy (a head on a small trunk)
    trunk: Colour | None = None
    legs: Colour | None = None
    tail: str | None = None  # bushy, long, short, ringed, curl or mane
    tip: Colour | None = None  # end of the tail
    feet: Colour | None = None


BODIES: dict[str, Body] = {
    "fox": Body(tail="bushy", tip=WHITE, feet=DARK),
    "wolf": Body(tail="bushy", feet=(96, 92, 104)),
    "raccoon": Body(tail="ringed", tip=BLACK, trunk=(138, 136, 146), feet=BLACK, legs=(110, 108, 118)),
    "lion": Body(tail="long", tip=(122, 72, 40), trunk=(246, 178, 60), legs=(240, 168, 56)),
    "bear": Body(tail="short", trunk=(142, 88, 70)),
    "polar bear": Body(tail="short", trunk=(238, 238, 244), legs=(226, 226, 236)),
    "panda": Body(tail="short", trunk=WHITE, legs=(64, 58, 86)),
    "koala": Body(tail=None, trunk=(150, 148, 158), legs=(136, 134, 146)),
    "moose": Body(tail="short", trunk=(120, 76, 62), legs=(104, 66, 56), feet=DARK),
    "boar": Body(tail="curl", trunk=(118, 74, 62), legs=(98, 62, 54), feet=DARK),
    "hamster": Body(tail="short", trunk=(246, 176, 100), legs=(250, 196, 150)),
    "unicorn": Body(
        tail="mane", trunk=(226, 214, 252), legs=(214, 200, 248), tip=(236, 120, 220), feet=(150, 120, 220)
    ),
    "frog": Body(tail=None, feet=(246, 204, 74)),
    "chicken": Body(plan="two", trunk=WHITE, legs=(246, 160, 50), tail="short"),
    "robot": Body(plan="toy", trunk=(196, 188, 214), legs=(110, 104, 130)),
    "alien": Body(plan="toy"),
    "astronaut": Body(plan="bust", legs=(232, 230, 240), feet=(120, 118, 134)),
    "wizard": Body(plan="bust", legs=(36, 98, 190), feet=DARK),
    "superhero": Body(plan="bust", legs=(34, 108, 214), feet=(220, 44, 60)),
    "ninja": Body(plan="bust", legs=(58, 50, 74), feet=(34, 30, 44)),
    "princess": Body(plan="bust", legs=(168, 120, 226), feet=(240, 120, 180)),
    "chef": Body(plan="bust", legs=(96, 96, 112), feet=DARK),
    "farmer": Body(plan="bust", legs=(48, 108, 180), feet=DARK),
}  # fmt: skip

# pictures that are whole already
WHOLE = {("storybook", "raccoon"), ("storybook", "superhero")}


def with_body(head: Tensor, key: str, *, shaded: bool) -> Tensor:
    """The head (4, s, s) with a body, at rest and in the frames of a cycle, (1 + CYCLE, 4, s, s), premultiplied."""
    body, size = BODIES[key], head.shape[-1]
    main = main_colour(head)
    frames = []
    for phase in (None, *range(CYCLE)):
        angle = 0.0 if phase is None else 2 * math.pi * phase / CYCLE
        step = math.sin(angle) if phase is not None else 0.0
        back = Image.new("RGBA", (UNIT * FINE, UNIT * FINE))
        bob = 0.0 if phase is None else 2.0 * abs(step)
        left, top, side = _PLANS[body.plan](_Pen(back), body, main, step, bob)
        layer = _premultiplied(back, size, shaded)
        frames.append(_lay(layer, head, left * size / UNIT, top * size / UNIT, side * size / UNIT))
    return torch.stack(frames)


def main_colour(head: Tensor) -> Colour:
    """The colour that most of the upper half of a premultiplied picture (4, s, s) has, but not dark or near white."""
    solid = head[3] > 0.9
    rows = solid.any(1).nonzero()[:, 0]
    solid = solid & (torch.arange(len(solid))[:, None] <= (rows.min() + rows.max()) // 2)
    colours = (head[:3, solid] / head[3, solid]).T  # (n, 3)
    bright = colours.mean(1)
    kept = colours[(bright > 0.22) & (colours.amin(1) < 0.88)]
    if len(kept) < 0.2 * len(colours):
        kept = colours
    bins = (kept * 7.99).long() @ torch.tensor([64, 8, 1])
    common = kept[bins == bins.mode().values]
    red, green, blue = (common.mean(0) * 255).round().int().tolist()
    return red, green, blue


class _Pen:
    """Draws in units of the square."""

    def __init__(self, picture: Image.Image) -> None:
        self.draw = ImageDraw.Draw(picture)

    def oval(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        box = [(x - wide / 2) * FINE, (y - high / 2) * FINE, (x + wide / 2) * FINE, (y + high / 2) * FINE]
        self.draw.ellipse(box, fill=(*colour, 255))

    def block(self, x: float, y: float, wide: float, high: float, radius: float, colour: Colour) -> None:
        box = [(x - wide / 2) * FINE, (y - high / 2) * FINE, (x + wide / 2) * FINE, (y + high / 2) * FINE]
        self.draw.rounded_rectangle(box, radius * FINE, fill=(*colour, 255))

    def limb(self, points: list[tuple[float, float]], width: float, colour: Colour, *, thin: float = 1.0) -> None:
        """A rounded line that may get thinner toward its end."""
        for i, (a, b) in enumerate(itertools.pairwise(points)):
            for j in range(13):
                t = j / 12
                w = width * (1 + (thin - 1) * (i + t) / (len(points) - 1))
                self.oval(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, w, w, colour)


def _leg(pen: _Pen, hip: tuple[float, float], ground: float, swing: float, width: float, colour: Colour, foot: Colour
         ) -> None:  # fmt: skip
    """A leg that reaches from its hip to the ground; ``swing`` from -1 (back) to 1 (forward) moves the foot."""
    reach = 11.0 * swing
    x, y = hip[0] - reach, ground - width / 2 - 4.0 * max(0.0, abs(swing) - 0.4) * (swing > 0)
    pen.limb([hip, (x, y)], width, colour)
    pen.oval(x - 1.5, y + width * 0.12, width * 1.25, width * 0.8, foot)


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (round(min(255.0, c * factor)) for c in colour)
    return red, green, blue


def _four(pen: _Pen, body: Body, main: Colour, step: float, bob: float) -> tuple[float, float, float]:
    trunk, legs = body.trunk or main, body.legs or _shade(body.trunk or main, 0.93)
    dark, foot = _shade(legs, 0.74), body.feet or _shade(legs, 0.9)
    dark_foot = _shade(foot, 0.74)
    _tail(pen, body, trunk, step, bob)
    for hip, swing in ((65, -step), (101, step)):  # the far side
        _leg(pen, (hip, 96 - bob), 126, swing, 13, dark, dark_foot)
    pen.oval(80, 86 - bob, 66, 48, trunk)
    pen.oval(97, 88 - bob, 34, 42, trunk)
    for hip, swing in ((57, step), (93, -step)):
        _leg(pen, (hip, 98 - bob), 127, swing, 14, legs, foot)
    return -2, -1 - bob, 88


def _tail(pen: _Pen, body: Body, trunk: Colour, step: float, bob: float) -> None:
    x, y, wag = 108.0, 80.0 - bob, 5.0 * step
    tip = body.tip or trunk
    if body.tail == "bushy":
        pen.limb([(x, y), (118, 62 + wag), (116, 44 + wag)], 17, trunk)
        pen.limb([(117, 46 + wag), (114, 36 + wag)], 15, tip, thin=0.5)
    elif body.tail == "ringed":
        points = [(x, y), (117, 66 + wag), (118, 52 + wag), (114, 38 + wag)]
        pen.limb(points, 16, trunk)
        for t in (0.9, 1.9, 2.9):
            i = int(t)
            a, b, w = points[i], points[min(i + 1, 3)], t - i
            pen.oval(a[0] + (b[0] - a[0]) * w, a[1] + (b[1] - a[1]) * w, 17, 7, tip)
    elif body.tail == "long":
        pen.limb([(x, y), (119, 74 + wag), (121, 56 + wag), (115, 46 + wag)], 6, trunk)
        pen.oval(115, 44 + wag, 14, 15, tip)
    elif body.tail == "short":
        pen.oval(112, 76 - bob, 16, 15, _shade(trunk, 0.96))
    elif body.tail == "curl":
        pen.limb([(x, y), (118, 74), (119, 67 + wag), (113, 66 + wag)], 5, _shade(trunk, 0.85))
    elif body.tail == "mane":
        pen.limb([(x - 2, y - 4), (118, 72 + wag), (121, 92 + wag), (117, 106 + wag)], 15, tip, thin=0.5)


def _two(pen: _Pen, body: Body, main: Colour, step: float, bob: float) -> tuple[float, float, float]:
    trunk, legs = body.trunk or main, body.legs or main
    for hip, swing in ((78, -step), (64, step)):
        foot = (hip - 12 * swing, 124 - 4 * max(0.0, swing))
        pen.limb([(hip, 100 - bob), foot], 6, legs)
        pen.limb([(foot[0] + 3, foot[1]), (foot[0] - 8, foot[1])], 6, legs)
    pen.limb([(92, 82 - bob), (112, 64 - bob + 3 * step)], 26, _shade(trunk, 0.92), thin=0.6)
    pen.oval(70, 86 - bob, 66, 48, trunk)
    pen.oval(80, 88 - bob + 2 * step, 34, 22, _shade(trunk, 0.9))
    return 0, 0 - bob, 78


def _bust(pen: _Pen, body: Body, main: Colour, step: float, bob: float) -> tuple[float, float, float]:
    legs = body.legs or main
    foot = body.feet or _shade(legs, 0.7)
    _leg(pen, (74, 100 - bob), 126, -step, 19, _shade(legs, 0.78), _shade(foot, 0.8))
    _leg(pen, (55, 100 - bob), 127, step, 19, legs, foot)
    pen.block(64, 98 - bob, 50, 16, 7, legs)
    return 12, -4 - bob, 104


def _toy(pen: _Pen, body: Body, main: Colour, step: float, bob: float) -> tuple[float, float, float]:
    trunk, legs = body.trunk or _shade(main, 0.92), body.legs or _shade(main, 0.8)
    foot = _shade(legs, 0.75)
    pen.limb([(84, 88 - bob), (94 + 8 * step, 104 - bob)], 12, _shade(legs, 0.85))
    _leg(pen, (72, 106 - bob), 126, -step, 15, _shade(legs, 0.8), _shade(foot, 0.8))
    _leg(pen, (56, 106 - bob), 127, step, 15, legs, foot)
    pen.block(64, 93 - bob, 44, 36, 13, trunk)
    pen.limb([(44, 88 - bob), (34 - 8 * step, 104 - bob)], 12, legs)
    return 22, -3 - bob, 84


_PLANS = {"four": _four, "two": _two, "bust": _bust, "toy": _toy}


def _premultiplied(picture: Image.Image, size: int, shaded: bool) -> Tensor:
    """The drawing as (4, size, size), lighter above and darker below where the art set is."""
    art = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
    art = torch.cat([art[:3] * art[3:], art[3:]])
    art = F.interpolate(art[None], size=(size, size), mode="bilinear", antialias=True, align_corners=False)[0]
    if shaded:
        light = torch.linspace(1.32, 0.80, size)[None, :, None]
        art = torch.cat([torch.minimum(art[:3] * light, art[3:]), art[3:]])
    return art


def _lay(below: Tensor, head: Tensor, left: float, top: float, side: float) -> Tensor:
    """The head, ``side`` wide, over the body."""
    size = below.shape[-1]
    zoom = size / side
    x, y = 2 * (left + side / 2) / size - 1, 2 * (top + side / 2) / size - 1
    small = F.interpolate(head[None], size=(round(side), round(side)), mode="bilinear", antialias=True)[0]
    theta = torch.tensor([[[zoom, 0.0, -x * zoom], [0.0, zoom, -y * zoom]]])
    grid = F.affine_grid(theta, [1, 4, size, size], align_corners=False)
    above = F.grid_sample(small[None], grid, padding_mode="zeros", align_corners=False)[0]
    return below * (1 - above[3:]) + above
