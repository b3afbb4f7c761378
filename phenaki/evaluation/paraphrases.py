"""Captions of the core's world as people might write them, in words that no training caption has.

Training on a part whose words are not held out reads all of its grammar; what a model makes of other words must be
asked in words from elsewhere. Every phrase for a motion here has a word that neither grammar knows, so none of these
captions can be drawn in training. The nouns, places and sentences around it are half of the time such ones too.
"""

from __future__ import annotations

import numpy as np

from phenaki.world.captions import nouns
from phenaki.world.grammar import article
from phenaki.world.parts import WorldPart
from phenaki.world.scenes import SCENE_OF
from phenaki.world.weathers import WEATHERS

OTHER_WORDS = 0.5  # chance of another noun, place, weather and sentence, each

DEEDS: dict[str, tuple[str, ...]] = {
    "right": ("makes its way toward the right-hand side", "wanders rightward", "proceeds rightwards"),
    "left": ("makes its way toward the left-hand side", "wanders leftward", "proceeds leftwards"),
    "jump": ("keeps leaping upward", "springs upward again and again", "vaults upwards repeatedly"),
    "hop": ("bobs up and down in quick little springs", "makes tiny bouncy steps on one spot", "keeps hopping lightly"),
    "spin": ("keeps spinning itself", "revolves like a wheel", "pirouettes"),
    "grow": ("expands until it is enormous", "swells up", "keeps growing in size"),
    "shrink": ("dwindles", "becomes ever more minuscule", "keeps shrinking in size"),
    "fly up": ("ascends", "goes airborne", "is lifting upward into the heavens"),
    "fall": ("plummets", "topples earthward", "is dropping downward"),
    "stand": ("stays put", "remains motionless", "just stands around idly"),
    "circle": ("orbits an invisible point", "travels along a ring", "follows a circular route"),
}
NOUNS: dict[str, tuple[str, ...]] = {
    "dog": ("pooch", "doggy"), "cat": ("tomcat", "feline"), "fox": ("fox cub", "wild fox"),
    "lion": ("male lion", "African lion"), "tiger": ("Bengal tiger", "tigress"),
    "panda": ("panda cub", "panda bear cub"), "koala": ("koala cub", "Australian koala"),
    "monkey": ("chimp", "chimpanzee"),
    "elephant": ("African elephant", "pachyderm"), "giraffe": ("African giraffe", "giraffe calf"),
    "pig": ("swine", "sow"), "cow": ("heifer", "farm cow"), "horse": ("mare", "steed"),
    "unicorn": ("mythical unicorn", "fairytale unicorn"), "rabbit": ("cottontail", "jackrabbit"),
    "hedgehog": ("prickly hedgehog", "spiky hedgehog"), "frog": ("bullfrog", "tree frog"),
    "turtle": ("sea turtle", "shelled turtle"), "dinosaur": ("dino", "prehistoric dinosaur"),
    "penguin": ("Antarctic penguin", "king penguin"), "duck": ("duckling", "wild duck"),
    "owl": ("barn owl", "tawny owl"), "butterfly": ("monarch butterfly", "winged butterfly"),
    "ladybug": ("dotted ladybug", "ladybird beetle"), "snail": ("garden snail", "snail with a shell"),
    "octopus": ("eight-armed octopus", "kraken"), "crab": ("shore crab", "crustacean"),
    "fish": ("reef fish", "angelfish"), "whale": ("sperm whale", "humpback whale"), "car": ("sedan", "hatchback"),
    "bus": ("city bus", "omnibus"), "tractor": ("agricultural tractor", "farmer's tractor"),
    "rocket": ("rocket ship", "moon rocket"), "flying saucer": ("flying disc", "UFO saucer"),
    "robot": ("droid", "automaton"), "ghost": ("phantom", "spirit"), "snowman": ("man made of snow", "frosty snowman"),
    "alien": ("extraterrestrial", "creature from Mars"), "teddy bear": ("plush bear", "cuddly bear"),
    "pumpkin": ("carved pumpkin", "spooky pumpkin"),
}  # fmt: skip
PLACES: dict[str, tuple[str, ...]] = {
    "forest": ("surrounded by woodland", "amid pines and oaks"),
    "desert": ("out on the arid sands", "amid the sand dunes of the Sahara"),
    "beach": ("along the shoreline", "at the coast"),
    "snow": ("across a frosty landscape", "on snow-covered ground"),
    "night town": ("through the streets after dark", "between houses at midnight"),
    "meadow": ("in a grassland at dusk", "on the prairie as the sun sets"),
    "moon": ("on the lunar surface", "between the craters of the moon"),
    "underwater": ("beneath the waves", "on the ocean floor"),
}
SKIES: dict[str, tuple[str, ...]] = {
    "clear": (),
    "rain": ("in a downpour", "with raindrops coming down", "in wet weather"),
    "snowfall": ("during a snowstorm", "in a flurry of snowflakes", "with snow coming down"),
}
SHAPES = (
    "there is {who} which {deed} {place}{sky}",
    "{place}, you can see how {who} {deed}{sky}",
    "show me {who} that {deed} {place}{sky}",
    "a short clip{sky} in which {who} {deed} {place}",
    "we watch {who}{sky} as it {deed} {place}",
)
PLAIN = "{who} {deed} {place}{sky}"


def can_paraphrase(part: WorldPart) -> bool:
    """Whether there are other words for all that a part has to tell."""
    return (
        set(part.subjects) <= set(NOUNS)
        and set(part.scenes) <= set(PLACES)
        and set(part.motions) <= set(DEEDS)
        and set(part.weathers) <= set(SKIES)
        and len(part.styles) == len(part.cameras) == 1
        and not (part.colours or part.sizes or part.relations)
    )


def paraphrase(subject: str, scene: str, motion: str, weather: str, rng: np.random.Generator) -> str:
    """A caption that tells all, with a phrase for the motion that training never reads."""

    def pick(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))] if options else ""

    def either(other: tuple[str, ...], usual: tuple[str, ...]) -> str:
        return pick(other if rng.random() < OTHER_WORDS else usual)

    noun = either(NOUNS[subject], nouns(subject))
    sky = either(SKIES[weather], WEATHERS[weather])
    shape = either(SHAPES, (PLAIN,))
    return shape.format(
        who=f"{article(noun)} {noun}",
        deed=pick(DEEDS[motion]),
        place=either(PLACES[scene], SCENE_OF[scene].places),
        sky=f" {sky}" if sky else "",
    )
