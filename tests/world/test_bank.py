"""Banks draw each picture once and find it again."""

from __future__ import annotations

import pytest
import torch

from phenaki.world import bank as bank_module
from phenaki.world.bank import Bank


def counting() -> tuple[Bank, list[tuple[int]]]:
    drawn: list[tuple[int]] = []

    def draw(key: tuple[int]) -> torch.Tensor:
        drawn.append(key)
        return torch.full((2, 3), float(key[0]))

    return Bank(draw, "cpu"), drawn


def test_each_picture_is_drawn_once() -> None:
    bank, drawn = counting()
    for keys in ([(1,), (2,), (1,)], [(2,), (3,)], [(i,) for i in range(40)]):
        rows, places = bank.pick(keys)
        assert [rows[p, 0, 0].item() for p in places] == [k[0] for k in keys]
    assert len(drawn) == len(set(drawn)) == 40


def test_a_full_bank_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank_module, "MOST", 5 * 24)
    bank, drawn = counting()
    for start in range(0, 12, 3):
        keys = [(start + i,) for i in range(3)]
        rows, places = bank.pick(keys)
        assert [rows[p, 0, 0].item() for p in places] == [k[0] for k in keys]
    rows, places = bank.pick([(0,)])
    assert rows[places[0], 0, 0] == 0 and drawn.count((0,)) == 2


def test_a_bank_that_was_begun_in_inference_mode_can_be_added_to_outside() -> None:
    bank = Bank(lambda key: torch.full((2,), float(key[0])), "cpu")
    with torch.inference_mode():
        bank.pick([(1,)])
    rows, places = bank.pick([(2,), (1,)])
    assert rows[places].tolist() == [[2, 2], [1, 1]]
