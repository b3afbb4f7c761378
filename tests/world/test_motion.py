"""Poses go on continuously from stage to stage, and each motion does what its name says."""

from __future__ import annotations

import numpy as np
import pytest

from phenaki.errors import ConfigError
from phenaki.shapes import ClipShape
from phenaki.world.motion import FLIGHT, SIZE, story_poses
from phenaki.world.spec import CAMERA_STOPS, LAYOUTS, Stage, StorySpec
from phenaki.world.windows import sample_spec


def poses(*motions: str, opening: int = 11) -> dict[str, np.ndarray]:
    """Poses of a story whose first stage has ``opening`` frames and whose later ones have six."""
    stages = tuple(Stage(m, opening if i == 0 else 6) for i, m in enumerate(motions))
    return vars(story_poses(StorySpec("fox", "forest", stages)))


def test_a_story_goes_on_without_jumps() -> None:
    rng = np.random.default_rng(0)
    limits = {"x": 14.0, "y": 18.0, "size": 9.0, "stretch": 0.25, "camera": 4.5, "height": 18.0}
    for _ in range(400):
        found = vars(story_poses(sample_spec(rng, (11, 6, 6, 6), combos="all")))
        for name, limit in limits.items():
            assert np.abs(np.diff(found[name])).max() <= limit, name
        turn = np.diff(found["turn"])
        turn = (turn + np.pi) % (2 * np.pi) - np.pi  # a whole turn is no turn
        assert np.abs(turn).max() < 1.9  # who lay on the ground and spins at once turns the fastest


def test_a_longer_story_begins_like_a_shorter_one() -> None:
    short, long = poses("hop", "left"), poses("hop", "left", "spin")
    for name, values in short.items():
        assert np.array_equal(long[name][: len(values)], values), name


def test_right_and_left_move_the_camera_and_turn_the_subject() -> None:
    right, left = poses("right"), poses("left")
    assert (np.diff(right["camera"]) > 0).all() and right["flip"].all()
    assert (np.diff(left["camera"]) < 0).all() and not left["flip"].any()
    assert np.ptp(right["x"]) == 0  # the camera goes along
    assert np.ptp(poses("jump")["camera"]) == 0


def test_jump_and_hop_leave_the_ground_and_come_back() -> None:
    jump, hop, stand = poses("jump"), poses("hop"), poses("stand")
    assert jump["height"].max() > 12 > hop["height"].max() > 4
    assert jump["height"].min() < 1e-6 and hop["height"].min() < 1e-6
    assert stand["height"].max() == 0


def test_spin_goes_round_and_ends_upright() -> None:
    turn = poses("spin", "stand")["turn"]
    assert np.ptp(turn[:11]) > 4.5
    assert np.allclose(turn[11:], 0, atol=1e-5)


def test_circle_goes_to_both_sides_and_up() -> None:
    circle = poses("circle")
    assert circle["x"].min() < 27 < 37 < circle["x"].max()
    assert circle["height"].max() > 10


def test_grow_and_shrink_change_the_size_and_keep_it() -> None:
    grow, shrink = poses("grow", "stand"), poses("shrink", "stand")
    assert (np.diff(grow["size"][:11]) > 0).all() and (np.diff(shrink["size"][:11]) < 0).all()
    assert grow["size"][-1] > 1.3 * SIZE and shrink["size"][-1] < 0.8 * SIZE
    assert np.ptp(grow["size"][11:]) == 0


def test_who_flies_up_stays_up_until_it_falls() -> None:
    found = poses("fly up", "stand", "fall", "stand")
    assert np.allclose(found["height"][11:17], FLIGHT)
    assert np.allclose(found["height"][-5:], 0)


def test_who_falls_on_the_ground_topples_and_gets_up_again() -> None:
    turn = poses("stand", "fall", "stand")["turn"]
    assert abs(turn[16]) == pytest.approx(np.pi / 2, abs=1e-5)
    assert turn[-1] == pytest.approx(0, abs=1e-6)


def test_clips_begin_at_one_point_of_every_cycle() -> None:
    shape = ClipShape()
    for motion in ("jump", "hop", "spin", "circle"):
        found = vars(story_poses(StorySpec("fox", "forest", (Stage(motion, 23),))))
        for name in ("y", "turn", "x"):
            first, second = found[name][: shape.clip_frames], found[name][shape.new_frames :][: shape.clip_frames]
            assert np.allclose(first, second, atol=1e-5), (motion, name)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: StorySpec("ogre", "forest", (Stage("jump", 11),)), ("'ogre'", "fox")),
        (lambda: StorySpec("fox", "mall", (Stage("jump", 11),)), ("'mall'", "forest")),
        (lambda: StorySpec("fox", "forest", ()), ("no stage",)),
        (lambda: StorySpec("fox", "forest", (Stage("jump", 11),), layout=LAYOUTS), ("layout", str(LAYOUTS))),
        (lambda: StorySpec("fox", "forest", (Stage("jump", 11),), camera=-1), ("camera", str(CAMERA_STOPS - 1))),
        (lambda: Stage("dance", 11), ("'dance'", "jump")),
        (lambda: Stage("jump", 11, "hail"), ("'hail'", "rain")),
        (lambda: Stage("jump", 0), ("0 frames",)),
    ],
)
def test_bad_values_are_refused_with_a_sentence(make: object, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        make()  # type: ignore[operator]
    assert all(word in str(caught.value) for word in words)
