"""Pixels follow from the specs alone, and show what the specs say."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from phenaki.errors import ShapeError
from phenaki.world.motion import WALK
from phenaki.world.render import render
from phenaki.world.spec import Stage, StorySpec
from phenaki.world.vocabulary import SCENE_NAMES

STORY = StorySpec("fox", "forest", (Stage("right", 11), Stage("jump", 6, "rain"), Stage("grow", 6, "snowfall")), 1, 3)


def one(motion: str, *, subject: str = "fox", scene: str = "forest", weather: str = "clear", size: int = 64) -> Tensor:
    """A clip of one stage, (3, f, H, W)."""
    return render([StorySpec(subject, scene, (Stage(motion, 11, weather),))], size=size).video[0]


def feet(mask: Tensor) -> Tensor:
    """The lowest row that the subject covers in each frame; mask (f, H, W)."""
    rows = (mask > 0.5).any(-1)  # (f, H)
    return (rows * torch.arange(rows.shape[1])).amax(1)


def test_the_same_spec_gives_the_same_pixels() -> None:
    first, second = render([STORY]), render([STORY])
    assert torch.equal(first.video, second.video) and torch.equal(first.subject_mask, second.subject_mask)
    assert first.video.shape == (1, 3, 23, 64, 64) and first.subject_mask.shape == (1, 1, 23, 64, 64)
    assert first.video.min() >= -1 and first.video.max() <= 1


def test_a_story_looks_alike_alone_and_in_a_batch() -> None:
    other = StorySpec("car", "moon", (Stage("spin", 17), Stage("left", 6)))
    batch, alone = render([other, STORY]), render([STORY])
    assert torch.allclose(batch.video[1:], alone.video, atol=1e-5)
    assert torch.allclose(batch.subject_mask[1:], alone.subject_mask, atol=1e-5)


def test_a_window_shows_the_same_frames_as_the_whole_story() -> None:
    whole = render([STORY]).video
    for start in (0, 6, 12):
        window = render([STORY], start=[start], num_frames=11).video
        assert torch.allclose(window, whole[:, :, start : start + 11], atol=1e-5)


def test_128_pixels_show_the_same_picture_finer() -> None:
    coarse, fine = one("right"), one("right", size=128)
    assert fine.shape == (3, 11, 128, 128)
    shrunk = F.avg_pool2d(fine, 2)
    assert (shrunk - coarse).abs().mean() < 0.06
    assert (fine - F.interpolate(coarse, scale_factor=2)).abs().mean() > (shrunk - coarse).abs().mean()


@pytest.mark.parametrize(("motion", "sign"), [("right", 1), ("left", -1)])
def test_the_ground_passes_against_the_walk(motion: str, sign: int) -> None:
    ground = one(motion)[:, :, 46:, :13]  # (3, f, H, W): beside the subject
    step = sign * int(WALK)
    for before, after in zip(ground.unbind(1), ground.unbind(1)[1:], strict=False):
        moved, kept = (after[..., :-step], before[..., step:]) if step > 0 else (after[..., -step:], before[..., :step])
        assert torch.allclose(moved, kept, atol=0.02)
    assert (ground[:, 0] - ground[:, -1]).abs().max() > 0.1


def test_the_ground_stays_where_no_one_walks() -> None:
    ground = one("jump")[:, :, 46:, :13]
    assert torch.allclose(ground[:, :1], ground, atol=0.02)


def test_a_jump_leaves_the_ground() -> None:
    def lowest(motion: str) -> Tensor:
        return feet(render([StorySpec("fox", "forest", (Stage(motion, 11),))]).subject_mask[0, 0])

    jump, stand = lowest("jump"), lowest("stand")
    assert stand.min() == stand.max() >= 50
    assert jump.min() < stand[0] - 14 and jump.max() >= stand[0] - 1


@pytest.mark.parametrize("weather", ["rain", "snowfall"])
@pytest.mark.parametrize("scene", ["forest", "snow", "night town"])
def test_weather_can_be_seen_and_falls(weather: str, scene: str) -> None:
    clear, wet = one("stand", scene=scene), one("stand", scene=scene, weather=weather)
    difference = (wet - clear).abs().amax(0)  # (f, H, W)
    assert ((difference > 0.15).float().mean((1, 2)) > 0.005).all()
    assert (difference[1:] - difference[:-1]).abs().amax((1, 2)).min() > 0.1


def test_weather_changes_with_the_stage() -> None:
    dry = StorySpec("fox", "forest", (Stage("stand", 11), Stage("stand", 6)))
    wet = StorySpec("fox", "forest", (Stage("stand", 11), Stage("stand", 6, "rain")))
    difference = (render([dry]).video - render([wet]).video).abs().amax((0, 1, 3, 4))
    assert (difference[:11] == 0).all() and (difference[11:] > 0.1).all()


def test_the_mask_is_where_the_subject_is() -> None:
    fox, pig = (render([StorySpec(s, "beach", (Stage("jump", 11),))]) for s in ("fox", "pig"))
    different = (fox.video - pig.video).abs().amax(1, keepdim=True) > 1e-4
    masked = torch.maximum(fox.subject_mask, pig.subject_mask) > 0
    assert not (different & ~masked).any()
    assert (fox.subject_mask.amax((3, 4)) > 0.99).all()
    share = fox.subject_mask.mean()
    assert 0.05 < share < 0.25


def test_each_scene_and_layout_looks_different() -> None:
    pictures = {
        (scene, layout): render([StorySpec("fox", scene, (Stage("stand", 1),), layout)]).video
        for scene in ("forest", "desert", "moon")
        for layout in (0, 1)
    }
    keys = list(pictures)
    for i, a in enumerate(keys):
        for b in keys[:i]:
            assert (pictures[a] - pictures[b]).abs().mean() > 0.01, (a, b)


def test_windows_past_the_end_are_refused_with_a_sentence() -> None:
    with pytest.raises(ShapeError, match=r"13 to 24 .* 23"):
        render([STORY], start=[13], num_frames=11)
    with pytest.raises(ShapeError, match=r"\[11, 23\] frames"):
        render([STORY, StorySpec("fox", "moon", (Stage("spin", 11),))])


def test_a_large_picture_shows_what_the_small_one_shows() -> None:
    specs = [StorySpec("fox", scene, (Stage("right", 3),), layout=1, camera=5) for scene in SCENE_NAMES]
    small, large = render(specs, size=64).video, render(specs, size=256).video
    shrunk = F.avg_pool3d(large, (1, 4, 4))
    error = (shrunk - small).square().mean((1, 2, 3, 4)) / 4
    assert (-10 * error.log10()).min() > 33  # dB; things that stand half a pixel aside give 28
