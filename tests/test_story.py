"""Stories clip by clip, on the tiny preset."""

from __future__ import annotations

import dataclasses
import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from phenaki import (
    ClipShape,
    FramesReady,
    MediaError,
    Phenaki,
    PlannedClip,
    SamplingConfig,
    Segment,
    SegmentFinished,
    SegmentStarted,
    ShapeError,
    Timeline,
    TimelineError,
    TokensRefined,
    pack_frames,
    plan_clips,
)
from phenaki.config import preset
from phenaki.pipeline import build_networks
from phenaki.story import tell_story
from phenaki.video import frames_to_video, video_to_frames


@pytest.fixture(scope="module")
def model() -> Phenaki:
    return awake(Phenaki.from_preset("tiny"))


def awake(model: Phenaki) -> Phenaki:
    """Untrained, all pictures look alike to a tokenizer, and it makes all tokens look alike."""
    cvivit = model._parts.cvivit
    for parameter in [*cvivit.stem.parameters(), *cvivit.decoder_temporal.parameters()]:
        parameter.mul_(3)
    return model


@pytest.fixture(scope="module")
def story(model: Phenaki) -> Timeline:
    return Timeline((Segment("a fox walks right", 1.2), Segment("it jumps", 0.5)), seed=3).fit(model.clip)


def film(model: Phenaki, timeline: Timeline, **settings) -> np.ndarray:
    frames = [e.frames for e in model.generate(timeline, **settings) if isinstance(e, FramesReady)]
    return np.concatenate(frames)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 256, (*shape, 3), dtype=np.uint8)


def with_segments(story: Timeline, **changes: Segment) -> Timeline:
    """The story with its ``first`` or ``second`` segment changed."""
    return dataclasses.replace(
        story, segments=(changes.get("first", story.segments[0]), changes.get("second", story.segments[1]))
    )


def make_one_by_one(model: Phenaki, plan: list[PlannedClip]) -> list[np.ndarray]:
    """Frames of each clip, as somebody makes them who keeps all of them."""
    made: list[FramesReady] = []
    for clip in plan:
        *_, ready = model.sample_clip(clip, None if clip.parent is None else made[clip.parent].end_token_ids)
        assert isinstance(ready, FramesReady) and len(ready.frames) == clip.num_frames
        made.append(ready)
    return [ready.frames for ready in made]


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


def test_a_clip_goes_on_from_the_tokens_of_the_one_before(model: Phenaki, story: Timeline) -> None:
    decoded = []
    decode = model._parts.decode
    spied = dataclasses.replace(
        model._parts, decode=lambda ids, start=0: decoded.append(ids) or decode(ids, start=start)
    )
    film(Phenaki(spied), story)
    first, second = decoded[:2]
    k = model.clip.prime_token_frames
    assert torch.equal(second[:, :k], first[:, -k:]) and not torch.equal(second[:, k:], first[:, k:])


def test_with_a_window_the_pixels_know_no_seam() -> None:
    """Clip by clip the tokenizer gives the frames that it gives of all tokens of the film at once."""
    config = preset("tiny")
    cvivit = dataclasses.replace(config.cvivit, patch_frames=1, encoder_temporal_depth=0, temporal_window=4)
    shape = ClipShape(patch_frames=1, clip_frames=6, prime_frames=3)
    config = dataclasses.replace(config, clip=shape, cvivit=cvivit)
    torch.manual_seed(1)
    model = awake(Phenaki._assemble(config, *build_networks(config), "cpu", "float32"))
    decoded, decode = [], model._parts.decode
    spied = dataclasses.replace(
        model._parts, decode=lambda ids, start=0: decoded.append(ids[:, start:]) or decode(ids, start=start)
    )
    story = Timeline((Segment("a fox walks right", 1.1), Segment("it jumps", 0.7)), seed=3).fit(shape)
    frames = film(Phenaki(spied), story)
    token_ids = torch.cat(decoded, dim=1)
    assert token_ids.shape[1] == len(frames) == 15
    with torch.inference_mode():
        at_once, alone = (video_to_frames(decode(ids)).astype(int) for ids in (token_ids, token_ids[:, 6:]))
    assert np.abs(at_once - frames).max() <= 1
    assert np.abs(alone[:3] - frames[6:9]).max() > 3  # what was before them does count


def test_a_start_image_is_the_first_frame(model: Phenaki, story: Timeline) -> None:
    image = noise(32, 32)
    first = dataclasses.replace(story.segments[0], start_image=pack_frames(image[None]))
    frames = film(model, with_segments(story, first=first))
    assert np.array_equal(frames[0], image)
    assert len(frames) == len(film(model, story))


