"""A player on a page, shared by the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.demo.player.player_page import Stage


@pytest.fixture(scope="module")
def served(browser, tmp_path_factory) -> Iterator[Stage]:
    stage = Stage(browser, tmp_path_factory.mktemp("clips"))
    stage.shared()
    yield stage
    stage.queues[0].put(None)
    stage.app.close()


@pytest.fixture
def stage(served) -> Iterator[Stage]:
    yield served
    served.clear()


@pytest.fixture
def page(stage) -> Any:
    return stage.shared()
