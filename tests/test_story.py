"""Stories clip by clip, on the tiny preset."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from phenaki import (
    FramesReady,
    MediaError,
    Phenaki,
    SamplingConfig,
    Segment,
    SegmentFinished,
    SegmentStarted,
    Timeline,
    TimelineError,
    TokensRefined,
    pack_frames,
)
from phenaki.video import frames_to_video


@pytest.fixture(scope="module")
def model() -> Phenaki:
    return Phenaki.from_preset("tiny")


@pytest.fixture(scope="module")
def story(model: Phenaki) -> Timeline:
    return Timeline((Segment("a fox walks right", 1.2), Segment("it jumps", 0.5)), seed=3).fit(model.clip)


def film(model: Phenaki, timeline: Timeline, **settings) -> np.ndarray:
    frames = [e.frames for e in model.generate(timeline, **settings) if isinstance(e, FramesReady)]
    return np.concatenate(frames)


def test_events_come_in_order_and_add_up(model: Phenaki, story: Timeline) -> None:
    events = list(model.generate(story))
    plan = story.plan(model.clip)
    assert [e.segment for e in events if isinstance(e, SegmentStarted)] == [0, 1]
    assert [e.num_frames for e in events if isinstance(e, SegmentFinished)] == [p.num_frames for p in plan]
    starts = [e.start_frame for e in events if isinstance(e, FramesReady)]
    lengths = [len(e.frames) for e in events if isinstance(e, FramesReady)]
    assert starts == [0, *np.cumsum(lengths)[:-1]]
    assert sum(lengths) == plan[-1].start_frame + plan[-1].num_frames == round(story.seconds * model.clip.fps)
    clips = sum(p.num_clips for p in plan)
    refined = [e for e in events if isinstance(e, TokensRefined)]
    assert len(refined) == clips * model.config.sampling.num_inference_steps
    assert not refined[-1].masked.any() and refined[0].masked.any()


def test_frames_are_bytes_of_the_models_size(model: Phenaki, story: Timeline) -> None:
    frames = film(model, story)
    assert frames.dtype == np.uint8 and frames.shape[1:] == (32, 32, 3)


def test_the_same_seed_gives_the_same_film(model: Phenaki, story: Timeline) -> None:
    assert np.array_equal(film(model, story), film(model, story))
    assert not np.array_equal(film(model, story), film(model, dataclasses.replace(story, seed=4)))


def test_a_later_segment_does_not_change_an_earlier_one(model: Phenaki, story: Timeline) -> None:
    first = story.plan(model.clip)[0].num_frames
    other = dataclasses.replace(story, segments=(story.segments[0], Segment("a bus in the rain", 0.5)))
    assert np.array_equal(film(model, story)[:first], film(model, other)[:first])


def test_a_segments_own_seed_changes_it_alone(model: Phenaki, story: Timeline) -> None:
    first = story.plan(model.clip)[0].num_frames
    locked = dataclasses.replace(story.segments[1], seed=77)
    one, two = film(model, story), film(model, dataclasses.replace(story, segments=(story.segments[0], locked)))
    assert np.array_equal(one[:first], two[:first])
    assert not np.array_equal(one[first:], two[first:])


def test_a_clip_goes_on_from_the_frames_that_were_shown(model: Phenaki, story: Timeline) -> None:
    """What the second clip knows are the tokens of the last frames of the first."""
    seen = []
    sample = model._parts.cvivit.encode
    model._parts.cvivit.encode = lambda video: seen.append(video) or sample(video)  # type: ignore[method-assign]
    try:
        frames = film(model, story)
    finally:
        del model._parts.cvivit.encode
    k = model.clip.prime_frames
    first = model.clip.clip_frames
    assert torch.equal(seen[0], frames_to_video(frames[first - k : first]))


def test_a_start_image_is_the_first_frame(model: Phenaki, story: Timeline) -> None:
    image = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    first = dataclasses.replace(story.segments[0], start_image=pack_frames(image[None]))
    frames = film(model, dataclasses.replace(story, segments=(first, story.segments[1])))
    assert np.array_equal(frames[0], image)
    assert len(frames) == len(film(model, story))


@pytest.mark.parametrize(
    "change", [{"guidance_scale": 9.0}, {"temperature": 0.3}, {"choice_temperature": 40.0}, {"num_inference_steps": 2}]
)
def test_every_sampling_option_matters(model: Phenaki, story: Timeline, change: dict) -> None:
    other = dataclasses.replace(model.config.sampling, **change)
    assert not np.array_equal(film(model, story), film(model, story, sampling=other))


def test_leaving_the_loop_stops_the_work(model: Phenaki, story: Timeline) -> None:
    events = model.generate(story)
    assert isinstance(next(events), SegmentStarted)
    assert isinstance(next(events), TokensRefined)
    events.close()
    assert next(events, None) is None


def test_the_callers_autograd_mode_is_left_alone(model: Phenaki, story: Timeline) -> None:
    for _ in model.generate(story):
        assert not torch.is_inference_mode_enabled()


def test_bad_input_is_told_before_anything_is_sampled(model: Phenaki, story: Timeline) -> None:
    with pytest.raises(TimelineError, match="nearest"):
        model.generate(Timeline((Segment("a fox", 1.0),)))
    with pytest.raises(TimelineError, match="word pieces"):
        model.generate(dataclasses.replace(story, segments=(Segment("why " * 90, story.segments[0].seconds),)))
    with pytest.raises(MediaError):
        model.generate(Timeline((Segment("a fox", 0.625, start_image=b"not a picture"),)))


def test_fewer_steps_take_fewer_calls(model: Phenaki, story: Timeline) -> None:
    events = model.generate(story, SamplingConfig(num_inference_steps=2))
    assert sum(isinstance(e, TokensRefined) for e in events) == 2 * sum(p.num_clips for p in story.plan(model.clip))
