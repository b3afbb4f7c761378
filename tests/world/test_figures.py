"""Figures: gaits move what should move, heads get bodies, colours stay where they belong."""

from __future__ import annotations

import pytest
import torch

from phenaki.world.atlas import fit, load_sprites, sprite_cell, sprite_index
from phenaki.world.bodies import BODIES, main_colour, with_body
from phenaki.world.figures import FRAMES, Figure, draw_figure
from phenaki.world.gaits import GAITS, gait_frames, standing, turned
from phenaki.world.subjects import SUBJECT_OF
from phenaki.world.tints import tinted

FOX = fit(sprite_cell("toy", "1f98a"), 64)
DOG = fit(sprite_cell("toy", "1f415"), 64)


@pytest.mark.parametrize("gait", GAITS)
def test_every_gait_moves_and_keeps_premultiplied_colours(gait: str) -> None:
    frames = gait_frames(DOG, gait)
    assert frames.shape == (FRAMES, 4, 64, 64)
    assert len({frame.sum().item() for frame in frames[1:]}) > 1
    assert (frames[:, :3] <= frames[:, 3:] + 1e-4).all() and frames.min() >= 0


def test_without_a_gait_nothing_moves_and_legs_leave_the_head_alone() -> None:
    assert (gait_frames(DOG, None) == DOG).all()
    frames = gait_frames(DOG, "legs")
    assert torch.allclose(frames[3, :, :32], DOG[:, :32], atol=1e-5)
    assert (frames[3, :, 48:] - DOG[:, 48:]).abs().max() > 0.3


def test_standing_pictures_stand_on_the_lower_edge() -> None:
    rows = (standing(DOG)[3] > 0.3).any(1)
    assert rows[-1] and standing(DOG)[3].sum().item() == pytest.approx(DOG[3].sum().item(), rel=0.02)
    upright = (standing(DOG, centre=True)[3] > 0.3).any(1).nonzero()[:, 0]
    assert abs(int(upright[0]) - (63 - int(upright[-1]))) <= 1


def test_a_quarter_turn_is_clockwise() -> None:
    corner = torch.zeros(4, 8, 8)
    corner[:, 0, 0] = 1
    assert turned(corner, 90.0)[3, 0, 7] > 0.9 and torch.equal(turned(corner, 0.0), corner)


@pytest.mark.parametrize("name", BODIES)
def test_every_head_gets_a_body_that_walks(name: str) -> None:
    head = fit(sprite_cell("toy", SUBJECT_OF[name].sprite), 64)
    frames = with_body(head, name, shaded=True)
    assert frames.shape == (FRAMES, 4, 64, 64)
    legs = frames[:, 3, 52:]
    assert legs[0].max() > 0.9 and (legs[2] - legs[5]).abs().mean() > 0.02
    assert torch.allclose(legs[1], legs[4], atol=0.2)  # both legs pass each other
    assert (frames[:, :3] <= frames[:, 3:] + 1e-4).all()


def test_a_fox_is_orange() -> None:
    red, green, blue = main_colour(FOX)
    assert red > green > blue and red > 200


@pytest.mark.parametrize(
    ("colour", "test"),
    [
        ("red", lambda r, g, b: r > 2 * g and r > 2 * b),
        ("green", lambda r, g, b: g > r and g > b),
        ("blue", lambda r, g, b: b > r and b > g),
        ("yellow", lambda r, g, b: r > 1.5 * b and g > 1.5 * b),
        ("white", lambda r, g, b: min(r, g, b) > 0.55),
        ("black", lambda r, g, b: max(r, g, b) < 0.45),
    ],
)
@pytest.mark.parametrize("subject", ["car", "balloon", "ghost"])
def test_colours_are_what_they_are_called(colour: str, test: object, subject: str) -> None:
    plain = fit(sprite_cell("toy", SUBJECT_OF[subject].sprite), 64)
    cell = tinted(plain, colour)
    changed = (cell[3] > 0.9) & (
        (cell - fit(sprite_cell("toy", SUBJECT_OF[subject].sprite), 64))[:3].abs().amax(0) > 0.05
    )
    red, green, blue = cell[:3, changed].mean(1).tolist() if changed.any() else (0.2, 0.2, 0.9)
    assert changed.float().mean() > 0.05 or colour in ("red", "white")
    assert colour in ("red", "white") or test(red, green, blue)  # type: ignore[operator]


def test_a_car_keeps_its_wheels_and_its_shape() -> None:
    plain = fit(sprite_cell("toy", SUBJECT_OF["car"].sprite), 64)
    green = tinted(plain, "green")
    assert torch.equal(plain[3], green[3])
    same = ((plain - green)[:3].abs().amax(0) < 0.02) & (plain[3] > 0.9)
    assert same.float().sum() > 0.2 * (plain[3] > 0.9).float().sum()


def test_the_core_is_drawn_with_its_own_pixels() -> None:
    figure = draw_figure(Figure("fox"), 40)
    assert torch.equal(figure[0], load_sprites(40)[sprite_index("1f98a")]) and torch.equal(figure[0], figure[3])


def test_bodies_can_be_switched_on_and_off() -> None:
    for version in (1, 2):
        head, whole = (draw_figure(Figure("fox", bodies=b, version=version), 40) for b in (False, True))
        assert (head[0] - whole[0]).abs().mean() > 0.02
        assert torch.equal(head[2], head[5]) and not torch.equal(whole[2], whole[5])


def test_a_picture_that_is_whole_gets_no_second_body() -> None:
    plain, bodies = (draw_figure(Figure("raccoon", "storybook", bodies=b, version=2), 40) for b in (False, True))
    assert torch.equal(plain[0], bodies[0])
