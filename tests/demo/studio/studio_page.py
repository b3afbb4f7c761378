"""The whole app, served, and what people do on a page of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imageio_ffmpeg

from demo.app import build_app, launch_options
from demo.page import Page
from demo.service import GenerationService
from phenaki import PlannedClip
from tests.demo.browsing import SHADE, Trouble, wait_until
from tests.demo.conftest import shade


class Studio:
    """A served app, and a way to open pages of it that tells at the end whether anything went wrong on them."""

    def __init__(self, browser: Any, service: GenerationService) -> None:
        self.browser, self.service = browser, service
        self.app = build_app(service)
        _, self.url, _ = self.app.launch(**launch_options(service), prevent_thread_lock=True)
        self.trouble = Trouble()
        self.contexts: list[Any] = []

    def open(self, init_script: str = "", context: Any = None, **options: Any) -> Any:
        if context is None:
            size = {"viewport": {"width": 1280, "height": 1000}}
            context = self.browser.new_context(accept_downloads=True, **(size | options))
            self.contexts.append(context)
            context.add_init_script(init_script)
        page = context.new_page()
        page.set_default_timeout(60_000)
        self.trouble.watch(page)
        before = set(self.service._pages)
        page.goto(self.url)
        page.wait_for_selector("#editor .segment")
        wait_until(lambda: set(self.service._pages) - before, page)
        return page

    def page(self) -> Page:
        """What the server knows of the page that was opened last."""
        return list(self.service._pages.values())[-1]

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        self.app.close()
        assert not self.trouble, self.trouble


def status(page: Any) -> str:
    return page.locator("#status .text").inner_text()


def states(page: Any) -> list[str]:
    return page.locator("#editor .segment").evaluate_all("nodes => nodes.map((node) => node.dataset.state)")


def prompts(page: Any) -> list[str]:
    return page.locator("#editor .segment .label").all_inner_texts()


def write_prompt(page: Any, index: int, text: str) -> None:
    page.locator("#editor .segment").nth(index).click(position={"x": 40, "y": 40})
    page.fill("#editor .prompt", text)
    page.locator("#editor .prompt").blur()


def generate(page: Any) -> None:
    wait_until(lambda: set(states(page)) != {"done"}, page)  # there is something to make
    page.click("#generate")
    finish(page)


def finish(page: Any) -> None:
    wait_until(lambda: set(states(page)) == {"done"} and status(page).startswith("Done"), page, 120)


def sees(page: Any, seconds: float, clip: PlannedClip) -> bool:
    """Whether the film shows this clip of the fake model at this time."""
    page.evaluate("(seconds) => document.querySelector('#film video').pause()", seconds)
    page.evaluate("(seconds) => window.dispatchEvent(new CustomEvent('phenaki:seek', {detail: {seconds}}))", seconds)
    page.wait_for_timeout(120)
    grey = page.evaluate(SHADE)
    return grey is not None and abs(grey - shade(clip)) < 6


def shown_clips(studio: Studio) -> list[PlannedClip]:
    return [clip for clip in studio.page().shown_plan if clip.shown]


def middle(clip: PlannedClip) -> float:
    return (clip.start_frame + clip.num_frames / 2) / 8


def download(page: Any, button: str) -> Path:
    with page.expect_download() as waiting:
        page.click(button)
    return Path(waiting.value.path()).rename(Path(waiting.value.path()).with_name(waiting.value.suggested_filename))


def tab(page: Any, name: str) -> None:
    button = page.get_by_role("tab", name=name, exact=True)
    button.click()


def count_frames(path: Path) -> int:
    return int(imageio_ffmpeg.count_frames_and_secs(str(path))[0])
