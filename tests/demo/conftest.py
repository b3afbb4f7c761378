"""A model that answers at once, and a service around it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from demo.document import Document, read_document
from demo.jobs import Job
from demo.page import Page
from demo.service import GenerationService
from demo.settings import AppSettings
from phenaki import (
    FramesReady,
    ModelConfig,
    Phenaki,
    PlannedClip,
    SamplingConfig,
    Timeline,
    TokensRefined,
    unpack_frames,
)
from phenaki.plan import plan_clips
from tests.demo.browsing import chromium

STEPS = 3


class FakeModel:
    """Behaves like ``Phenaki``, but paints each clip in one shade that follows from its prompt and its number.

    With ``hold()``, it waits before every clip until ``release()`` lets it make one more.
    """

    def __init__(self) -> None:
        self.config = ModelConfig()
        self.clip = self.config.clip
        self.device = torch.device("cpu")
        self.kernels = "torch (no CUDA device)"
        self.vocabulary: dict[str, tuple[str, ...]] = {
            "subjects": ("fox", "robot"),
            "actions": ("walks right", "jumps"),
        }
        self.known_words: tuple[str, ...] = ("a", "fox", "jumps", "right", "robot", "walks")
        self.fingerprint = "fake 1234 float32 cpu"
        self.upsamples = False
        self.made: list[PlannedClip] = []
        self.inherited: list[np.ndarray | None] = []  # by each of them
        self.fail_at_clip: int | None = None
        self._held = threading.Semaphore(1_000_000)

    def hold(self) -> None:
        self._held = threading.Semaphore(0)

    def release(self, clips: int = 1) -> None:
        for _ in range(clips):
            self._held.release()

    def enlarge(self, frames: np.ndarray) -> np.ndarray:
        return frames

    def plan(self, timeline: Timeline, sampling: SamplingConfig | None = None) -> list[PlannedClip]:
        return plan_clips(timeline, sampling or self.config.sampling, self.clip, self.fingerprint)

    def generate(self, timeline: Timeline, sampling: SamplingConfig | None = None) -> Iterator[FramesReady]:
        for clip in self.plan(timeline, sampling):
            yield from (event for event in self.sample_clip(clip, None) if isinstance(event, FramesReady))

    def sample_clip(
        self, clip: PlannedClip, prime_token_ids: np.ndarray | None
    ) -> Iterator[TokensRefined | FramesReady]:
        if clip.footage is not None:
            yield FramesReady(None, 0, 0, unpack_frames(clip.footage), self.clip.fps, end_of(clip))
            return
        masked = np.ones((6, 8, 8), bool)
        while not self._held.acquire(timeout=0.01):
            yield self._refined(clip, 1, masked)
        if len(self.made) == self.fail_at_clip:
            raise RuntimeError("the disk is made of cheese")
        for step in range(1, STEPS + 1):
            yield self._refined(clip, step, masked)
        self.made.append(clip)
        self.inherited.append(prime_token_ids)
        frames = np.full((clip.num_frames, 16, 16, 3), shade(clip), np.uint8)
        yield FramesReady(clip.segment, clip.clip, clip.start_frame, frames, self.clip.fps, end_of(clip))

    def _refined(self, clip: PlannedClip, step: int, masked: np.ndarray) -> TokensRefined:
        picture = np.full((1, 16, 16, 3), 99, np.uint8)
        return TokensRefined(clip.segment, clip.clip, step, STEPS, masked, lambda: picture)


def shade(clip: PlannedClip) -> int:
    """The grey level of a fake clip."""
    return 40 + (sum(clip.prompt.encode()) * 31 + clip.seed * 57 + clip.clip * 23) % 190


def end_of(clip: PlannedClip) -> np.ndarray:
    """The tokens that a fake clip ends with."""
    return np.full((3, 8, 8), int(clip.key[:6], 16), np.int32)


def story(*prompts: str, clips: int = 1, **changes: object) -> Document:
    """A document with one segment for each prompt."""
    rows = [
        {"id": f"s{i}", "prompt": prompt, "clips": clips, "seed": 10 + i, **changes} for i, prompt in enumerate(prompts)
    ]
    return read_document({"title": "", "segments": rows})


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def finish(job: Job | None) -> None:
    assert job is not None
    wait_until(lambda: job.ended)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def settings(tmp_path: Path) -> AppSettings:
    return AppSettings(data=tmp_path / "data", examples=tmp_path / "examples", clip_size=32, open_browser=False)


@pytest.fixture
def service(model: FakeModel, settings: AppSettings) -> Iterator[GenerationService]:
    with GenerationService(model, settings) as service:  # type: ignore[arg-type]
        yield service


@pytest.fixture
def page(service: GenerationService) -> Page:
    return service.open_page(service.sessions.open(), story("a fox walks", "it jumps", "it spins"))


@pytest.fixture(scope="session")
def tiny() -> Phenaki:
    return Phenaki.from_preset("tiny", seed=0, device="cpu")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A running Chromium."""
    with chromium() as browser:
        yield browser
