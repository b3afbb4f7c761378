"""Chunks of tokens: which samples a step sees."""

from __future__ import annotations

import weakref
from collections import Counter
from types import SimpleNamespace
from typing import Any

from phenaki.training.ahead import Ahead
from phenaki.training.tokens import Lessons


def test_each_sample_of_a_chunk_is_seen_so_many_times_in_ever_new_orders():
    lessons = Lessons(Ahead(lambda number: SimpleNamespace(number=number), None), 24, 8, 2, seed=1)  # type: ignore[arg-type]
    seen: dict[int, list[int]] = {}
    for step in range(12):
        rows = lessons.rows(step)
        chunk: Any = lessons.chunk
        seen.setdefault(chunk.number, []).extend(rows.tolist())
    assert sorted(seen) == [0, 1] and all(set(Counter(rows).values()) == {2} for rows in seen.values())
    first = seen[0]
    assert sorted(first[:24]) == sorted(first[24:]) == list(range(24)) and first[:24] != first[24:] != seen[1][:24]
    again = Lessons(Ahead(lambda number: SimpleNamespace(number=number), None), 24, 8, 2, seed=1)  # type: ignore[arg-type]
    assert again.rows(7).tolist() == seen[1][8:16], "a run that was resumed sees what it would have seen"


def test_a_chunk_is_gone_before_the_next_one_is_made():
    alive: list[weakref.ref[Any]] = []

    class Chunk:
        pass

    def make(number: int) -> Any:
        assert all(chunk() is None for chunk in alive)
        chunk = Chunk()
        alive.append(weakref.ref(chunk))
        return chunk

    lessons = Lessons(Ahead(make, None), 8, 4, 1, seed=0)
    for step in range(6):
        lessons.rows(step)
    assert len(alive) == 3
