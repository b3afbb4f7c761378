"""The whole app for one test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from demo.service import GenerationService
from tests.demo.studio.studio_page import Studio


@pytest.fixture
def studio(browser: Any, service: GenerationService) -> Iterator[Studio]:
    studio = Studio(browser, service)
    yield studio
    studio.close()
