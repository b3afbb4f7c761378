"""How long a clip takes on this machine, learned from the clips that were made."""

from __future__ import annotations

MEMORY = 0.3  # weight of the newest clip


class Pace:
    """Seconds of a clip as a number of steps times the seconds of one, which follow the machine's load."""

    def __init__(self) -> None:
        self.seconds_per_step: float | None = None

    def record(self, steps: int, seconds: float) -> None:
        """A clip of so many steps took so many seconds."""
        new = seconds / max(1, steps)
        old = self.seconds_per_step
        self.seconds_per_step = new if old is None else old + MEMORY * (new - old)

    def expect(self, steps: int) -> float | None:
        """Seconds of a clip of so many steps; None before the first clip."""
        return None if self.seconds_per_step is None else steps * self.seconds_per_step