def test_a_later_segment_with_a_start_image_is_a_shot_of_its_own(model: Phenaki, story: Timeline) -> None:
    image = noise(32, 32)
    second = Segment("it jumps", 0.625, seed=5, start_image=pack_frames(image[None]))
    frames = film(model, with_segments(story, second=second))
    start = story.plan(model.clip)[0].num_frames
    assert np.array_equal(frames[:start], film(model, story)[:start])
    assert np.array_equal(frames[start], image) and len(frames) == start + 5
    assert np.array_equal(frames[start:], film(model, Timeline((second,))))


def test_a_film_goes_on_from_its_footage(model: Phenaki, story: Timeline) -> None:
    footage = noise(4, 32, 32)
    story = dataclasses.replace(story, footage=pack_frames(footage)).fit(model.clip)
    events = list(model.generate(story))
    first = events[0]
    assert isinstance(first, FramesReady) and first.segment is None and first.start_frame == 0
    frames = film(model, story)
    assert np.array_equal(frames[:4], footage)
    assert len(frames) == 4 + round(story.seconds * model.clip.fps)
    same_end = np.concatenate([noise(4, 32, 32)[:1], footage[1:]])
    other = dataclasses.replace(story, footage=pack_frames(same_end))
    assert np.array_equal(film(model, other)[4:], frames[4:])  # only the last three frames count
    other = dataclasses.replace(story, footage=pack_frames(np.full_like(footage, 255)))
    assert not np.array_equal(film(model, other)[4:], frames[4:])


@pytest.mark.parametrize("count", [3, 4, 5, 9])
def test_the_end_of_footage_is_a_film_in_its_middle_where_it_is_long_enough(model: Phenaki, count: int) -> None:
    footage = noise(count, 32, 32)
    story = Timeline((Segment("it jumps", 0.5),), footage=pack_frames(footage)).fit(model.clip)
    first = next(iter(model.generate(story)))
    assert isinstance(first, FramesReady)
    seen = footage[-5:] if count >= 5 else footage[-3:]  # 1 + 2 x 2 frames, of which the first is left out, or 1 + 2
    with torch.inference_mode():
        token_ids = model._parts.cvivit.encode(frames_to_video(seen))[0, -2:]
    assert np.array_equal(first.end_token_ids, token_ids.numpy())


def test_footage_of_another_size_is_fitted(model: Phenaki, story: Timeline) -> None:
    story = dataclasses.replace(story, footage=pack_frames(noise(4, 20, 50))).fit(model.clip)
    assert film(model, story).shape[1:] == (32, 32, 3)


def test_clips_made_one_by_one_are_the_film(model: Phenaki, story: Timeline) -> None:
    plan = model.plan(story)
    assert np.array_equal(np.concatenate(make_one_by_one(model, plan)), film(model, story))


def test_a_clip_without_the_end_of_the_one_before_is_refused(model: Phenaki, story: Timeline) -> None:
    clip = model.plan(story)[1]
    for before, given in ((None, "nothing"), (np.zeros((3, 4, 4), np.int32), r"tokens of shape \(3, 4, 4\)")):
        with pytest.raises(ShapeError, match=rf"The clip got {given} to go on from; .* of shape \(2, 4, 4\)"):
            next(model.sample_clip(clip, before))


def test_a_split_changes_no_pixel(model: Phenaki, story: Timeline) -> None:
    whole = dataclasses.replace(story.segments[0], seed=8)
    left = dataclasses.replace(whole, seconds=0.875)
    right = dataclasses.replace(whole, seconds=whole.seconds - 0.875, first_clip=2)
    split = Timeline((left, right, dataclasses.replace(story.segments[1], seed=9)))
    joined = Timeline((whole, split.segments[2]))
    assert np.array_equal(film(model, split), film(model, joined))


def test_only_one_segment_can_be_made_again(model: Phenaki, story: Timeline) -> None:
    """What follows goes on from the old one, which stands behind it and is not shown."""
    first, second = (dataclasses.replace(s, seed=i) for i, s in enumerate(story.segments))
    old = Timeline((first, second))
    new = Timeline((dataclasses.replace(first, seed=7), dataclasses.replace(second, behind=first)))
    start = old.plan(model.clip)[0].num_frames
    one, two = film(model, old), film(model, new)
    assert not np.array_equal(one[:start], two[:start])
    assert np.array_equal(one[start:], two[start:])
    hidden = [e for e in model.generate(new) if isinstance(e, TokensRefined) and not e.shown]
    assert {e.segment for e in hidden} == {1}


