"""A real Chromium for the tests that need one, and what every page in it is watched for."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-component-update",
]
NEEDS_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)"),
]

# The grey level in the middle of the film that is on screen, or null.
SHADE = """() => {
  const video = document.querySelector("#film video");
  if (!video || video.readyState < 2 || video.seeking) return null;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 4;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 4, 4);
  return context.getImageData(2, 2, 1, 1).data[0];
}"""
BUFFERED = """() => {
  const ranges = document.querySelector("#film video").buffered;
  return [...Array(ranges.length).keys()].map((i) => [ranges.start(i), ranges.end(i)]);
}"""


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser."""
    driver_of = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
    with driver_of.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Trouble(list[str]):
    """Errors on pages, and requests that leave this machine; warnings too, if asked for."""

    def __init__(self, *, warnings: bool = False) -> None:
        super().__init__()
        self.kinds = ("error", "warning") if warnings else ("error",)

    def watch(self, page: Any) -> None:
        """Note what goes wrong on a page."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.append(f"page error: {error}"))
        page.on("request", self._request)

    def _console(self, message: Any) -> None:
        # gradio itself reports the connection that a reload cuts, and a test reads canvases more often than a page
        usual = re.search("AbortError|Connection errored out|Multiple readback", message.text)
        if message.type in self.kinds and not usual:
            self.append(f"{message.type}: {message.text}")

    def _request(self, request: Any) -> None:
        if not re.match(r"(http://127\.0\.0\.1:|data:|blob:)", request.url):
            self.append(f"request to {request.url}")


def wait_until(condition: Callable[[], Any], page: Any, seconds: float = 60) -> Any:
    """Anything that the page or the server does in its own time is waited for, never expected at once."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        page.wait_for_timeout(12)
    return value
