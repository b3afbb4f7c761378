"""Random stories of version 2: what fits together, can be seen, and is not held out."""

from __future__ import annotations

import numpy as np

from phenaki.world.habitats import DARK, can_be_with, lives_in, motions_beside, weathers_in
from phenaki.world.motions import TRAVELS
from phenaki.world.parts import WorldPart
from phenaki.world.spec import CAMERA_STOPS, Second, Stage, StorySpec
from phenaki.world.splits import held_out
from phenaki.world.subjects import SUBJECT_OF

USUAL_STYLE = 0.4  # of the stories are in the first style; the others share the rest
CLEAR, KEEP_WEATHER = 0.5, 0.7
CAMERA_MOVES = 0.25  # of the stages
COLOURED, SIZED = 0.55, 0.3  # of the stories whose subject can be
STILL_DEEDS = ("stand", "right", "left", "hop", "sway")  # for single pictures
LIKE_THE_SCENE = {"snow": "white", "clouds": "white", "moon": "black", "night town": "black", "jungle": "green"}
ENTRANCES = ("enter left", "enter right")


def sample_tale(
    rng: np.random.Generator, num_frames: tuple[int, ...], *, combos: str, part: WorldPart, still: bool = False
) -> StorySpec:
    """A random story with stages of these lengths; arguments as for ``windows.sample_spec``.

    ``still``: only a picture of it is wanted, and it may show what is never seen in a video.
    """
    while True:
        names = part.subjects + part.still_subjects * 2 if still else part.subjects
        subject, scene = _pick(names, rng), _pick(part.scenes, rng)
        while not lives_in(subject, scene):
            scene = _pick(part.scenes, rng)
        style = part.styles[0]
        if len(part.styles) > 1 and rng.random() > USUAL_STYLE:
            style = _pick(part.styles[1:], rng)
        second = _second(rng, subject, scene, part) if rng.random() < part.second_share else None
        size = _pick(part.sizes, rng) if part.sizes and second is None and rng.random() < SIZED else None
        options = tuple(m for m in part.motions if m in STILL_DEEDS) if still else part.motions
        deeds = _deeds(rng, len(num_frames), options or part.motions, second, size)
        if deeds is None or not _wanted(combos, part, subject, scene, style, second, deeds):
            continue
        weathers = _weathers(rng, scene, len(num_frames), part)
        cameras = ["still"] * len(deeds) if still else _cameras(rng, [m for m, _ in deeds], part)
        stages = tuple(
            Stage(m, n, w, c, o) for (m, o), n, w, c in zip(deeds, num_frames, weathers, cameras, strict=True)
        )
        return StorySpec(
            subject, scene, stages, int(rng.integers(part.layouts)), int(rng.integers(CAMERA_STOPS)), style,
            _colour(rng, subject, scene, part), size, second, part.version, part.bodies,
        )  # fmt: skip


def _wanted(
    combos: str, part: WorldPart, subject: str, scene: str, style: str, second: Second | None,
    deeds: list[tuple[str, str | None]],
) -> bool:  # fmt: skip
    """Whether held-out pairs are in the story just as asked. The usual style is never held out."""
    if combos == "all":
        return True

    def out(a: str, b: str) -> bool:
        return held_out(a, b, part.held_out_share)

    usual = style == part.styles[0]
    first = out(subject, scene) or out(subject, deeds[0][0]) or (not usual and out(style, deeds[0][0]))
    if combos == "held-out":
        return first
    if first or any(out(subject, m) or (not usual and out(style, m)) for m, _ in deeds):
        return False
    if second is None:
        return True
    return not (out(second.subject, scene) or any(o is not None and out(second.subject, o) for _, o in deeds))


def _second(rng: np.random.Generator, subject: str, scene: str, part: WorldPart) -> Second | None:
    """Another subject; None if the draw finds none that fits."""
    relation = _pick(part.relations, rng)
    for _ in range(12):
        other = _pick(part.subjects, rng)
        if lives_in(other, scene) and can_be_with(subject, other, relation):
            return Second(other, relation, _colour(rng, other, scene, part))
        if relation == "above":
            relation = _pick(part.relations, rng)
    return None


