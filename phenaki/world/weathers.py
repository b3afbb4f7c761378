"""Weather and light: names, phrases, and what each does to the picture. Data only."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float]

# while something is: phrases that end a caption
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": (),
    "rain": ("in the rain", "while it rains", "as rain falls", "on a rainy day"),
    "snowfall": ("while it snows", "as snow falls", "in falling snow", "while snowflakes fall"),
    "leaves": ("while leaves fall", "in falling leaves", "as leaves blow by", "with leaves in the wind"),
    "fog": ("in the fog", "in thick fog", "in the mist", "on a foggy day"),
    "lightning": ("in a thunderstorm", "while lightning flashes", "in a storm with lightning", "as thunder rolls"),
    "fireworks": ("under fireworks", "while fireworks go off", "with fireworks in the sky", "as fireworks burst"),
    "nightfall": ("as night falls", "while it gets dark", "at nightfall", "as darkness falls"),
    "sunrise": ("at sunrise", "as the sun rises", "while it gets light", "at dawn"),
    "stars": ("under twinkling stars", "while stars twinkle", "under a starry sky", "as the stars sparkle"),
}
# when something begins: sentences of their own
WEATHER_EVENTS: dict[str, tuple[str, ...]] = {
    "clear": ("the sky clears", "the weather clears up"),
    "rain": ("it starts to rain", "rain begins to fall"),
    "snowfall": ("it starts to snow", "snow begins to fall"),
    "leaves": ("leaves start to fall", "the wind brings leaves"),
    "fog": ("fog rolls in", "it becomes foggy"),
    "lightning": ("a thunderstorm begins", "lightning starts to flash"),
    "fireworks": ("fireworks go off", "fireworks begin"),
    "nightfall": ("night falls", "it gets dark"),
    "sunrise": ("the sun rises", "it gets light"),
    "stars": ("stars start to twinkle", "the stars come out"),
}
WEATHER_WORDS: dict[str, str] = {
    "clear": "", "rain": "rain", "snowfall": "snow falling", "leaves": "falling leaves", "fog": "fog",
    "lightning": "thunderstorm", "fireworks": "fireworks", "nightfall": "nightfall", "sunrise": "sunrise",
    "stars": "starry sky",
}  # fmt: skip
NUM_CORE_WEATHERS = 3


@dataclass(frozen=True)
class Veil:
    """What weather does to the whole picture, so that it shows in every token, and the colour of its drops."""

    shade: Colour  # factor on every colour
    haze: float  # share of the drops' colour in the air
    colour: Colour


VEILS = {
    "rain": Veil((0.66, 0.74, 0.86), 0.08, (0.80, 0.88, 1.0)),
    "snowfall": Veil((1.0, 1.0, 1.0), 0.26, (1.0, 1.0, 1.0)),
    "fog": Veil((0.96, 0.96, 0.97), 0.36, (0.86, 0.88, 0.90)),
    "leaves": Veil((1.0, 0.95, 0.84), 0.0, (1.0, 1.0, 1.0)),
}
NIGHT: Colour = (0.20, 0.24, 0.50)  # factor on every colour when it is dark
WARM: Colour = (1.12, 0.78, 0.62)  # factor when the sun is low


@dataclass(frozen=True)
class Light:
    """Where the light of a weather goes, and how fast: shares in 0 to 1 and shares a frame."""

    night: float = 0.0
    warm: float = 0.0
    opening_night: float | None = None  # at the start of a story, if another
    rate: float = 1 / 3


LIGHTS = {
    "nightfall": Light(night=1.0, opening_night=0.0, rate=1 / 8),
    "sunrise": Light(night=0.0, warm=0.35, opening_night=1.0, rate=1 / 8),
    "stars": Light(night=0.85),
    "fireworks": Light(night=0.75),
    "lightning": Light(night=0.55),
}
DAY = Light()
RAMP = 3  # frames in which rain, snow and the like begin or end in version 2
