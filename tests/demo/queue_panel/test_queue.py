"""The queue panel in a real Chromium, alone on a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import gradio as gr
import pytest

from demo.queue_panel.component import QueuePanel
from demo.theme import CSS, build_theme
from tests.demo.browsing import NEEDS_CHROMIUM, Trouble, wait_until

pytestmark = NEEDS_CHROMIUM

FOCUSED = """() => {
  const row = document.activeElement.closest(".row");
  return row && [row.querySelector(".title").textContent, document.activeElement.className];
}"""


def job(name: str, state: str = "waiting") -> dict[str, Any]:
    plain = {"kind": "film", "made": 0, "total": 3, "progress": 0, "before": 1, "left": None}
    return {"id": name, "title": name, "state": state} | plain


class Queue:
    """The panel and a server that does what it is asked to."""

    def __init__(self, browser: Any, *jobs: dict[str, Any]) -> None:
        self.jobs = list(jobs)
        self.trouble = Trouble(warnings=True)
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        with gr.Blocks(analytics_enabled=False) as self.app:
            panel = QueuePanel(self._value(), elem_id="queue")
            panel.act(self._act, None, panel, queue=False, **quiet)
        _, url, _ = self.app.launch(
            server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, theme=build_theme(), css_paths=[CSS],
            footer_links=[], run_history=False,
        )  # fmt: skip
        self.context = browser.new_context()
        self.page = self.context.new_page()
        self.trouble.watch(self.page)
        self.page.goto(url)
        self.page.wait_for_selector("#queue .row")

    def _value(self) -> str:
        return json.dumps({"jobs": self.jobs})

    def _act(self, event: gr.EventData) -> str:
        name, action = event._data["job"], event._data["action"]
        index = [row["id"] for row in self.jobs].index(name)
        if action == "up":
            self.jobs.insert(index - 1, self.jobs.pop(index))
        else:
            self.jobs[index]["state"] = {"pause": "paused", "resume": "running"}[action]
        return self._value()

    def close(self) -> None:
        self.context.close()
        self.app.close()
        assert not self.trouble, self.trouble


@pytest.fixture
def queue(browser) -> Iterator[Queue]:
    queue = Queue(browser, job("first", "running"), job("second"), job("third"), job("fourth"))
    yield queue
    queue.close()


def titles(page: Any) -> list[str]:
    return page.locator("#queue .title").all_inner_texts()


def test_the_keyboard_stays_with_a_film_that_it_moves(queue):
    page = queue.page
    page.locator("#queue .row").nth(3).locator(".up").focus()
    page.keyboard.press("Enter")
    wait_until(lambda: titles(page) == ["first", "second", "fourth", "third"], page)
    assert page.evaluate(FOCUSED) == ["fourth", "up"]
    page.keyboard.press("Enter")
    wait_until(lambda: titles(page) == ["first", "fourth", "second", "third"], page)
    assert page.evaluate(FOCUSED) == ["fourth", "down"], "it cannot be moved further up"


def test_pause_and_resume_pass_the_keyboard_on_to_each_other(queue):
    page = queue.page
    row = page.locator("#queue .row").first
    row.locator(".pause").focus()
    for state, button in (("paused", "resume"), ("running", "pause")):
        page.keyboard.press("Enter")
        wait_until(lambda state=state: row.get_attribute("data-state") == state, page)
        assert page.evaluate(FOCUSED) == ["first", button]
