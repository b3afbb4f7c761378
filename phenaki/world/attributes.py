"""Styles, camera moves, colours, sizes and places of a second subject: names, phrases and values. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """A look: pictures of one art set, perhaps drawn over by a filter."""

    art: str  # art set: toy, cartoon or storybook
    filter: str | None  # see ``filters``
    fronts: tuple[str, ...]  # before the sentence
    ends: tuple[str, ...]  # after it


STYLES: dict[str, Style] = {
    "toy": Style("toy", None, ("3d toy:", "a 3d animation of"), ("in toy style", "as a 3d toy")),
    "cartoon": Style(
        "cartoon", None, ("cartoon:", "a flat cartoon of", "a cartoon of"), ("in cartoon style", "as a flat cartoon")
    ),
    "storybook": Style(
        "storybook", None, ("storybook:", "a storybook picture of", "an illustration of"),
        ("in storybook style", "as in a picture book"),
    ),
    "pixel art": Style(
        "toy", "pixels", ("pixel art:", "pixel art of", "an 8-bit game with"), ("in pixel art style", "as pixel art")
    ),
    "black and white": Style(
        "toy", "grey", ("black and white:", "a black and white film of", "an old film of"),
        ("in black and white", "without colours"),
    ),
    "pencil": Style(
        "toy", "pencil", ("pencil sketch:", "a pencil drawing of", "a sketch of"),
        ("as a pencil sketch", "drawn in pencil"),
    ),
    "neon": Style(
        "toy", "neon", ("neon lights:", "a neon sign of", "glowing neon lines of"), ("in neon style", "as neon lights")
    ),
}  # fmt: skip

# phrases that end a caption, and sentences of their own for a change
CAMERAS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "still": ((), ("the camera stops", "the camera holds still")),
    "pan left": (
        ("as the camera pans left", "camera pan to the left"), ("the camera pans left", "the view moves left")
    ),
    "pan right": (
        ("as the camera pans right", "camera pan to the right"), ("the camera pans right", "the view moves right")
    ),
    "zoom in": (("as the camera zooms in", "slow zoom in"), ("the camera zooms in", "the view gets closer")),
    "zoom out": (("as the camera zooms out", "slow zoom out"), ("the camera zooms out", "the view gets wider")),
    "shake": (("with a shaky camera", "while the camera shakes"), ("the camera shakes", "the ground trembles")),
}  # fmt: skip


@dataclass(frozen=True)
class Tint:
    """Where a picture's main colour goes."""

    hue: float  # degrees
    saturation: float  # factor
    low: float  # darkest and lightest value of the recoloured parts
    high: float


COLOURS: dict[str, Tint] = {
    "red": Tint(355, 1.1, 0.25, 0.95),
    "orange": Tint(26, 1.15, 0.35, 1.0),
    "yellow": Tint(49, 1.05, 0.5, 1.0),
    "green": Tint(125, 0.95, 0.2, 0.8),
    "blue": Tint(218, 1.1, 0.25, 0.95),
    "purple": Tint(275, 0.9, 0.25, 0.85),
    "pink": Tint(328, 0.62, 0.5, 1.0),
    "white": Tint(220, 0.06, 0.72, 1.0),
    "black": Tint(240, 0.15, 0.05, 0.34),
}
COLOUR_WORDS = (*COLOURS, "brown", "grey", "golden", "silver", "colourful", "striped", "spotted")

SIZES: dict[str, tuple[float, tuple[str, ...]]] = {  # level (see ``motion``) and adjectives
    "small": (-1.0, ("small", "tiny", "little")),
    "big": (1.0, ("big", "huge", "large")),
}
SIZE_WORDS = ("little", "big", "small", "baby", "giant", "huge", "tiny", "large", "young", "fat", "tall")

# of the first subject to the second
RELATIONS: dict[str, tuple[str, ...]] = {
    "left of": ("to the left of", "left of", "on the left side of"),
    "right of": ("to the right of", "right of", "on the right side of"),
    "above": ("above", "over", "high above"),
    "chases": (),
}
