"""A spec that cannot be drawn is refused with a sentence."""

from __future__ import annotations

import pytest

from phenaki.errors import ConfigError
from phenaki.world.spec import LAYOUTS_2, Second, Stage, StorySpec

STAND = (Stage("stand", 11),)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: StorySpec("fox", "city", STAND), "of version 1 has forest"),
        (lambda: StorySpec("fox", "forest", (Stage("zigzag", 11),)), "of version 1 has right"),
        (lambda: StorySpec("fox", "forest", (Stage("stand", 11, "fog"),)), "of version 1 has clear"),
        (lambda: StorySpec("fox", "forest", (Stage("stand", 11, camera="zoom in"),)), "of version 1 has still"),
        (lambda: StorySpec("fox", "forest", STAND, style="neon"), "use version=2"),
        (lambda: StorySpec("fox", "forest", STAND, version=3), "version is 3"),
        (lambda: StorySpec("fox", "forest", STAND, style="oil", version=2), "'oil'"),
        (lambda: StorySpec("fox", "forest", STAND, colour="beige", version=2), "'beige'"),
        (lambda: StorySpec("fox", "forest", STAND, size="vast", version=2), "'vast'"),
        (lambda: StorySpec("fox", "forest", STAND, layout=LAYOUTS_2, version=2), f"0 to {LAYOUTS_2 - 1}"),
        (lambda: StorySpec("fox", "forest", STAND, second=Second("cat", "left of"), version=2), "go together"),
        (lambda: Second("cat", "under"), "'under'"),
        (lambda: Second("ogre", "above"), "'ogre'"),
        (lambda: Stage("stand", 11, camera="roll"), "'roll'"),
        (lambda: Stage("stand", 11, second_motion="vanish"), "'vanish'"),
    ],
)
def test_bad_values_are_refused_with_a_sentence(make: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make()  # type: ignore[operator]


def test_what_version_1_has_not_version_2_has() -> None:
    stages = (Stage("zigzag", 11, "fog", "zoom in", "jump"),)
    spec = StorySpec("fox", "city", stages, 7, 3, "neon", None, "small", Second("car", "left of", "blue"), 2, True)
    assert spec.num_frames == 11
