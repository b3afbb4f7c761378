"""A model that answers at once, and a service around it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.service import GenerationService
from demo.settings import AppSettings
from phenaki import (
    FramesReady,
    GenerationEvent,
    ModelConfig,
    Phenaki,
    SamplingConfig,
    SegmentFinished,
    SegmentStarted,
    Timeline,
    TokensRefined,
)

STEPS = 3


class FakeModel:
    """Behaves like ``Phenaki``, but paints each clip in one shade that tells its number in the film.

    With ``hold()``, it waits before every clip until ``release()`` lets it make one more.
    """

    def __init__(self) -> None:
        self.config = ModelConfig()
        self.clip = self.config.clip
        self.device = torch.device("cpu")
        self.kernels = "torch (no CUDA device)"
        self.vocabulary: dict[str, tuple[str, ...]] = {"subjects": ("fox", "robot")}
        self.asked: list[tuple[Timeline, SamplingConfig]] = []
        self.fail_at_clip: int | None = None
        self.closed = threading.Event()
        self._held = threading.Semaphore(1_000_000)

    def hold(self) -> None:
        self._held = threading.Semaphore(0)

    def release(self, clips: int = 1) -> None:
        for _ in range(clips):
            self._held.release()

    def generate(
        self, timeline: Timeline, sampling: SamplingConfig, start_image: bytes | None = None
    ) -> Iterator[GenerationEvent]:
        self.asked.append((timeline, sampling))
        return self._events(timeline.plan(self.clip))

    def _events(self, plan: list) -> Iterator[GenerationEvent]:
        made = 0
        try:
            for segment in plan:
                yield SegmentStarted(
                    segment.index,
                    segment.prompt,
                    segment.seed,
                    segment.num_clips,
                    segment.start_frame,
                    segment.num_frames,
                )
                start = segment.start_frame
                for clip in range(segment.num_clips):
                    while not self._held.acquire(timeout=0.01):
                        yield TokensRefined(segment.index, clip, 1, STEPS, np.zeros((6, 8, 8), bool))
                    if made == self.fail_at_clip:
                        raise RuntimeError("the disk is made of cheese")
                    for step in range(1, STEPS + 1):
                        yield TokensRefined(segment.index, clip, step, STEPS, np.zeros((6, 8, 8), bool))
                    count = self.clip.clip_frames if made == 0 else self.clip.new_frames
                    yield FramesReady(segment.index, clip, start, shade(made, count), self.clip.fps)
                    start, made = start + count, made + 1
                yield SegmentFinished(segment.index, segment.num_frames, 0.1)
        finally:
            self.closed.set()


def shade(clip: int, count: int) -> np.ndarray:
    """Frames of the fake model's clip number ``clip``."""
    return np.full((count, 16, 16, 3), 20 + 12 * clip, np.uint8)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def settings(tmp_path: Path) -> AppSettings:
    return AppSettings(examples=tmp_path / "examples", clip_size=32, export_size=32, open_browser=False)


@pytest.fixture
def service(model: FakeModel, settings: AppSettings) -> Iterator[GenerationService]:
    with GenerationService(model, settings) as service:  # type: ignore[arg-type]
        yield service


@pytest.fixture(scope="session")
def tiny() -> Phenaki:
    return Phenaki.from_preset("tiny", seed=0, device="cpu")
