"""The data of the next steps, made while a GPU is busy with this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

import torch

T = TypeVar("T")
DEPTH = 2  # steps that are made ahead; each holds its batch on the device


class Ahead(Generic[T]):
    """Makes what ``make(number)`` gives for one number after the other, ahead of time if it has a thread for it."""

    def __init__(self, make: Callable[[int], T], pool: ThreadPoolExecutor | None) -> None:
        self._make, self._pool = make, pool
        self._next = 0
        self._waiting: deque[Future[T]] = deque()

    def take(self, number: int) -> T:
        """What belongs to ``number``; the numbers after it are then expected to be asked for."""
        if self._pool is None:
            return self._make(number)
        if not self._waiting or self._next - len(self._waiting) != number:
            for future in self._waiting:
                future.cancel()
            self._waiting.clear()
            self._next = number
        while len(self._waiting) <= DEPTH:
            self._waiting.append(self._pool.submit(self._make, self._next))
            self._next += 1
        return self._waiting.popleft().result()


@contextmanager
def ahead(make: Callable[[int], T], device: torch.device) -> Iterator[Ahead[T]]:
    """Make data ahead where a GPU trains; where the CPU does all the work, each when it is asked for.

    What ``make`` gives must depend on its number alone. The thread launches its work on the stream of all others, so
    that what it made is finished for whoever uses it.
    """
    if device.type != "cuda":
        yield Ahead(make, None)
        return
    pool = ThreadPoolExecutor(1, "ahead", initializer=torch.cuda.set_device, initargs=(device,))
    try:
        yield Ahead(make, pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
