"""The motions of the world and the phrases for them."""

from __future__ import annotations


def _sideways(side: str) -> dict[str, tuple[str, ...]]:
    """Phrases for a motion to the "right" or to the "left"."""
    return {
        "any": (
            f"moves to the {side}",
            f"goes {side}",
            f"heads to the {side}",
            f"travels to the {side}",
            f"moves {side}",
            f"goes to the {side}",
            f"is moving {side}",
            f"heads {side}",
            f"sets off to the {side}",
            f"keeps going {side}",
            f"moves off to the {side}",
            f"is heading {side}",
            f"hurries to the {side}",
            f"advances to the {side}",
        ),
        "animal": (
            f"walks {side}",
            f"walks to the {side}",
            f"runs to the {side}",
            f"strolls to the {side}",
            f"trots to the {side}",
            f"is walking {side}",
        ),
        "vehicle": (
            f"drives {side}",
            f"drives to the {side}",
            f"rolls to the {side}",
            f"speeds to the {side}",
            f"is driving {side}",
        ),
        "thing": (
            f"walks {side}",
            f"walks to the {side}",
            f"marches to the {side}",
            f"strides to the {side}",
            f"is walking {side}",
        ),
    }


# Version 1. Each motion: phrases for every subject, then phrases for one kind only.
MOTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "right": _sideways("right"),
    "left": _sideways("left"),
    "jump": {
        "any": ("jumps", "jumps up and down", "jumps high", "leaps into the air", "is jumping", "jumps for joy",
                "leaps up and down", "jumps up high",
                "leaps", "leaps high", "takes a big jump", "makes big jumps", "bounds into the air", "does a jump",
                "jumps as high as it can", "leaps for joy"),
    },
    "hop": {
        "any": ("hops", "hops on the spot", "bounces", "hops quickly", "is hopping", "makes little hops",
                "bounces on the spot", "does small hops",
                "hops up and down", "hops in place", "bounces up and down", "bounces gently", "is bouncing",
                "does little bounces", "skips on the spot", "makes short hops"),
    },
    "spin": {
        "any": ("spins", "spins around", "rotates", "twirls", "is spinning", "whirls around", "does somersaults",
                "turns head over heels",
                "turns over and over", "rolls over and over", "is rotating", "is twirling", "does cartwheels",
                "does flips", "flips over", "spins like a top", "turns round and round on the spot"),
    },
    "grow": {
        "any": ("grows", "grows bigger", "gets bigger", "becomes huge", "grows larger", "is growing",
                "gets larger and larger", "turns into a giant",
                "becomes bigger and bigger", "becomes gigantic", "gets huge", "is getting bigger",
                "grows into a giant", "turns huge", "inflates", "blows up like a balloon", "becomes larger"),
    },
    "shrink": {
        "any": ("shrinks", "shrinks away", "gets smaller", "becomes tiny", "is shrinking", "grows smaller",
                "gets smaller and smaller", "turns tiny",
                "becomes smaller and smaller", "is getting smaller", "gets tiny", "becomes very small", "shrinks down",
                "diminishes", "turns into a dwarf", "becomes little"),
    },
    "fly up": {
        "any": ("flies up", "takes off", "rises into the air", "floats up", "lifts off", "flies into the sky",
                "rises up", "is flying up",
                "soars up", "soars into the sky", "goes up into the sky", "climbs into the air", "is rising",
                "floats into the sky", "is taking off", "leaves the ground", "levitates", "flies high up"),
    },
    "fall": {
        "any": ("falls", "falls down", "drops down", "tumbles down", "is falling", "drops to the ground",
                "falls to the ground", "comes down",
                "sinks down", "drops", "goes down", "tumbles to the ground", "crashes to the ground", "is coming down",
                "plunges down", "collapses", "hits the ground", "falls flat"),
    },
    "stand": {
        "any": ("stands still", "stands there", "waits", "does not move", "is standing still", "stays still", "rests",
                "stays where it is",
                "stands", "is still", "holds still", "keeps still", "is waiting", "is resting", "takes a break",
                "does nothing", "pauses", "freezes", "stops moving", "halts"),
    },
    "circle": {
        "any": ("moves in a circle", "goes round in circles", "circles around", "goes in circles", "flies in circles",
                "makes loops", "moves round and round", "is circling",
                "circles", "makes circles", "makes a loop", "runs in circles", "goes around in a circle",
                "travels in circles", "loops around", "runs laps", "circles through the air"),
    },
}  # fmt: skip

