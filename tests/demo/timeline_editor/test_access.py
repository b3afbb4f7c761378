"""Fingers, small screens, calm screens and screen readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.demo.browsing import NEEDS_CHROMIUM, wait_until
from tests.demo.timeline_editor.editor_page import PIXEL, document, run_of
from tests.demo.timeline_editor.hands import (
    MOVIE,
    PHONE,
    clip_pixels,
    handle,
    lengths,
    middle,
    pick,
    prompts,
    rest,
    segments,
)

pytestmark = NEEDS_CHROMIUM


def finger(page: Any) -> Callable[..., None]:
    session = page.context.new_cdp_session(page)

    def send(kind: str, x: float = 0, y: float = 0) -> None:
        points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return send


def test_a_finger_that_rests_on_a_segment_carries_it_away(site):
    page = site.open(**PHONE)
    first, second, third = prompts(page)
    x, y = middle(page, segments(page).first)
    send = finger(page)
    send("touchStart", x, y)
    page.wait_for_timeout(500)
    for by in range(0, 130, 10):
        send("touchMove", x + by, y)
    send("touchEnd")
    assert prompts(page) == [second, first, third]
    # a swipe scrolls the timeline and moves nothing
    rest(page)
    send("touchStart", x, y)
    for by in range(0, 150, 10):
        send("touchMove", x - by, y)
    send("touchEnd")
    assert prompts(page) == [second, first, third]
    wait_until(lambda: page.locator("#editor .scroller").evaluate("node => node.scrollLeft") > 0, page)


def test_a_finger_pulls_an_edge(site):
    page = site.open(**PHONE)
    clip = clip_pixels(page)
    box = handle(page, 1).bounding_box()
    assert box["width"] >= 24
    x, y = middle(page, handle(page, 1))
    send = finger(page)
    send("touchStart", x, y)
    for part in range(1, 6):
        send("touchMove", x - part * clip / 5, y)
    send("touchEnd")
    assert lengths(page)[1] == "1.5 s"


def test_a_narrow_screen_has_room_for_everything(site):
    page = site.open(**PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.locator("#editor button:visible").evaluate_all(
        "nodes => nodes.map((node) => [node.dataset.do, node.offsetWidth, node.offsetHeight])"
    )
    assert all(width >= 24 and height >= 24 for _, width, height in sizes), sizes
    right = page.locator("#editor :is(button, input, textarea):visible:not(.segment *, .scroller *)").evaluate_all(
        "nodes => Math.max(...nodes.map((node) => node.getBoundingClientRect().right))"
    )
    assert right <= 390


def test_less_moves_where_people_want_that(site):
    page = site.open(reduced_motion="reduce")
    assert segments(page).first.evaluate("node => getComputedStyle(node).transitionDuration") == "0s"


def audit(page: Any) -> list[str]:
    """What axe finds serious in the editor."""
    axe = pytest.importorskip("axe_playwright_python", reason="the package axe-playwright-python is not installed")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    result = page.evaluate("axe.run('#editor', { resultTypes: ['violations', 'incomplete'] })")
    serious = [v for v in result["violations"] if v["impact"] in ("serious", "critical")]
    return [f"{v['id']}: {v['help']}: {node['html'][:200]}" for v in serious for node in v["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_a_screen_reader(serve, theme, wide_picture):
    doc = document(footage={"id": "v", "num_frames": 16, "poster": PIXEL})
    old = {k: v for k, v in doc["segments"][0].items() if k not in ("id", "locked")}
    doc["segments"][1] |= {"behind": old, "locked": True, "num_inference_steps": 9}
    run = run_of(doc, "stale", todo=7, **{doc["segments"][1]["id"]: {"seam": "Seam: 3.2 times a usual step."}})
    site = serve(doc, run=run)
    site.url += f"?__theme={theme}"
    page = site.open()
    assert audit(page) == []
    page.set_input_files("#editor .picture-file", wide_picture)
    pick(page, 1)
    page.fill("#editor .prompt", "a saxophone ")
    page.locator("#editor .prompt").press_sequentially("fo")
    done = {"state": "done", "part": 1, "movie": MOVIE, "thumbnail": None}
    b = doc["segments"][1]["id"]
    site.push(page, variations={"segment": b, "options": [{"seed": n} | done for n in range(4)]})
    page.wait_for_selector("#editor .tile:enabled")
    assert audit(page) == []
    page.fill("#pk-length", "4")
    page.keyboard.press("Enter")
    page.evaluate("document.activeElement.blur()")
    pick(page, 0)
    page.keyboard.press("?")
    rest(page)
    assert audit(page) == []