def test_equal_keys_mean_equal_pixels(model: Phenaki, story: Timeline) -> None:
    first, second = story.segments
    shot = dataclasses.replace(first, start_image=pack_frames(noise(1, 32, 32)))
    stories = [
        story,
        dataclasses.replace(story, seed=4),
        with_segments(story, first=shot),
        with_segments(story, second=dataclasses.replace(second, num_inference_steps=2)),
        with_segments(story, second=dataclasses.replace(second, guidance_scale=1.0)),
        with_segments(story, second=dataclasses.replace(second, first_clip=1)),
        with_segments(story, second=dataclasses.replace(second, behind=first)),
        with_segments(story, second=dataclasses.replace(second, behind=shot)),
    ]
    store: dict[str, bytes] = {}
    for changed in stories:
        plan = model.plan(changed)
        for clip, frames in zip(plan, make_one_by_one(model, plan), strict=True):
            assert store.setdefault(clip.key, frames.tobytes()) == frames.tobytes()
    assert len(store) > 15


def test_a_preview_shows_the_frames_so_far(model: Phenaki, story: Timeline) -> None:
    footage = dataclasses.replace(story, footage=pack_frames(noise(3, 32, 32))).fit(model.clip)
    shot = with_segments(story, first=dataclasses.replace(story.segments[0], start_image=pack_frames(noise(1, 32, 32))))
    for changed in (story, footage, shot):
        previews: list[np.ndarray] = []
        for event in model.generate(changed):
            if isinstance(event, TokensRefined):
                previews.append(event.preview())
            elif isinstance(event, FramesReady) and event.segment is not None:
                assert {p.shape for p in previews} == {event.frames.shape}
                assert np.array_equal(previews[-1], event.frames)
                assert not np.array_equal(previews[0], event.frames)
                previews.clear()


def test_a_preview_changes_nothing_and_costs_nothing_unless_it_is_asked_for(
    model: Phenaki, story: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    decode = model._parts.decode
    monkeypatch.setattr(type(model._parts.cvivit), "decode", lambda self, *a, **k: decoded.append(1) or decode(*a, **k))
    spied = dataclasses.replace(model._parts, decode=model._parts.cvivit.decode)
    plain = film(Phenaki(spied), story)
    assert len(decoded) == len(model.plan(story))
    looked = [(e.preview() if isinstance(e, TokensRefined) else e.frames) for e in Phenaki(spied).generate(story)
              if isinstance(e, TokensRefined | FramesReady)]  # fmt: skip
    assert len(decoded) > 3 * len(model.plan(story)) and len(looked[-1])
    assert np.array_equal(plain, film(model, story))


def test_a_caller_may_write_into_frames(model: Phenaki, story: Timeline) -> None:
    frames = film(model, story)
    again = []
    for event in model.generate(story):
        if isinstance(event, FramesReady):
            again.append(event.frames.copy())
            event.frames[:] = 0
    assert np.array_equal(np.concatenate(again), frames)


def test_memory_does_not_grow_with_the_film() -> None:
    shape = ClipShape()

    def grey_clip(clip: PlannedClip, prime_token_ids: np.ndarray | None) -> Iterator[FramesReady]:
        assert (prime_token_ids is None) == (clip.parent is None)
        yield FramesReady(
            clip.segment,
            clip.clip,
            clip.start_frame,
            np.zeros((clip.num_frames, 64, 64, 3), np.uint8),
            8,
            np.zeros((3, 8, 8), np.int32),
        )

    def peak(num_segments: int) -> int:
        """Bytes at most, for a film in which every segment was made, the last one growing out of another."""
        old = Segment("old", 0.75)
        story = Timeline((Segment("a", 1.375), *[Segment("b", 0.75)] * num_segments, Segment("c", 0.75, behind=old)))
        plan = plan_clips(story, SamplingConfig(), shape, "model")
        tracemalloc.start()
        frames = sum(
            len(e.frames) for e in tell_story(story.plan(shape), plan, grey_clip) if isinstance(e, FramesReady)
        )
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert frames == round(story.seconds * shape.fps)
        return most

    peak(2)
    assert peak(200) < 1.5 * peak(4)


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
    with pytest.raises(MediaError, match="The start image of segment 1 cannot be used"):
        model.generate(Timeline((Segment("a fox", 0.625, start_image=b"not a picture"),)))


def test_fewer_steps_take_fewer_calls(model: Phenaki, story: Timeline) -> None:
    events = model.generate(story, SamplingConfig(num_inference_steps=2))
    assert sum(isinstance(e, TokensRefined) for e in events) == 2 * sum(p.num_clips for p in story.plan(model.clip))
