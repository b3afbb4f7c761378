"""Splits: which pairs and which words are kept from training, decided by hashes of their names.

A pair that a smaller share holds out is held out by a larger one too: what is new to a model of the full world is new
to one of the core, and the other way round for most.
"""

from __future__ import annotations

import functools
import hashlib

from phenaki.world.motions import DEEDS
from phenaki.world.subjects import SUBJECT_OF

HELD_OUT_SHARE = 0.06  # of the core's (subject, motion) and (subject, scene) pairs
SPLITS = ("train", "combos", "words", "stories")  # what ``windows.sample_split`` knows; "iid" is train with other seeds


@functools.lru_cache(maxsize=50_000)
def held_out(subject: str, other: str, share: float = HELD_OUT_SHARE) -> bool:
    """Whether this pair (a subject and a motion or a scene, a style and a motion) is kept away from training."""
    digest = hashlib.sha256(f"{subject}|{other}".encode()).digest()
    return int.from_bytes(digest[:4]) < share * 2**32


@functools.cache
def held_out_noun(subject: str) -> str:
    """The noun of a subject of version 2 that training never uses; never its name."""
    return _one_of(SUBJECT_OF[subject].nouns, subject)


@functools.cache
def held_out_phrase(motion: str) -> str:
    """The phrase for a motion of version 2 that training never uses; it suits every subject."""
    return _one_of(tuple(p for p in DEEDS[motion]["any"][1:] if "{}" not in p), motion)


def _one_of(options: tuple[str, ...], name: str) -> str:
    digest = hashlib.sha256(f"words|{name}".encode()).digest()
    return options[int.from_bytes(digest[:4]) % len(options)]
