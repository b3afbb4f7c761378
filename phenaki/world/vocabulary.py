"""The words and things of the rendered world: subjects, scenes, motions, weather. Data only."""

from __future__ import annotations

from dataclasses import dataclass

WORLD_VERSION = 1


@dataclass(frozen=True)
class Subject:
    """Something that can move through a scene."""

    name: str  # also the first of its nouns
    sprite: str  # code point, the name of the picture in the sprite set
    nouns: tuple[str, ...]  # other words for it
    kind: str = "animal"  # animal, vehicle or thing: which verbs suit it
    turn: float = 0.0  # degrees to turn the picture so that it stands upright


@dataclass(frozen=True)
class Scene:
    """A backdrop: colours in sRGB 0-1, things on the horizon, and phrases that name the place."""

    name: str
    sky: tuple[tuple[float, float, float], tuple[float, float, float]]  # top, horizon
    ground: tuple[float, float, float]
    far: tuple[float, float, float] | None  # colour of the distant hills
    props: tuple[str, ...]  # sprites that stand on the horizon
    light: str | None  # sprite in the sky
    places: tuple[str, ...]
    stars: bool = False


SUBJECTS: tuple[Subject, ...] = (
    Subject("dog", "1f415", ("puppy", "hound")),
    Subject("cat", "1f408-200d-2b1b", ("kitten", "kitty", "black cat")),
    Subject("fox", "1f98a", ("red fox", "vixen")),
    Subject("lion", "1f981", ("big lion", "king of the jungle")),
    Subject("tiger", "1f405", ("striped tiger", "big tiger")),
    Subject("panda", "1f43c", ("panda bear", "giant panda")),
    Subject("koala", "1f428", ("koala bear", "grey koala")),
    Subject("monkey", "1f412", ("ape", "little monkey")),
    Subject("elephant", "1f418", ("grey elephant", "big elephant")),
    Subject("giraffe", "1f992", ("tall giraffe", "long-necked giraffe")),
    Subject("pig", "1f416", ("piglet", "pink pig", "hog")),
    Subject("cow", "1f404", ("dairy cow", "spotted cow")),
    Subject("horse", "1f40e", ("pony", "brown horse", "stallion")),
    Subject("unicorn", "1f984", ("magic unicorn", "horned horse")),
    Subject("rabbit", "1f407", ("bunny", "hare", "bunny rabbit")),
    Subject("hedgehog", "1f994", ("little hedgehog", "spiny hedgehog")),
    Subject("frog", "1f438", ("green frog", "toad")),
    Subject("turtle", "1f422", ("tortoise", "green turtle")),
    Subject("dinosaur", "1f996", ("T-Rex", "tyrannosaurus", "green dinosaur")),
    Subject("penguin", "1f427", ("little penguin", "emperor penguin")),
    Subject("duck", "1f986", ("mallard", "drake")),
    Subject("owl", "1f989", ("brown owl", "night owl")),
    Subject("butterfly", "1f98b", ("orange butterfly", "moth")),
    Subject("ladybug", "1f41e", ("ladybird", "lady beetle", "red beetle")),
    Subject("snail", "1f40c", ("slug", "little snail")),
    Subject("octopus", "1f419", ("squid", "red octopus")),
    Subject("crab", "1f980", ("red crab", "beach crab")),
    Subject("fish", "1f420", ("tropical fish", "blue fish")),
    Subject("whale", "1f433", ("blue whale", "spouting whale")),
    Subject("car", "1f697", ("automobile", "red car", "red automobile"), "vehicle"),
    Subject("bus", "1f68c", ("coach", "school bus"), "vehicle"),
    Subject("tractor", "1f69c", ("farm tractor", "green tractor"), "vehicle"),
    Subject("rocket", "1f680", ("spaceship", "space rocket"), "vehicle", -45.0),
    Subject("flying saucer", "1f6f8", ("ufo", "alien ship"), "vehicle"),
    Subject("robot", "1f916", ("android", "toy robot"), "thing"),
    Subject("ghost", "1f47b", ("spook", "white ghost"), "thing"),
    Subject("snowman", "26c4", ("snow man", "white snowman"), "thing"),
    Subject("alien", "1f47d", ("green alien", "martian"), "thing"),
    Subject("teddy bear", "1f9f8", ("teddy", "toy bear", "stuffed bear"), "thing"),
    Subject("pumpkin", "1f383", ("jack-o-lantern", "halloween pumpkin"), "thing"),
)

