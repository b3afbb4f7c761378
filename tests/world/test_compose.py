"""Pictures of version 2: layers pass at their own speeds, masks are exact, water hides, night darkens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from phenaki.world.parts import FULL
from phenaki.world.render import Rendered, render
from phenaki.world.spec import Second, Stage, StorySpec
from phenaki.world.tales import sample_tale


def spec_of(subject: str = "fox", scene: str = "farm", motion: str = "stand", **options: object) -> StorySpec:
    stage = {k: options.pop(k) for k in ("weather", "camera", "second_motion") if k in options}
    known = {"version": 2, "bodies": True} | options
    return StorySpec(subject, scene, (Stage(motion, 11, **stage),), **known)  # type: ignore[arg-type]


def one(**options: object) -> Rendered:
    return render([spec_of(**options)])  # type: ignore[arg-type]


def tales(count: int, seed: int = 0) -> list[StorySpec]:
    rng = np.random.default_rng(seed)
    return [sample_tale(rng, (11, 6), combos="all", part=FULL) for _ in range(count)]


def test_a_story_looks_alike_alone_in_a_batch_and_in_a_window() -> None:
    specs = tales(12)
    batch = render(specs)
    assert batch.video.shape == (12, 3, 17, 64, 64) and -1 <= batch.video.min() and batch.video.max() <= 1
    windows = render(specs, start=[6] * 12, num_frames=11)
    assert torch.allclose(windows.video, batch.video[:, :, 6:], atol=1e-4)
    for i in (0, 5, 11):
        alone = render([specs[i]])
        assert torch.allclose(alone.video[0], batch.video[i], atol=1e-4)
        assert torch.allclose(alone.subject_mask[0], batch.subject_mask[i], atol=1e-4)


def test_both_versions_may_be_in_one_batch() -> None:
    old, new = StorySpec("fox", "forest", (Stage("jump", 11),)), spec_of("fox", "forest", "jump")
    both = render([new, old, new])
    assert torch.allclose(both.video[1], render([old]).video[0], atol=1e-5)
    assert torch.allclose(both.video[2], render([new]).video[0], atol=1e-5)


def test_what_is_far_passes_more_slowly() -> None:
    video = one(subject="balloon", scene="mountains", motion="right").video[0]  # (3, f, H, W)
    ground, far = video[:, :, 58:62, :16], video[:, :, 20:40]
    assert torch.allclose(ground[:, 4, :, :-4], ground[:, 3, :, 4:], atol=0.02)
    assert 0.001 < (far[:, 4, :, :-1] - far[:, 3, :, 1:]).abs().mean() < (far[:, 4] - far[:, 3]).abs().mean()


@pytest.mark.parametrize("camera", ["pan left", "pan right", "zoom in", "zoom out", "shake"])
def test_the_camera_moves_everything(camera: str) -> None:
    moved, still = one(camera=camera).video, one().video
    assert (moved[:, :, 1] - moved[:, :, 2]).abs().mean() > 0.01
    assert (still[:, :, 1] - still[:, :, 2]).abs().mean() < 0.001


def test_masks_are_where_subjects_are() -> None:
    first, other = (one(subject=s, motion="jump") for s in ("fox", "dog"))
    different = (first.video - other.video).abs().amax(1, keepdim=True) > 1e-4
    shown = torch.maximum(first.subject_mask, other.subject_mask) > 0
    shadow_rows = torch.zeros_like(shown)
    shadow_rows[..., 50:, :] = True  # shadows differ with the size
    assert not (different & ~shown & ~shadow_rows).any()
    assert first.second_mask is None


def test_the_second_mask_is_what_is_seen_of_the_second() -> None:
    options = {"second": Second("car", "left of"), "second_motion": "jump"}
    pair = one(**options)
    blue = one(**(options | {"second": Second("car", "left of", "blue")}))
    assert pair.second_mask is not None
    different = (pair.video - blue.video).abs().amax(1, keepdim=True) > 1e-4
    assert different.any() and not (different & (pair.second_mask == 0)).any()
    assert torch.equal(pair.subject_mask, blue.subject_mask)
    mixed = render([spec_of(), spec_of(**options)])  # type: ignore[arg-type]
    assert mixed.second_mask is not None and mixed.second_mask[0].max() == 0 < mixed.second_mask[1].max()


def test_water_hides_the_lower_part_of_who_swims() -> None:
    fish = one(subject="fish")
    assert fish.subject_mask[..., 60:, :].max() < 0.3 < 0.9 < fish.subject_mask.max()
    video = fish.video[0, :, 0]
    assert video[2, 60:].mean() > video[0, 60:].mean() + 0.2
    dry = one(subject="fox").video[0, :, 0]
    assert dry[2, 60:].mean() < dry[1, 60:].mean()


@pytest.mark.parametrize("weather", [w for w in FULL.weathers if w != "clear"])
def test_every_weather_can_be_seen_in_every_frame_of_a_clip(weather: str) -> None:
    clear, other = one(scene="forest").video, one(scene="forest", weather=weather).video
    difference = (clear - other).abs().amax(1)  # (1, f, H, W)
    assert ((difference > 0.1).float().mean((2, 3)) > 0.01).float().mean() > 0.8


def test_night_is_dark_but_subjects_stay_visible() -> None:
    day, night = one(), one(weather="stars")
    share = (night.video + 1) / (day.video + 1).clamp(min=0.05)
    mask = day.subject_mask > 0.9
    assert share.mean(1, keepdim=True)[~mask].median() < 0.5 < share.mean(1, keepdim=True)[mask].median()


@pytest.mark.parametrize("style", FULL.styles[1:])
def test_every_style_looks_its_own(style: str) -> None:
    assert (one(style=style).video - one().video).abs().mean() > 0.01


def test_colours_sizes_and_bodies_can_be_seen() -> None:
    for change in ({"colour": "green"}, {"size": "big"}, {"size": "small"}):
        assert (one(subject="car", **change).video - one(subject="car").video).abs().amax() > 0.3, change
    assert (render([replace(spec_of(), bodies=False)]).video - one().video).abs().amax() > 0.3


def test_128_pixels_show_the_same_picture_finer() -> None:
    spec = spec_of(motion="right")
    fine = render([spec], size=128).video
    shrunk = torch.nn.functional.avg_pool3d(fine, (1, 2, 2))
    assert fine.shape[-1] == 128 and (shrunk - render([spec]).video).abs().mean() < 0.07


def test_bodies_walk_in_version_1_too_where_asked_for() -> None:
    heads, whole = (render([StorySpec("fox", "forest", (Stage("right", 11),), bodies=b)]) for b in (False, True))
    assert (heads.subject_mask - whole.subject_mask).abs().amax() > 0.9
    dogs = [render([StorySpec("dog", "forest", (Stage("right", 11),), bodies=b)]).video for b in (False, True)]
    assert torch.equal(*dogs)


def test_everything_is_made_on_the_device_that_is_asked_for() -> None:
    """Tensors without data, instead of a GPU: mixing them with others is an error."""
    old = StorySpec("fox", "forest", (Stage("jump", 11, "rain"), Stage("spin", 6)))
    rendered = render([*tales(40), old], device="meta")
    assert rendered.video.device.type == "meta" and rendered.video.shape == (41, 3, 17, 64, 64)
