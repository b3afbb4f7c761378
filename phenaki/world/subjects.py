"""The subjects of the world: names, pictures, nouns, and how each of them moves. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """Something that can move through a scene."""

    name: str  # also the first of its nouns
    sprite: str  # code point, the name of the picture in the sprite sets
    nouns: tuple[str, ...]  # other words for it
    kind: str = "animal"  # animal, vehicle, person or thing: the verbs of version 1
    turn: float = 0.0  # degrees to turn the picture so that it stands upright
    way: str = "walk"  # how it moves in version 2, see ``ways``: its verbs, its height, its gait
    scale: float = 1.0  # size in version 2; in version 1 all are alike
    body: str | None = None  # for a picture of a head: the body of ``bodies`` that it gets
    tint: bool = False  # can have any colour and stay what it is


SUBJECTS: tuple[Subject, ...] = (
    # the core, in the order in which the models of version 1 know them
    Subject("dog", "1f415", ("puppy", "hound")),
    Subject("cat", "1f408-200d-2b1b", ("kitten", "kitty", "black cat"), scale=0.95),
    Subject("fox", "1f98a", ("red fox", "vixen"), body="fox"),
    Subject("lion", "1f981", ("big lion", "king of the jungle"), body="lion"),
    Subject("tiger", "1f405", ("striped tiger", "big tiger"), scale=1.1),
    Subject("panda", "1f43c", ("panda bear", "giant panda"), body="panda"),
    Subject("koala", "1f428", ("koala bear", "grey koala"), body="koala"),
    Subject("monkey", "1f412", ("ape", "little monkey")),
    Subject("elephant", "1f418", ("grey elephant", "big elephant"), scale=1.2),
    Subject("giraffe", "1f992", ("tall giraffe", "long-necked giraffe"), scale=1.25),
    Subject("pig", "1f416", ("piglet", "pink pig", "hog")),
    Subject("cow", "1f404", ("dairy cow", "spotted cow"), scale=1.1),
    Subject("horse", "1f40e", ("pony", "brown horse", "stallion"), scale=1.1),
    Subject("unicorn", "1f984", ("magic unicorn", "horned horse"), body="unicorn"),
    Subject("rabbit", "1f407", ("bunny", "hare", "bunny rabbit"), way="hop", scale=0.9),
    Subject("hedgehog", "1f994", ("little hedgehog", "spiny hedgehog"), scale=0.9),
    Subject("frog", "1f438", ("green frog", "toad"), way="hop", body="frog"),
    Subject("turtle", "1f422", ("tortoise", "green turtle"), way="crawl", scale=0.95),
    Subject("dinosaur", "1f996", ("T-Rex", "tyrannosaurus", "green dinosaur"), scale=1.2, tint=True),
    Subject("penguin", "1f427", ("little penguin", "emperor penguin"), way="waddle"),
    Subject("duck", "1f986", ("mallard", "drake"), way="waddle", scale=0.95),
    Subject("owl", "1f989", ("brown owl", "night owl"), way="waddle", scale=0.95),
    Subject("butterfly", "1f98b", ("orange butterfly", "moth"), way="flutter", scale=0.9, tint=True),
    Subject("ladybug", "1f41e", ("ladybird", "lady beetle", "red beetle"), way="crawl", scale=0.9),
    Subject("snail", "1f40c", ("slug", "little snail"), way="crawl", scale=0.9, tint=True),
    Subject("octopus", "1f419", ("squid", "red octopus"), way="drift", tint=True),
    Subject("crab", "1f980", ("red crab", "beach crab"), way="crawl", scale=0.95, tint=True),
    Subject("fish", "1f420", ("tropical fish", "blue fish"), way="swim", tint=True),
    Subject("whale", "1f433", ("blue whale", "spouting whale"), way="swim", scale=1.2),
    Subject("car", "1f697", ("automobile", "red car", "red automobile"), "vehicle", way="drive", tint=True),
    Subject("bus", "1f68c", ("coach", "school bus"), "vehicle", way="drive", scale=1.2, tint=True),
    Subject("tractor", "1f69c", ("farm tractor", "green tractor"), "vehicle", way="drive", scale=1.1, tint=True),
    Subject("rocket", "1f680", ("spaceship", "space rocket"), "vehicle", -45.0, "blast", 1.1, tint=True),
    Subject("flying saucer", "1f6f8", ("ufo", "alien ship"), "vehicle", way="hover", scale=1.1),
    Subject("robot", "1f916", ("android", "toy robot"), "thing", way="march", body="robot", tint=True),
    Subject("ghost", "1f47b", ("spook", "white ghost"), "thing", way="haunt", tint=True),
    Subject("snowman", "26c4", ("snow man", "white snowman"), "thing", way="bounce"),
    Subject("alien", "1f47d", ("green alien", "martian"), "thing", way="march", body="alien", tint=True),
    Subject("teddy bear", "1f9f8", ("teddy", "toy bear", "stuffed bear"), "thing", way="waddle", tint=True),
    Subject("pumpkin", "1f383", ("jack-o-lantern", "halloween pumpkin"), "thing", way="bounce", tint=True),
    # animals on land
    Subject("wolf", "1f43a", ("grey wolf", "wild wolf"), body="wolf"),
    Subject("raccoon", "1f99d", ("racoon", "masked raccoon"), body="raccoon"),
    Subject("bear", "1f43b", ("brown bear", "grizzly", "grizzly bear"), body="bear"),
    Subject("polar bear", "1f43b-200d-2744-fe0f", ("ice bear", "arctic bear"), body="polar bear"),
    Subject("moose", "1face", ("elk", "antlered moose"), body="moose"),
    Subject("boar", "1f417", ("wild boar", "wild pig"), body="boar"),
    Subject("hamster", "1f439", ("pet hamster", "golden hamster"), body="hamster", scale=0.9),
    Subject("leopard", "1f406", ("spotted leopard", "cheetah"), scale=1.1),
    Subject("gorilla", "1f98d", ("big gorilla", "silverback"), scale=1.1),
    Subject("donkey", "1facf", ("mule", "grey donkey")),
    Subject("zebra", "1f993", ("striped zebra", "zebra foal"), scale=1.1),
    Subject("deer", "1f98c", ("stag", "young deer", "buck"), scale=1.1),
    Subject("bison", "1f9ac", ("buffalo", "shaggy bison"), scale=1.15),
    Subject("sheep", "1f411", ("ewe", "lamb", "woolly sheep")),
    Subject("ram", "1f40f", ("horned sheep", "big-horned ram")),
    Subject("goat", "1f410", ("billy goat", "mountain goat")),
    Subject("camel", "1f42a", ("dromedary", "one-humped camel"), scale=1.15),
    Subject("llama", "1f999", ("alpaca", "fluffy llama"), scale=1.1),
    Subject("rhino", "1f98f", ("rhinoceros", "big rhino"), scale=1.15),
    Subject("hippo", "1f99b", ("hippopotamus", "river horse"), scale=1.1),
    Subject("mammoth", "1f9a3", ("woolly mammoth", "ice age mammoth"), scale=1.25),
    Subject("mouse", "1f401", ("little mouse", "grey mouse"), scale=0.8),
    Subject("squirrel", "1f43f-fe0f", ("chipmunk", "little squirrel"), way="hop", scale=0.9),
    Subject("beaver", "1f9ab", ("busy beaver", "brown beaver"), way="waddle"),
    Subject("skunk", "1f9a8", ("stinky skunk", "polecat")),
    Subject("badger", "1f9a1", ("grey badger", "honey badger")),
    Subject("kangaroo", "1f998", ("wallaby", "roo"), way="hop", scale=1.15),
    Subject("sauropod", "1f995", ("brontosaurus", "long-necked dinosaur", "diplodocus"), scale=1.25, tint=True),
    Subject("dragon", "1f409", ("wyvern", "fairy-tale dragon"), scale=1.15, tint=True),
    Subject("snake", "1f40d", ("serpent", "python"), way="slither", tint=True),
    # birds
    Subject("chicken", "1f414", ("hen", "white hen"), way="waddle", body="chicken"),
    Subject("rooster", "1f413", ("cockerel", "proud rooster"), way="waddle"),
    Subject("chick", "1f424", ("baby chick", "baby bird", "little chick"), way="waddle", scale=0.85),
    Subject("turkey", "1f983", ("gobbler", "fat turkey"), way="waddle"),
    Subject("flamingo", "1f9a9", ("pink flamingo", "long-legged flamingo"), way="waddle", scale=1.1),
    Subject("peacock", "1f99a", ("peafowl", "proud peacock"), way="waddle", scale=1.1),
    Subject("goose", "1fabf", ("gander", "wild goose"), way="waddle"),
    Subject("dodo", "1f9a4", ("dodo bird", "funny dodo"), way="waddle"),
    Subject("swan", "1f9a2", ("white swan", "cygnet"), way="paddle"),
    Subject("dove", "1f54a-fe0f", ("white dove", "pigeon"), way="fly"),
    Subject("eagle", "1f985", ("hawk", "bald eagle"), way="fly", scale=1.1),
    Subject("parrot", "1f99c", ("macaw", "colourful parrot"), way="fly"),
    Subject("bird", "1f426", ("songbird", "little bird"), way="fly", scale=0.9, tint=True),
    Subject("crow", "1f426-200d-2b1b", ("raven", "black bird"), way="fly"),
    Subject("bat", "1f987", ("vampire bat", "little bat"), way="flutter"),
    # in the water
    Subject("dolphin", "1f42c", ("porpoise", "playful dolphin"), way="swim", scale=1.1),
    Subject("shark", "1f988", ("great white shark", "grey shark"), way="swim", scale=1.15),
    Subject("seal", "1f9ad", ("sea lion", "grey seal"), way="swim"),
    Subject("blowfish", "1f421", ("puffer fish", "pufferfish"), way="swim", scale=0.9, tint=True),
    Subject("jellyfish", "1fabc", ("sea jelly", "medusa"), way="drift", tint=True),
    Subject("shrimp", "1f990", ("prawn", "little shrimp"), way="swim", scale=0.9, tint=True),
    Subject("lobster", "1f99e", ("red lobster", "crayfish"), way="crawl", tint=True),
    Subject("mermaid", "1f9dc-200d-2640-fe0f", ("sea maiden", "little mermaid"), "person", way="swim", scale=1.1),
    # insects and their like
    Subject("bee", "1f41d", ("honeybee", "bumblebee"), way="flutter", scale=0.9),
    Subject("caterpillar", "1f41b", ("grub", "little caterpillar"), way="slither", scale=0.9, tint=True),
    Subject("ant", "1f41c", ("emmet", "busy ant"), way="crawl", scale=0.85, tint=True),
    Subject("spider", "1f577-fe0f", ("tarantula", "black spider"), way="crawl", scale=0.9),
    Subject("beetle", "1fab2", ("scarab", "shiny beetle"), way="crawl", scale=0.9, tint=True),
    # vehicles
    Subject("taxi", "1f695", ("cab", "yellow taxi", "taxicab"), "vehicle", way="drive"),
    Subject("police car", "1f693", ("patrol car", "cop car"), "vehicle", way="drive"),
    Subject("fire engine", "1f692", ("fire truck", "fire brigade"), "vehicle", way="drive", scale=1.2),
    Subject("ambulance", "1f691", ("rescue van", "hospital car"), "vehicle", way="drive", scale=1.15),
    Subject("truck", "1f69a", ("lorry", "delivery van"), "vehicle", way="drive", scale=1.2, tint=True),
    Subject("racing car", "1f3ce-fe0f", ("race car", "formula one car"), "vehicle", way="drive", tint=True),
    Subject("motorcycle", "1f3cd-fe0f", ("motorbike", "fast motorcycle"), "vehicle", way="drive", tint=True),
    Subject("scooter", "1f6f5", ("moped", "motor scooter"), "vehicle", way="drive", tint=True),
    Subject("bicycle", "1f6b2", ("bike", "pushbike"), "vehicle", way="drive", tint=True),
    Subject("train", "1f682", ("locomotive", "steam train"), "vehicle", way="drive", scale=1.2, tint=True),
    Subject("airplane", "2708-fe0f", ("plane", "aeroplane", "jet"), "vehicle", -135.0, "jet", 1.15),
    Subject("helicopter", "1f681", ("chopper", "rescue helicopter"), "vehicle", way="hover", scale=1.1, tint=True),
    Subject("sailboat", "26f5", ("sailing boat", "yacht"), "vehicle", way="sail", scale=1.15, tint=True),
    Subject("ship", "1f6a2", ("steamer", "ocean liner"), "vehicle", way="sail", scale=1.25),
    Subject("speedboat", "1f6a4", ("powerboat", "fast boat"), "vehicle", way="sail", scale=1.15, tint=True),
    Subject("canoe", "1f6f6", ("rowing boat", "kayak"), "vehicle", way="sail", scale=1.1),
    # people and their like
    Subject("astronaut", "1f9d1-200d-1f680", ("spaceman", "cosmonaut"), "person", way="march", body="astronaut"),
    Subject("wizard", "1f9d9", ("mage", "sorcerer", "magician"), "person", way="march", body="wizard"),
    Subject("superhero", "1f9b8", ("caped hero", "super hero"), "person", way="march", body="superhero"),
    Subject("ninja", "1f977", ("shinobi", "masked ninja"), "person", way="march", body="ninja"),
    Subject("princess", "1f478", ("king's daughter", "young queen"), "person", way="march", body="princess"),
    Subject("chef", "1f9d1-200d-1f373", ("cook", "master chef"), "person", way="march", body="chef"),
    Subject("farmer", "1f9d1-200d-1f33e", ("peasant", "country farmer"), "person", way="march", body="farmer"),
    Subject("fairy", "1f9da", ("pixie", "winged fairy"), "person", way="flutter", scale=1.1),
    Subject("space invader", "1f47e", ("alien monster", "pixel monster"), "thing", way="march", tint=True),
    # things
    Subject("balloon", "1f388", ("air balloon", "party balloon"), "thing", way="hover", tint=True),
    Subject("kite", "1fa81", ("paper kite", "toy kite"), "thing", way="hover"),
    Subject("soccer ball", "26bd", ("football", "leather ball"), "thing", way="roll", scale=0.9),
    Subject("basketball", "1f3c0", ("basket ball", "bouncy ball"), "thing", way="roll", scale=0.9, tint=True),
    Subject("apple", "1f34e", ("juicy apple", "ripe apple"), "thing", way="roll", scale=0.9, tint=True),
    Subject("doughnut", "1f369", ("donut", "glazed doughnut"), "thing", way="roll", scale=0.9),
    Subject("cupcake", "1f9c1", ("muffin", "little cake"), "thing", way="bounce", scale=0.95, tint=True),
    Subject("guitar", "1f3b8", ("electric guitar", "rock guitar"), "thing", way="bounce", scale=1.1, tint=True),
)  # fmt: skip

NUM_CORE_SUBJECTS = 40  # the first of them: what version 1 was trained on

# Seen in pictures, never in a video: whether images teach video is tested with them.
STILL_SUBJECTS = ("raccoon", "zebra", "flamingo", "shark", "taxi", "helicopter", "wizard", "apple")

SUBJECT_OF = {s.name: s for s in SUBJECTS}
