"""Figures: the pictures of a subject, in its colour, with its body, at rest and in every frame of its gait."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from phenaki.world.atlas import fit, load_sprites, sprite_cell, sprite_index
from phenaki.world.bodies import UNIT, WHOLE, with_body
from phenaki.world.gaits import gait_frames, standing, turned
from phenaki.world.motion import CYCLE
from phenaki.world.subjects import SUBJECT_OF
from phenaki.world.tints import tinted
from phenaki.world.ways import GAITS, WAYS

FRAMES = 1 + CYCLE  # at rest, then the cycle


@dataclass(frozen=True)
class Figure:
    """What decides the pictures of a subject."""

    subject: str
    art: str = "toy"
    colour: str | None = None
    bodies: bool = False
    version: int = 1


def draw_figure(figure: Figure, size: int) -> Tensor:
    """The pictures (FRAMES, 4, size, size), premultiplied."""
    subject = SUBJECT_OF[figure.subject]
    with_legs = figure.bodies and subject.body is not None and (figure.art, figure.subject) not in WHOLE
    if figure.version == 1 and not with_legs:
        if figure.subject in _CORE:  # exactly as ever
            return load_sprites(size)[sprite_index(subject.sprite)].expand(FRAMES, -1, -1, -1)
        return fit(sprite_cell(figure.art, subject.sprite), size).expand(FRAMES, -1, -1, -1)
    cell = fit(sprite_cell(figure.art, subject.sprite), UNIT)
    if figure.colour:
        cell = tinted(cell, figure.colour)
    if with_legs:
        assert subject.body is not None
        return fit(with_body(cell, subject.body, shaded=figure.art == "toy"), size)
    way = WAYS[subject.way]
    cell = standing(turned(cell, subject.turn), centre=way.rolls or way.air)
    gait = GAITS.get(figure.subject, way.gait)
    if subject.body and not figure.bodies:
        gait = None  # a head hops along
    return fit(gait_frames(cell, gait), size)


_CORE = frozenset(name for name in SUBJECT_OF if name in list(SUBJECT_OF)[:40])
