from __future__ import annotations

import pytest

from demo.document import from_timeline, read_document, to_timeline
from phenaki import ClipShape, Segment, Timeline, TimelineError

SHAPE = ClipShape()


def document(*rows: dict, seed: int | None = None) -> dict:
    return {
        "seed": seed,
        "segments": [{"id": f"s{i}", "prompt": "a fox", "clips": 1, "seed": None} | r for i, r in enumerate(rows)],
    }


def test_only_the_first_segment_has_the_frames_that_open_a_film():
    timeline = to_timeline(document({"clips": 2}, {"clips": 2}), SHAPE, 7)
    assert [s.seconds for s in timeline.segments] == [2.125, 1.5]
    assert [p.num_frames for p in timeline.plan(SHAPE)] == [17, 12]


def test_reordering_keeps_the_number_of_clips():
    rows = document({"clips": 3}, {"clips": 1})
    rows["segments"].reverse()
    assert [p.num_clips for p in to_timeline(rows, SHAPE, 0).plan(SHAPE)] == [1, 3]


def test_an_open_film_seed_takes_the_one_given_and_a_kept_one_stays():
    assert to_timeline(document({}), SHAPE, 7).seed == 7
    assert to_timeline(document({}, seed=5), SHAPE, 7).seed == 5


def test_a_timeline_comes_back_from_its_document():
    timeline = Timeline((Segment("a fox", 2.125), Segment("it jumps", 1.5, seed=9)), seed=4)
    assert to_timeline(from_timeline(timeline, SHAPE), SHAPE, 0) == timeline


def test_lengths_that_the_model_cannot_make_move_to_the_nearest():
    timeline = Timeline((Segment("a fox", 2.0), Segment("it jumps", 1.0)))
    assert [s["clips"] for s in from_timeline(timeline, SHAPE)["segments"]] == [2, 1]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "no segment"),
        ([{}, {"prompt": "  "}], "Segment 2.*empty prompt"),
        ([{"prompt": "x" * 401}], "Segment 1.*401 characters"),
        ([{"clips": 0}], "Segment 1 is 0 clips"),
        ([{"clips": 1.5}], "1.5 clips"),
        ([{"clips": float("nan")}], "nan clips"),
        ([{"clips": True}], "True clips"),
        ([{"clips": 10**9}], "clips long"),
        ([{"clips": 1000}], "600 are accepted|up to 600"),
        ([{"seed": -1}], "seed is -1"),
        ([{"seed": "12"}], "seed is '12'"),
    ],
)
def test_what_cannot_become_a_film_is_told_with_its_segment(rows, words):
    with pytest.raises(TimelineError, match=words):
        to_timeline(read_document(document(*rows)), SHAPE, 0)


@pytest.mark.parametrize(
    "value", [None, 3, "x", {}, {"segments": None}, {"segments": {}}, {"segments": [1]}, {"segments": [{"prompt": 3}]}]
)
def test_what_is_no_document_is_refused(value):
    with pytest.raises(TimelineError, match="cannot be read"):
        read_document(value)


def test_missing_and_repeated_ids_become_different_ones():
    rows = [{"prompt": "a"}, {"prompt": "b", "id": "x"}, {"prompt": "c", "id": "x"}, {"prompt": "d", "id": "y" * 999}]
    ids = [row["id"] for row in read_document({"segments": rows})["segments"]]
    assert len(set(ids)) == 4 and "x" in ids and all(len(i) <= 64 for i in ids)


def test_unknown_keys_do_not_travel_on():
    assert set(read_document({"segments": [], "extra": 1})) == {"seed", "segments", "story"}
