"""Data made ahead of time is what would have been made when asked for."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from phenaki.training.ahead import DEPTH, Ahead, ahead


def test_what_is_taken_belongs_to_its_number_wherever_one_begins() -> None:
    made = []

    def make(number: int) -> int:
        made.append(number)
        return number * number

    with ThreadPoolExecutor(1) as pool:
        data = Ahead(make, pool)
        assert [data.take(n) for n in (3, 4, 5, 9, 10)] == [9, 16, 25, 81, 100]
    assert made[:3] == [3, 4, 5] and made[-1] == 10 + DEPTH


def test_the_next_is_made_while_this_one_is_used() -> None:
    ready = threading.Event()

    def make(number: int) -> int:
        if number == 1:
            ready.set()
        return number

    with ThreadPoolExecutor(1) as pool:
        Ahead(make, pool).take(0)
        assert ready.wait(timeout=10)


def test_mistakes_come_out_where_the_data_is_taken() -> None:
    def make(number: int) -> int:
        raise ValueError(f"number {number}")

    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="number 7"):
        Ahead(make, pool).take(7)


def test_a_cpu_makes_each_when_it_is_asked_for() -> None:
    made = []
    with ahead(made.append, torch.device("cpu")) as data:
        data.take(2)
        data.take(3)
    assert made == [2, 3]