SCENES: tuple[Scene, ...] = (
    Scene(
        "forest", ((0.50, 0.78, 0.95), (0.86, 0.95, 0.90)), (0.30, 0.58, 0.26), (0.45, 0.70, 0.55),
        ("1f332", "1f333", "1f332", "1f344"), "2600",
        ("in the forest", "in the woods", "among the trees", "in a green forest", "between tall trees"),
    ),
    Scene(
        "desert", ((0.40, 0.70, 0.95), (0.99, 0.90, 0.68)), (0.93, 0.76, 0.44), (0.86, 0.66, 0.42),
        ("1f335", "1f335", "1faa8"), "2600",
        ("in the desert", "on the desert sand", "among the cacti", "across the dry dunes", "in a hot desert"),
    ),
    Scene(
        "beach", ((0.30, 0.68, 0.96), (0.80, 0.94, 0.99)), (0.97, 0.88, 0.63), (0.16, 0.55, 0.80),
        ("1f334", "26f1", "1f334"), "2600",
        ("on the beach", "by the sea", "at the seaside", "on a sunny beach", "under the palm trees"),
    ),
    Scene(
        "snow", ((0.55, 0.72, 0.92), (0.88, 0.94, 1.0)), (0.94, 0.97, 1.0), (0.70, 0.80, 0.92),
        ("1f332", "1f3d4", "1f332"), None,
        ("in the snow", "on a snowy hill", "in a snowy field", "in the winter snow", "on the white snow"),
    ),
    Scene(
        "night town", ((0.04, 0.05, 0.20), (0.26, 0.22, 0.48)), (0.20, 0.24, 0.34), (0.13, 0.13, 0.32),
        ("1f3e0", "1f3f0", "1f3e0", "1f3e2"), "1f319",
        ("in the town at night", "in a night town", "at night in the city", "under the moon in town",
         "in the dark city"),
        stars=True,
    ),
    Scene(
        "meadow", ((0.36, 0.24, 0.56), (1.0, 0.62, 0.34)), (0.42, 0.52, 0.22), (0.62, 0.36, 0.42),
        ("1f33b", "26fa", "1f33b", "1f337"), "2600",
        ("in a meadow at sunset", "in the sunset meadow", "on a meadow in the evening", "among the sunflowers",
         "at sunset in the fields"),
    ),
    Scene(
        "moon", ((0.0, 0.0, 0.04), (0.06, 0.05, 0.14)), (0.62, 0.63, 0.68), (0.36, 0.37, 0.44),
        ("1faa8", "1f6f0", "1faa8"), "1f30d",
        ("on the moon", "in outer space", "in space", "on the grey moon", "among the stars"),
        stars=True,
    ),
    Scene(
        "underwater", ((0.20, 0.62, 0.86), (0.05, 0.34, 0.62)), (0.80, 0.74, 0.52), (0.10, 0.44, 0.62),
        ("1fab8", "1f41a", "1fab8"), None,
        ("under water", "at the bottom of the sea", "under the sea", "in the deep ocean", "among the corals"),
    ),
)  # fmt: skip

WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": (),
    "rain": ("in the rain", "while it rains", "as rain falls", "on a rainy day"),
    "snowfall": ("while it snows", "as snow falls", "in falling snow", "while snowflakes fall"),
}
WEATHER_EVENTS: dict[str, tuple[str, ...]] = {
    "clear": ("the sky clears", "the weather clears up"),
    "rain": ("it starts to rain", "rain begins to fall"),
    "snowfall": ("it starts to snow", "snow begins to fall"),
}

# Each motion: phrases for every subject, then phrases for one kind only.
MOTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "right": {
        "any": ("moves to the right", "goes right", "heads to the right", "travels to the right", "moves right",
                "goes to the right", "is moving right", "heads right"),
        "animal": ("walks right", "walks to the right", "runs to the right", "strolls to the right"),
        "vehicle": ("drives right", "drives to the right", "rolls to the right"),
        "thing": ("walks right", "walks to the right", "marches to the right"),
    },
    "left": {
        "any": ("moves to the left", "goes left", "heads to the left", "travels to the left", "moves left",
                "goes to the left", "is moving left", "heads left"),
        "animal": ("walks left", "walks to the left", "runs to the left", "strolls to the left"),
        "vehicle": ("drives left", "drives to the left", "rolls to the left"),
        "thing": ("walks left", "walks to the left", "marches to the left"),
    },
    "jump": {
        "any": ("jumps", "jumps up and down", "jumps high", "leaps into the air", "is jumping", "jumps for joy",
                "leaps up and down", "jumps up high"),
    },
    "hop": {
        "any": ("hops", "hops on the spot", "bounces", "hops quickly", "is hopping", "makes little hops",
                "bounces on the spot", "does small hops"),
    },
    "spin": {
        "any": ("spins", "spins around", "rotates", "twirls", "is spinning", "whirls around", "does somersaults",
                "turns head over heels"),
    },
    "grow": {
        "any": ("grows", "grows bigger", "gets bigger", "becomes huge", "grows larger", "is growing",
                "gets larger and larger", "turns into a giant"),
    },
    "shrink": {
        "any": ("shrinks", "shrinks away", "gets smaller", "becomes tiny", "is shrinking", "grows smaller",
                "gets smaller and smaller", "turns tiny"),
    },
    "fly up": {
        "any": ("flies up", "takes off", "rises into the air", "floats up", "lifts off", "flies into the sky",
                "rises up", "is flying up"),
    },
    "fall": {
        "any": ("falls", "falls down", "drops down", "tumbles down", "is falling", "drops to the ground",
                "falls to the ground", "comes down"),
    },
    "stand": {
        "any": ("stands still", "stands there", "waits", "does not move", "is standing still", "stays still", "rests",
                "stays where it is"),
    },
    "circle": {
        "any": ("moves in a circle", "goes round in circles", "circles around", "goes in circles", "flies in circles",
                "makes loops", "moves round and round", "is circling"),
    },
}  # fmt: skip

MOTION_NAMES = tuple(MOTIONS)
SUBJECT_NAMES = tuple(s.name for s in SUBJECTS)
SCENE_NAMES = tuple(s.name for s in SCENES)
WEATHER_NAMES = tuple(WEATHERS)


def sprites() -> tuple[str, ...]:
    """Every picture that the world needs, each once, in the order in which the atlas holds them."""
    names = [s.sprite for s in SUBJECTS]
    for scene in SCENES:
        names += [*scene.props, *([scene.light] if scene.light else [])]
    return tuple(dict.fromkeys(names))


def vocabulary() -> dict[str, tuple[str, ...]]:
    """Words to show to people who write prompts: subjects, places, actions and weather."""
    return {
        "subjects": SUBJECT_NAMES,
        "places": tuple(scene.places[0] for scene in SCENES),
        "actions": tuple(phrases["any"][0] for phrases in MOTIONS.values()),
        "weather": tuple(p for name in ("rain", "snowfall") for p in WEATHERS[name][:1] + WEATHER_EVENTS[name][:1]),
    }
