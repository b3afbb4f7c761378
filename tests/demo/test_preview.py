"""Live previews: what they tell, and what they may cost."""

from __future__ import annotations

import base64
import io
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from demo.preview import SHARE, Previews

CLIP: Any = SimpleNamespace(key="12ab", start_frame=11)


class Work:
    """A clock, and an event whose preview takes its time."""

    def __init__(self, cost: float) -> None:
        self.now, self.cost = 100.0, cost
        mask = np.zeros((6, 8, 8), bool)
        mask[-1, 0, 1] = True
        self.event: Any = SimpleNamespace(preview=self.preview, masked=mask, step=3, num_steps=18)

    def preview(self) -> np.ndarray:
        self.now += self.cost
        return np.stack([np.full((64, 64, 3), shade, np.uint8) for shade in (0, 200)])


def test_a_preview_shows_the_last_frame_and_its_open_places():
    work = Work(0.01)
    told = Previews(lambda: work.now).draw(work.event, CLIP, 8)
    picture = Image.open(io.BytesIO(base64.b64decode(str(told["picture"]).split(",")[1])))
    assert picture.size == (64, 64) and abs(np.asarray(picture).mean() - 200) < 4
    assert told["mask"] == "01" + "0" * 62 and (told["rows"], told["columns"]) == (8, 8)
    assert (told["clip"], told["step"], told["steps"], told["seconds"]) == ("12ab", 3, 18, 1.375)


@pytest.mark.parametrize("cost", [0.001, 0.02, 0.1, 1.0])
def test_previews_never_take_more_than_their_share(cost):
    work = Work(cost)
    previews = Previews(lambda: work.now)
    drawn, begun = 0, work.now
    while work.now < begun + 200:
        work.now += 0.05  # a step
        if previews.due():
            previews.draw(work.event, CLIP, 8)
            drawn += 1
    assert drawn * cost <= (SHARE + 0.01) * (work.now - begun) + cost  # the first one's cost is not known before
    assert drawn == pytest.approx(min(200 / (0.45 + cost), SHARE * 200 / cost), rel=0.35)
    assert previews.share == pytest.approx(drawn * cost / (work.now - begun), rel=0.3)


def test_a_new_clip_waits_for_its_first_preview():
    work = Work(0.01)
    previews = Previews(lambda: work.now)
    work.now += 5
    assert previews.due()
    previews.begin()
    assert not previews.due() and previews.share == 0