def _colour(rng: np.random.Generator, subject: str, scene: str, part: WorldPart) -> str | None:
    """A colour that can be seen before the scene; None: its own."""
    if not part.colours or not SUBJECT_OF[subject].tint or rng.random() > COLOURED:
        return None
    colour = _pick(part.colours, rng)
    return None if colour == LIKE_THE_SCENE.get(scene) else colour


def _deeds(
    rng: np.random.Generator, count: int, options: tuple[str, ...], second: Second | None, size: str | None
) -> list[tuple[str, str | None]] | None:
    """What the first and the second subject do in each stage; None if nothing can be done."""
    if second is None:
        return [(m, None) for m in _motions(rng, count, options, size)]
    beside = motions_beside(second.relation, options)
    if not beside:
        return None
    if second.relation == "chases":
        way = _pick(beside, rng)
        return [(way, way)] * count
    own, other = (_motions(rng, count, beside, None) for _ in range(2))
    return list(zip(own, other, strict=True))


def _motions(rng: np.random.Generator, count: int, options: tuple[str, ...], size: str | None) -> list[str]:
    """A motion for each stage, such that each can be seen."""
    motions: list[str] = []
    altitude, level = 0, {"small": -1, "big": 1}.get(size or "", 0)
    while len(motions) < count:
        motion, before = _pick(options, rng), motions[-1] if motions else None
        if before == "leave":
            entrances = [m for m in ENTRANCES if m in options]
            if not entrances:
                motions[-1] = "stand"
                continue
            motion = entrances[int(rng.integers(len(entrances)))]
        elif before is not None:
            full = (motion == "grow" and level > 0) or (motion == "shrink" and level < 0)
            again = motion in ("fall", "rush") and motion == before
            if full or again or (motion == "fly up" and altitude) or motion in ENTRANCES:
                continue
        elif (motion, size) in (("grow", "big"), ("shrink", "small")):
            continue
        altitude = {"fly up": 1, "fall": 0}.get(motion, altitude)
        change = {"grow": 1, "shrink": -1}.get(motion, 0)
        level = level + change if motions or not change else change
        motions.append(motion)
    return motions


def _weathers(rng: np.random.Generator, scene: str, count: int, part: WorldPart) -> list[str]:
    """A weather for each stage; it changes now and then, and the sun rises only where it is dark."""
    options = weathers_in(scene, part.weathers)
    others = tuple(w for w in options if w != "clear")
    weathers: list[str] = []
    while len(weathers) < count:
        before = weathers[-1] if weathers else None
        if before is not None and rng.random() < KEEP_WEATHER:
            weathers.append("clear" if before == "sunrise" else before)
            continue
        weather = "clear" if not others or rng.random() < CLEAR else _pick(others, rng)
        if (weather == "sunrise" and before is not None and before not in DARK) or (
            weather == "nightfall" and before in DARK
        ):
            continue
        weathers.append(weather)
    return weathers


def _cameras(rng: np.random.Generator, motions: list[str], part: WorldPart) -> list[str]:
    """A camera move for each stage; none that comes to its end at once or hides what the subject does."""
    moves = tuple(c for c in part.cameras if c != "still")
    cameras, pan, near = [], 0, 0
    for number, motion in enumerate(motions):
        if not moves or rng.random() > CAMERA_MOVES:
            cameras.append("still")
            continue
        move = _pick(moves, rng)
        side = {"pan right": 1, "pan left": -1}.get(move, 0)
        zoom = {"zoom in": 1, "zoom out": -1}.get(move, 0)
        hides = (
            motion in (*ENTRANCES, "leave", "rush")
            or (side and motion in TRAVELS)
            or (zoom and motion in ("grow", "shrink"))
        )
        done = number > 0 and ((side and side == pan) or (zoom == 1 and near) or (zoom == -1 and not near))
        if hides or done or (move == "shake" and motion == "shake"):
            cameras.append("still")
            continue
        pan = side or pan
        near = {1: 1, -1: 0}.get(zoom, near)
        cameras.append(move)
    return cameras


def _pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
