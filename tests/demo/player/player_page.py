"""A player alone on a page, and what a person does with it and sees there."""

from __future__ import annotations

import base64
import io
import queue
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from demo.player.component import Player, update_player
from demo.theme import CSS, build_theme
from demo.views import media_url
from phenaki.video.clip import write_clip
from tests.demo.browsing import SHADE, Trouble, wait_until

FPS = 8

TIMES = """
  window.times = [];
  addEventListener("phenaki:time", (event) => times.push(event.detail.seconds));
"""


class Stage:
    """A page with nothing but a player on it, whose props the test sets."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self.browser, self.folder = browser, folder
        self.trouble = Trouble(warnings=True)
        self.contexts: list[Any] = []
        self.latest: dict[str, Any] = {}
        self.page: Any = None  # shared by the tests that need no page of their own
        self.queues: list[queue.Queue[dict[str, Any] | None]] = []
        with gr.Blocks(analytics_enabled=False) as self.app:
            with gr.Column(elem_id="film"):
                self.player = Player()
            gr.Textbox(label="Text", elem_id="text")
            self.app.load(
                self._watch, None, self.player, concurrency_limit=None, show_progress="hidden", api_visibility="private"
            )
        _, self.url, _ = self.app.launch(
            allowed_paths=[str(folder)],
            theme=build_theme(),
            css_paths=[CSS],
            footer_links=[],
            run_history=False,
            quiet=True,
            prevent_thread_lock=True,
        )

    def _watch(self) -> Iterator[Any]:
        mine: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.queues.append(mine)
        yield update_player(**self.latest)
        while (change := mine.get()) is not None:
            yield update_player(**change)

    def tell(self, **change: Any) -> None:
        """Set the props ``film`` or ``preview`` on every open page, and on those that open later."""
        self.latest |= change
        for mine in self.queues:
            mine.put(change)

    def shared(self) -> Any:
        """The page that tests share, empty: opening one takes longer than most tests."""
        if self.page is None:
            self.page = self.open()
            self.contexts.clear()
        self.tell(film={}, preview={})
        wait_until(lambda: state(self.page) == "empty", self.page)
        self.page.evaluate("times.length = 0; document.activeElement.blur()")
        self.page.mouse.move(1, 1)
        return self.page

    def open(self, init_script: str = "", **options: Any) -> Any:
        context = self.browser.new_context(**({"viewport": {"width": 880, "height": 800}} | options))
        self.contexts.append(context)
        context.add_init_script(TIMES + init_script)
        page = context.new_page()
        page.set_default_timeout(20_000)
        self.trouble.watch(page)
        watched = len(self.queues)
        page.goto(self.url)
        wait_until(lambda: len(self.queues) > watched, page)
        page.wait_for_selector("#film .player")
        return page

    def clear(self) -> None:
        """Ready for the next test."""
        kept = 1 if self.page else 0
        for mine in self.queues[kept:]:
            mine.put(None)
        for context in self.contexts:
            context.close()
        del self.queues[kept:]
        trouble, self.contexts, self.latest = list(self.trouble), [], {}
        self.trouble.clear()
        assert not trouble, trouble


@lru_cache
def clip_file(folder: Path, grey: int, frames: int = 8) -> Path:
    """A clip of one second in one grey."""
    path = folder / f"{grey}-{frames}.mp4"
    write_clip(np.full((frames, 16, 16, 3), grey, np.uint8), path, FPS, 32)
    return path


def film(folder: Path, greys: list[int | None], name: str = "story", **changes: Any) -> dict[str, Any]:
    """A film of clips of one second, one for each grey; None is a clip that is not made yet."""
    clips = [
        {
            "key": f"k{grey}",
            "url": media_url(clip_file(folder, grey)),
            "start": float(i),
            "seconds": 1.0,
            "stale": False,
        }
        for i, grey in enumerate(greys)
        if grey is not None
    ]
    captions = [{"start": i, "end": i + 1, "prompt": f"prompt {i}"} for i in range(len(greys))]
    return {
        "film": name,
        "fps": FPS,
        "seconds": float(len(greys)),
        "running": False,
        "clips": clips,
        "captions": captions,
    } | changes


def picture(grey: int) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (grey, grey, grey)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def get(page: Any, name: str) -> Any:
    """A property of the <video>."""
    return page.evaluate(f"document.querySelector('#film video').{name}")


def shows(page: Any, grey: int) -> bool:
    seen = page.evaluate(SHADE)
    return seen is not None and abs(seen - grey) < 6


def state(page: Any, name: str = "state") -> str:
    return page.locator("#film .player").get_attribute(f"data-{name}")


def seek(page: Any, seconds: float) -> None:
    page.evaluate(f"dispatchEvent(new CustomEvent('phenaki:seek', {{detail: {{seconds: {seconds}}}}}))")


def still(stage: Stage, page: Any, greys: list[int | None], at: float, **changes: Any) -> None:
    """Show a film and stop at a place."""
    stage.tell(film=film(stage.folder, greys, **changes))
    wait_until(lambda: get(page, "readyState") >= 2, page)
    if state(page, "playing") == "true":
        page.click("#film .play")
    seek(page, at)
    wait_until(lambda: page.evaluate(SHADE) is not None, page)


def look(page: Any, greys: list[int]) -> None:
    """Every clip shows its grey, at its first and at its last frame."""
    for i, grey in enumerate(greys):
        for at in (i, i + 0.9):
            seek(page, at)
            wait_until(lambda grey=grey: shows(page, grey), page)