# Version 2. What subjects do depends on their way: {} is one of its verbs.
VERBS: dict[str, tuple[str, ...]] = {
    "walk": ("walks", "trots", "strolls", "runs"),
    "march": ("walks", "marches", "strides", "runs"),
    "waddle": ("waddles", "walks", "toddles"),
    "crawl": ("crawls", "creeps", "scuttles"),
    "slither": ("slithers", "wriggles", "crawls"),
    "hop": ("hops", "leaps", "skips"),
    "bounce": ("bounces", "hops", "skips"),
    "roll": ("rolls", "tumbles", "trundles"),
    "swim": ("swims", "glides", "darts"),
    "drift": ("swims", "drifts", "floats"),
    "paddle": ("swims", "paddles", "glides"),
    "sail": ("sails", "cruises", "floats"),
    "drive": ("drives", "rolls", "rides"),
    "fly": ("flies", "glides", "soars"),
    "flutter": ("flies", "flutters", "whirrs"),
    "hover": ("flies", "floats", "glides"),
    "haunt": ("floats", "glides", "hovers"),
    "jet": ("flies", "zooms", "jets"),
    "blast": ("flies", "blasts", "zooms"),
}
# which of the phrases for one group only suit a way
GROUPS: dict[str, tuple[str, ...]] = {
    **{way: ("ground",) for way in ("walk", "march", "waddle", "crawl", "slither", "hop", "bounce", "roll")},
    **{way: ("water",) for way in ("swim", "drift", "paddle", "sail")},
    **{way: ("air",) for way in ("fly", "flutter", "hover", "haunt", "jet", "blast")},
    "drive": ("ground", "road"),
}
# The first eleven are those of version 1, in their order.
DEEDS: dict[str, dict[str, tuple[str, ...]]] = {
    "right": {
        "any": (*MOTIONS["right"]["any"], "{} right", "{} to the right"),
    },
    "left": {
        "any": (*MOTIONS["left"]["any"], "{} left", "{} to the left"),
    },
    "jump": {
        "any": MOTIONS["jump"]["any"],
        "water": ("jumps out of the water", "leaps out of the water"),
    },
    "hop": {
        "any": MOTIONS["hop"]["any"],
    },
    "spin": {
        "any": MOTIONS["spin"]["any"],
        "air": ("flies loops", "does a loop"),
    },
    "grow": {
        "any": MOTIONS["grow"]["any"],
    },
    "shrink": {
        "any": MOTIONS["shrink"]["any"],
    },
    "fly up": {
        "any": MOTIONS["fly up"]["any"],
        "air": ("climbs into the sky", "soars up"),
    },
    "fall": {
        "any": ("falls", "falls down", "drops down", "tumbles down", "is falling", "comes down", "sinks down",
                "plunges down"),
        "ground": ("drops to the ground", "falls to the ground"),
        "air": ("drops to the ground", "falls to the ground", "crashes"),
    },
    "stand": {
        "any": ("waits", "does not move", "stays still", "rests", "stays where it is", "holds still", "keeps still",
                "takes a break"),
        "ground": ("stands still", "stands there", "is standing still"),
        "road": ("is parked", "has stopped"),
        "water": ("floats on the spot", "stays in its place"),
        "air": ("hovers", "hovers on the spot"),
    },
    "circle": {
        "any": ("moves in a circle", "goes round in circles", "circles around", "goes in circles",
                "moves round and round", "is circling", "{} in circles", "{} round and round"),
    },
    "sway": {
        "any": ("sways", "sways from side to side", "rocks to and fro", "dances", "dances on the spot",
                "swings from side to side", "is dancing", "rocks from side to side"),
    },
    "shake": {
        "any": ("shakes", "trembles", "shivers", "quivers", "is shaking", "shakes all over", "jitters",
                "shudders"),
    },
    "zigzag": {
        "any": ("zigzags", "moves in zigzags", "goes in zigzags", "{} in zigzags", "{} in a zigzag", "swerves",
                "swerves to and fro", "takes a zigzag path"),
    },
    "enter left": {
        "any": ("enters from the left", "comes in from the left", "appears on the left", "{} in from the left",
                "comes into the picture from the left", "arrives from the left", "{} into the picture from the left",
                "shows up on the left"),
    },
    "enter right": {
        "any": ("enters from the right", "comes in from the right", "appears on the right", "{} in from the right",
                "comes into the picture from the right", "arrives from the right",
                "{} into the picture from the right", "shows up on the right"),
    },
    "leave": {
        "any": ("leaves", "goes away", "{} away", "leaves the picture", "{} out of the picture", "disappears",
                "{} off", "goes off"),
    },
    "rush": {
        "any": ("rushes toward the camera", "comes closer", "comes toward us", "{} toward us", "{} toward the camera",
                "approaches", "charges at the camera", "comes nearer and nearer"),
    },
}  # fmt: skip

NUM_CORE_MOTIONS = 11
TRAVELS = ("right", "left", "zigzag")  # the camera goes along
CHASES = ("chases", "runs after", "follows", "hunts", "goes after", "pursues")
