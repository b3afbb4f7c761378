"""How many tokens stay masked."""

from __future__ import annotations

import pytest

from phenaki.maskgit.schedule import mask_ratio, masked_after


def test_the_ratio_falls_from_all_to_none() -> None:
    values = [mask_ratio(i / 10) for i in range(11)]
    assert values[0] == 1 and values[-1] == pytest.approx(0)
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(("unknown", "num_steps"), [(384, 18), (192, 48), (5, 5), (7, 3), (1, 1), (64, 64)])
def test_every_step_settles_a_token_and_the_last_settles_all(unknown: int, num_steps: int) -> None:
    masked = unknown
    for step in range(num_steps):
        after = masked_after(step, num_steps, masked, unknown)
        assert 0 <= after < masked
        assert (after == 0) == (step == num_steps - 1)
        masked = after
