"""An editor to work with, alone on a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.demo.timeline_editor.editor_page import EditorPage


@pytest.fixture
def serve(browser) -> Iterator[Callable[..., EditorPage]]:
    """Serve an editor; at the end, nothing may have gone wrong on its pages."""
    served: list[EditorPage] = []

    def serve(*arguments: Any, **props: Any) -> EditorPage:
        served.append(EditorPage(browser, *arguments, **props))
        return served[-1]

    yield serve
    for site in served:
        site.close()


@pytest.fixture
def site(serve) -> EditorPage:
    return serve()


@pytest.fixture
def wide_picture(tmp_path) -> Path:
    """Red on the left, green in the middle, blue on the right."""
    pixels = np.zeros((100, 300, 3), np.uint8)
    for i in range(3):
        pixels[:, 100 * i : 100 * (i + 1), i] = 220
    path = tmp_path / "wide.png"
    Image.fromarray(pixels).save(path)
    return path
