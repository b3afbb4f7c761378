"""The motions of version 2 go on continuously, each at the height of who does it, and pairs keep their places."""

from __future__ import annotations

import numpy as np
import pytest

from phenaki.world.deeds import is_in_stream, second_rows
from phenaki.world.motion import COLUMNS, CYCLE, GROUND, SIZE, story_poses
from phenaki.world.parts import FULL
from phenaki.world.spec import Second, Stage, StorySpec
from phenaki.world.tales import sample_tale


def spec_of(subject: str, *motions: str, scene: str = "farm", bodies: bool = True, opening: int = 11) -> StorySpec:
    stages = tuple(Stage(m, opening if i == 0 else 6) for i, m in enumerate(motions))
    return StorySpec(subject, scene, stages, version=2, bodies=bodies)


def poses(subject: str, *motions: str, scene: str = "farm") -> dict[str, np.ndarray]:
    return vars(story_poses(spec_of(subject, *motions, scene=scene)))


def test_a_story_goes_on_without_jumps() -> None:
    rng = np.random.default_rng(0)
    limits = {"size": 16.0, "stretch": 0.25, "camera": 4.5, "ground": 9.0}
    for _ in range(500):
        spec = sample_tale(rng, (11, 6, 6, 6), combos="all", part=FULL)
        found = vars(story_poses(spec))
        for name, limit in limits.items():
            assert np.abs(np.diff(found[name])).max() <= limit, (name, spec)
        seen = np.abs(found["x"] - 32) < 45  # who is away may come in from the other side
        steps = np.abs(np.diff(found["x"]))[seen[1:] & seen[:-1]]
        assert not len(steps) or steps.max() <= 18, spec
        assert np.abs(np.diff(found["y"])).max() <= 24, spec


def test_a_longer_story_begins_like_a_shorter_one() -> None:
    short, long = poses("fox", "hop", "left"), poses("fox", "hop", "left", "spin")
    for name, values in short.items():
        assert np.array_equal(long[name][: len(values)], values), name


def test_everyone_is_at_its_own_height() -> None:
    fox, bird, fish = (poses(name, "stand")["height"] for name in ("fox", "bird", "fish"))
    assert fox.max() == 0 and bird.min() > 8 and fish.max() < 0
    assert poses("fish", "stand", scene="underwater")["height"].min() > 4
    assert is_in_stream(spec_of("fish", "stand")) and not is_in_stream(spec_of("fish", "stand", scene="underwater"))
    assert not is_in_stream(spec_of("fox", "stand"))


def test_legs_step_while_someone_goes_and_rest_while_it_stands() -> None:
    walk, stand, bird = (poses("fox", "right"), poses("fox", "stand"), poses("bird", "stand"))
    assert set(walk["gait"]) == set(range(1, CYCLE + 1))
    assert set(stand["gait"]) == {0} and set(bird["gait"]) == set(range(1, CYCLE + 1))


def test_sizes_differ_and_can_be_told() -> None:
    def size(subject: str, told: str | None = None) -> float:
        return float(story_poses(StorySpec(subject, "farm", (Stage("stand", 1),), size=told, version=2)).size[0])

    assert size("mouse") < size("dog") < size("elephant")
    assert size("dog", "small") < size("dog") < size("dog", "big")


def test_entrances_end_in_the_middle_and_come_from_their_side() -> None:
    left, right = poses("fox", "enter left"), poses("fox", "enter right")
    assert left["x"][0] < -15 and right["x"][0] > 79 and left["x"][-1] == right["x"][-1] == 32
    assert left["flip"].all() and not right["flip"].any()


def test_who_leaves_is_gone_and_comes_back() -> None:
    found = poses("fox", "leave", "enter right")
    assert abs(found["x"][10] - 32) > 50 and found["x"][-1] == 32


def test_rushing_comes_near_and_goes_back_later() -> None:
    found = poses("fox", "rush", "stand")
    assert found["size"][0] < SIZE < found["size"][10] and found["ground"][0] < GROUND < found["ground"][10]
    assert found["ground"][-1] == GROUND


def test_zigzags_go_to_both_sides_of_the_way() -> None:
    for subject, column in (("fox", "ground"), ("bird", "height")):
        found = poses(subject, "zigzag")
        assert np.ptp(found[column]) > 8 and np.ptp(found["camera"]) > 30


def test_swaying_keeps_the_feet_in_place_and_shaking_is_quick() -> None:
    sway = poses("fox", "sway")
    feet = sway["x"] - 0.5 * sway["size"] * np.sin(sway["turn"])
    assert np.ptp(feet) < 0.1 < np.ptp(sway["turn"])
    shake = poses("fox", "shake")["x"]
    assert np.ptp(shake) > 2 and (np.diff(shake) != 0).all()


def test_balls_roll_and_fliers_land_when_they_fall() -> None:
    turn = poses("soccer ball", "right")["turn"]
    assert np.ptp(turn) > 4
    bird = poses("bird", "fall", "stand", "right")
    assert bird["height"][16] < 3 < 8 < bird["height"][-1]


def test_a_swimmer_leaps_out_of_the_water() -> None:
    height = poses("dolphin", "jump")["height"]
    assert height.min() < 0 and height.max() > 10


@pytest.mark.parametrize(("relation", "sign"), [("left of", -1), ("right of", 1)])
def test_pairs_stand_side_by_side_and_look_at_each_other(relation: str, sign: int) -> None:
    spec = StorySpec(
        "fox", "farm", (Stage("stand", 11, second_motion="jump"),), second=Second("car", relation), version=2
    )
    mine, other = story_poses(spec), second(spec)
    assert np.sign(mine.x[0] - other["x"][0]) == sign
    assert mine.flip[0] == (sign < 0) and other["flip"][0] == (sign > 0)
    assert mine.height.max() == 0 and other["height"].max() > 5


def test_one_above_the_other_and_one_behind_the_other() -> None:
    above = StorySpec(
        "eagle", "farm", (Stage("stand", 11, second_motion="stand"),), second=Second("dog", "above"), version=2
    )
    assert story_poses(above).y.max() < second(above)["y"].min() - 15
    for way in ("right", "left"):
        chase = StorySpec(
            "dog", "farm", (Stage(way, 11, second_motion=way),), second=Second("cat", "chases"), version=2
        )
        ahead = second(chase)["x"] - story_poses(chase).x
        assert (ahead > 0).all() if way == "right" else (ahead < 0).all()


def second(spec: StorySpec) -> dict[str, np.ndarray]:
    return dict(zip(COLUMNS, second_rows(spec).T, strict=True)) | {"flip": second_rows(spec)[:, 5] > 0.5}
