"""Ways to move in version 2: heights, gaits and manners. Data only."""

from __future__ import annotations

from dataclasses import dataclass

STREAM = -5.0  # altitude of a swimmer whose lower part is under water
DEEP = 9.0  # and where all is under water


@dataclass(frozen=True)
class Way:
    """How something moves when it goes somewhere, and what it does all the time."""

    rest: float = 0.0  # altitude of what it stands, flies or swims at
    gait: str | None = None  # how its picture changes in a cycle, see ``gaits``
    always: bool = False  # also while it stays where it is
    lift: float = 0.0  # units that it rises with every step
    steps: int = 2  # in a cycle
    turn: float = 0.0  # radians to both sides
    tilt: float = 0.0  # radians to where it goes
    bob: float = 0.0  # units up and down all the time
    rock: float = 0.0  # radians to both sides all the time
    rolls: bool = False
    water: bool = False  # lives in water: it needs a stream where there is none
    air: bool = False


WAYS: dict[str, Way] = {
    "walk": Way(gait="legs", lift=0.9, turn=0.02),
    "march": Way(gait="legs", lift=1.2, turn=0.04),
    "waddle": Way(gait="legs", lift=1.6, turn=0.13),
    "crawl": Way(gait="crawl"),
    "slither": Way(gait="wave"),
    "hop": Way(gait="legs", lift=7.0, turn=0.06),
    "bounce": Way(gait="squash", lift=6.0),
    "roll": Way(rolls=True),
    "drive": Way(gait="engine", lift=0.5),
    "swim": Way(STREAM, "tail", always=True, bob=1.0, water=True),
    "drift": Way(STREAM, "pulse", always=True, bob=1.5, water=True),
    "paddle": Way(-4.0, "engine", bob=0.7, rock=0.03, water=True),
    "sail": Way(-5.0, None, bob=0.7, rock=0.06, water=True),
    "fly": Way(14.0, "flap", always=True, bob=1.5, air=True),
    "flutter": Way(13.0, "squeeze", always=True, bob=2.0, air=True),
    "hover": Way(11.0, None, bob=1.5, tilt=0.12, air=True),
    "haunt": Way(4.0, "hem", always=True, bob=1.5, tilt=0.10, air=True),
    "jet": Way(14.0, None, bob=0.8, air=True),
    "blast": Way(9.0, "engine", bob=1.0, tilt=0.7, air=True),
}

# pictures whose gait is another than that of their way
GAITS: dict[str, str | None] = {
    "bee": "flap", "fairy": "flap", "seal": "pulse", "octopus": "hem", "jellyfish": "hem", "turtle": "legs",
    "snail": "crawl", "spider": "scuttle", "crab": "scuttle", "ladybug": "scuttle", "ant": "legs", "beetle": "scuttle",
    "lobster": "scuttle", "penguin": None, "owl": None, "duck": None, "teddy bear": None, "peacock": None,
    "monkey": None, "gorilla": "legs", "hedgehog": "legs", "beaver": None, "squirrel": None, "rabbit": None,
    "kangaroo": None, "space invader": "scuttle", "mermaid": "hem", "dragon": "wave",
}  # fmt: skip
