"""The scenes of the world: colours, shapes and things, phrases for the place, and the weather there. Data only."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float]

SKIES = ("rain", "snowfall", "fog", "lightning", "fireworks", "nightfall", "sunrise", "stars")  # all but leaves


@dataclass(frozen=True)
class Scene:
    """A backdrop: colours in sRGB 0-1, things on the horizon, and phrases that name the place."""

    name: str
    sky: tuple[Colour, Colour]  # top, horizon
    ground: Colour
    far: Colour | None  # colour of the distant hills
    props: tuple[str, ...]  # sprites that stand on the horizon; "1f333:orange" is another colour
    light: str | None  # sprite in the sky
    places: tuple[str, ...]
    stars: bool = False
    # version 2 only
    word: str = ""  # the place as a keyword, if not its name
    shape: str = "hills"  # of what is far: hills, peaks, dunes, skyline, canopy, sea, crags, banks or wall
    far_props: tuple[str, ...] = ()  # small sprites on it
    floor: str = "tufts"  # what shows that the ground passes: tufts, road, boards, puffs or tiles
    water: Colour | None = (0.24, 0.58, 0.86)  # of the stream in which water subjects are, None: there is none
    weathers: tuple[str, ...] = SKIES  # besides "clear"
    tall: tuple[str, ...] = ()  # props that are drawn larger than others
    two_props: tuple[str, ...] = ()  # props of version 2, if others than before
    planet: str | None = None  # a second sprite in the sky


SCENES: tuple[Scene, ...] = (
    Scene(
        "forest", ((0.50, 0.78, 0.95), (0.86, 0.95, 0.90)), (0.30, 0.58, 0.26), (0.45, 0.70, 0.55),
        ("1f332", "1f333", "1f332", "1f344"), "2600",
        ("in the forest", "in the woods", "among the trees", "in a green forest", "between tall trees"),
        shape="canopy", far_props=("1f332", "1f333"), weathers=(*SKIES, "leaves"), tall=("1f332", "1f333"),
    ),
    Scene(
        "desert", ((0.40, 0.70, 0.95), (0.99, 0.90, 0.68)), (0.93, 0.76, 0.44), (0.86, 0.66, 0.42),
        ("1f335", "1f335", "1faa8"), "2600",
        ("in the desert", "on the desert sand", "among the cacti", "across the dry dunes", "in a hot desert"),
        shape="dunes", far_props=("1f335",),
    ),
    Scene(
        "beach", ((0.30, 0.68, 0.96), (0.80, 0.94, 0.99)), (0.97, 0.88, 0.63), (0.16, 0.55, 0.80),
        ("1f334", "26f1", "1f334"), "2600",
        ("on the beach", "by the sea", "at the seaside", "on a sunny beach", "under the palm trees"),
        shape="sea", far_props=("1f3dd",), water=(0.16, 0.60, 0.84), tall=("1f334",),
    ),
    Scene(
        "snow", ((0.55, 0.72, 0.92), (0.88, 0.94, 1.0)), (0.94, 0.97, 1.0), (0.70, 0.80, 0.92),
        ("1f332", "1f3d4", "1f332"), None,
        ("in the snow", "on a snowy hill", "in a snowy field", "in the winter snow", "on the white snow"),
        word="snowy hill", shape="hills", far_props=("1f332:white",), water=(0.46, 0.70, 0.90), tall=("1f332:white",),
        two_props=("1f332:white", "1f332:white", "1f332", "1faa8"),
    ),
    Scene(
        "night town", ((0.04, 0.05, 0.20), (0.26, 0.22, 0.48)), (0.20, 0.24, 0.34), (0.13, 0.13, 0.32),
        ("1f3e0", "1f3f0", "1f3e0", "1f3e2"), "1f319",
        ("in the town at night", "in a night town", "at night in the city", "under the moon in town",
         "in the dark city"),
        stars=True, shape="skyline", water=(0.12, 0.22, 0.46), two_props=("1f3e0", "1f3e2", "1f3e1", "1f3ea"),
        weathers=("rain", "snowfall", "fog", "lightning", "fireworks", "stars"), tall=("1f3e2",),
    ),
    Scene(
        "meadow", ((0.36, 0.24, 0.56), (1.0, 0.62, 0.34)), (0.42, 0.52, 0.22), (0.62, 0.36, 0.42),
        ("1f33b", "26fa", "1f33b", "1f337"), "2600",
        ("in a meadow at sunset", "in the sunset meadow", "on a meadow in the evening", "among the sunflowers",
         "at sunset in the fields"),
        word="sunset meadow", water=(0.46, 0.44, 0.72),
        weathers=("rain", "snowfall", "fog", "lightning", "fireworks", "nightfall", "stars", "leaves"),
    ),
    Scene(
        "moon", ((0.0, 0.0, 0.04), (0.06, 0.05, 0.14)), (0.62, 0.63, 0.68), (0.36, 0.37, 0.44),
        ("1faa8", "1f6f0", "1faa8"), "1f30d",
        ("on the moon", "in outer space", "in space", "on the grey moon", "among the stars"),
        stars=True, word="outer space", shape="crags", water=None, weathers=("stars", "fireworks"),
        two_props=("1faa8", "1faa8", "1f6f0"), planet="1fa90",
    ),
    Scene(
        "underwater", ((0.20, 0.62, 0.86), (0.05, 0.34, 0.62)), (0.80, 0.74, 0.52), (0.10, 0.44, 0.62),
        ("1fab8", "1f41a", "1fab8"), None,
        ("under water", "at the bottom of the sea", "under the sea", "in the deep ocean", "among the corals"),
        shape="dunes", far_props=("1fab8:blue",), water=None, weathers=(),
        two_props=("1fab8", "1f33f:green", "1f41a", "1fab8:orange"),
    ),
    # added in version 2
    Scene(
        "city", ((0.44, 0.70, 0.96), (0.88, 0.94, 0.98)), (0.45, 0.47, 0.52), (0.62, 0.70, 0.82),
        ("1f3e2", "1f6a6", "1f3ec", "1f333", "1f3e6"), "2600",
        ("in the city", "on a city street", "on the street", "downtown", "between the tall buildings"),
        word="city street", shape="skyline", floor="road", tall=("1f3e2", "1f3ec"), weathers=(*SKIES, "leaves"),
    ),
    Scene(
        "mountains", ((0.36, 0.62, 0.94), (0.84, 0.93, 1.0)), (0.47, 0.66, 0.36), (0.48, 0.54, 0.68),
        ("1f332", "1faa8", "26fa", "1f332"), "2601",
        ("in the mountains", "high in the mountains", "on a mountain meadow", "below the peaks", "in the Alps"),
        shape="peaks", far_props=("1f332",), water=(0.36, 0.68, 0.86),
    ),
    Scene(
        "farm", ((0.46, 0.76, 0.98), (0.95, 0.96, 0.86)), (0.62, 0.72, 0.28), (0.80, 0.76, 0.40),
        ("1f3e1", "1f33e", "1f33d", "1f6d6"), "2600",
        ("on the farm", "in the farmyard", "on a farm", "behind the barn", "in the corn field"),
        far_props=("1f333",), tall=("1f3e1", "1f6d6"), weathers=(*SKIES, "leaves"),
    ),
    Scene(
        "castle", ((0.62, 0.74, 0.98), (0.98, 0.90, 0.96)), (0.44, 0.70, 0.42), (0.66, 0.76, 0.86),
        ("1f3f0", "1f339", "26f2", "1f333", "1f339"), "2601",
        ("in the castle park", "in front of the castle", "by the castle", "in the royal garden", "near a fairy castle"),
        word="castle park", tall=("1f3f0",), weathers=(*SKIES, "leaves"),
    ),
    Scene(
        "jungle", ((0.34, 0.62, 0.52), (0.76, 0.88, 0.62)), (0.20, 0.42, 0.18), (0.16, 0.46, 0.32),
        ("1f334", "1f33a", "1f33f", "1f334"), None,
        ("in the jungle", "in the rain forest", "deep in the jungle", "among the vines", "in the tropics"),
        shape="canopy", far_props=("1f334",), water=(0.30, 0.58, 0.52), tall=("1f334", "1f33f"),
        weathers=("rain", "fog", "lightning", "nightfall", "sunrise", "leaves", "stars"),
    ),
    Scene(
        "autumn park", ((0.62, 0.76, 0.90), (0.99, 0.92, 0.78)), (0.72, 0.52, 0.24), (0.82, 0.54, 0.30),
        ("1f333:orange", "1f342", "1f333:red", "1f341", "1f333:yellow"), "2601",
        ("in the autumn park", "in the park in autumn", "among the autumn trees", "on the fallen leaves",
         "in a golden park"),
        shape="canopy", far_props=("1f333:orange", "1f333:yellow"), weathers=(*SKIES, "leaves"),
        tall=("1f333:orange", "1f333:red", "1f333:yellow"),
    ),
    Scene(
        "clouds", ((0.26, 0.54, 0.94), (0.74, 0.88, 1.0)), (0.97, 0.98, 1.0), (0.86, 0.92, 1.0),
        ("1f308", "2601", "2b50", "2601"), "2600",
        ("above the clouds", "in the clouds", "high up in the sky", "on a cloud", "in the blue sky"),
        shape="banks", floor="puffs", water=None, tall=("1f308",),
        weathers=("lightning", "fireworks", "nightfall", "sunrise", "stars"),
    ),
    Scene(
        "living room", ((0.98, 0.88, 0.74), (0.98, 0.84, 0.68)), (0.66, 0.44, 0.28), (0.95, 0.80, 0.62),
        ("1f6cb", "1fab4", "1f4fa", "1f6cf", "1fa91"), None,
        ("in the living room", "at home", "on the wooden floor", "in a cosy room", "inside the house"),
        shape="wall", far_props=("1f5bc", "1fa9f", "1f570"), floor="boards", water=None, weathers=("nightfall",),
        tall=("1f6cb", "1f6cf"),
    ),
)  # fmt: skip

CLOUD, LEAF = "2601", "1f341"  # in many skies, and what falls in autumn
NUM_CORE_SCENES = 8
SCENE_OF = {s.name: s for s in SCENES}


def props_of(scene: Scene) -> tuple[str, ...]:
    """What stands on the horizon in version 2."""
    return scene.two_props or scene.props
