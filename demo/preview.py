"""What a clip looks like while it is made, no more often than sampling can spare."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable

from PIL import Image

from phenaki import PlannedClip, TokensRefined

SECONDS_BETWEEN = 0.4  # at the least
SHARE = 0.08  # of the time that drawing them may take; a slow decoder draws them more rarely


class Previews:
    """Draws pictures of the clip at work, and keeps count of what they cost.

    Args:
        clock: seconds, from any start.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._cost = 0.0  # seconds that the last one took
        self._drawn = clock()
        self._watched = self._spent = 0.0

    def begin(self) -> None:
        """A clip begins; the first picture of it waits like any other."""
        self._drawn = self._clock()

    def due(self) -> bool:
        """Whether there may be another picture now."""
        return self._clock() - self._drawn >= max(SECONDS_BETWEEN, self._cost / SHARE)

    def draw(self, event: TokensRefined, clip: PlannedClip, fps: int) -> dict[str, object]:
        """The last frame of the clip at work as it would be now, and which of its places are still open."""
        begun = self._clock()
        picture = io.BytesIO()
        Image.fromarray(event.preview()[-1]).save(picture, "WEBP", quality=80)
        mask = event.masked[-1]
        found: dict[str, object] = {
            "clip": clip.key,
            "picture": "data:image/webp;base64," + base64.b64encode(picture.getvalue()).decode(),
            "mask": "".join("1" if place else "0" for place in mask.flatten()),
            "rows": mask.shape[0],
            "columns": mask.shape[1],
            "step": event.step,
            "steps": event.num_steps,
            "seconds": clip.start_frame / fps,
        }
        now = self._clock()
        self._cost = now - begun
        self._watched += now - self._drawn
        self._spent += self._cost
        self._drawn = now
        return found

    @property
    def share(self) -> float:
        """The part of the time that pictures took, from 0 to 1."""
        return self._spent / self._watched if self._watched else 0.0
