"""Camera and light go on from stage to stage."""

from __future__ import annotations

import numpy as np

from phenaki.world.parts import FULL
from phenaki.world.spec import Stage, StorySpec
from phenaki.world.tales import sample_tale
from phenaki.world.view import CLOSEST, LEVELS, VIEW, WIDEST_PAN, level_rows, view_rows


def view(*cameras: str) -> dict[str, np.ndarray]:
    stages = tuple(Stage("stand", 11 if i == 0 else 6, camera=c) for i, c in enumerate(cameras))
    return dict(zip(VIEW, view_rows(StorySpec("fox", "city", stages, version=2)).T, strict=True))


def levels(*weathers: str, version: int = 2) -> dict[str, np.ndarray]:
    stages = tuple(Stage("stand", 11 if i == 0 else 6, w) for i, w in enumerate(weathers))
    return dict(zip(LEVELS, level_rows(StorySpec("fox", "forest", stages, version=version)).T, strict=True))


def test_pans_go_to_their_side_and_stay() -> None:
    right, left = view("pan right", "still"), view("pan left")
    assert right["pan"][0] == -WIDEST_PAN and right["pan"][10] == right["pan"][-1] == WIDEST_PAN
    assert (right["pan"][:11] == -left["pan"]).all()


def test_zooms_come_closer_and_go_back() -> None:
    found = view("zoom in", "still", "zoom out")["zoom"]
    assert found[0] == 1 and (np.diff(found[:9]) > 0).all() and found[16] == found[10] > 1.3 and found[-1] < found[16]
    assert view("zoom out")["zoom"][0] == np.float32(CLOSEST)


def test_a_shake_begins_and_ends_at_rest() -> None:
    found = view("shake", "still")
    assert np.ptp(found["shake_x"][:11]) > 2 and (found["shake_x"][11:] == 0).all()
    assert found["shake_x"][4] == found["shake_x"][10] == 0


def test_nothing_jumps_but_the_weather_of_version_1() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        spec = sample_tale(rng, (11, 6, 6, 6), combos="all", part=FULL)
        assert np.abs(np.diff(level_rows(spec), axis=0)).max() < 0.4
        steps = np.abs(np.diff(view_rows(spec), axis=0)).max(0)
        assert steps[0] <= 2 and steps[1] < 0.06
    assert set(levels("clear", "rain", version=1)["rain"]) == {0.0, 1.0}


def test_night_falls_and_the_sun_rises() -> None:
    found = levels("nightfall", "nightfall", "sunrise", "clear")
    assert found["night"][0] == 0 and found["night"][16] == 1 and found["night"][-1] == 0
    assert found["warm"][4] > 0.4 and found["warm"][16] == 0 and found["warm"][-1] == 0
    assert levels("sunrise")["night"][0] == 1 and levels("sunrise")["warm"][-1] > 0.2


def test_weather_comes_and_goes_in_a_few_frames() -> None:
    found = levels("clear", "fog", "clear")["fog"]
    assert found[10] == 0 < found[11] < found[13] == 1 and found[-1] == 0
    assert levels("fog")["fog"].min() == 1
