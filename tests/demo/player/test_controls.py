"""The player in a real Chromium: keys, buttons, the seek bar, live previews, choices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from demo.views import media_url
from phenaki.video.clip import write_clip
from tests.demo.browsing import NEEDS_CHROMIUM, wait_until
from tests.demo.player.player_page import FPS, film, get, picture, seek, shows, state, still

pytestmark = NEEDS_CHROMIUM


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_keys_of_the_page_play_and_step(stage, page):
    still(stage, page, [40, 80, 120], 1.0)
    press(page, " ")
    wait_until(lambda: not get(page, "paused"), page)
    press(page, "l")
    wait_until(lambda: get(page, "playbackRate") == 1.5, page)
    press(page, "l", "l")
    wait_until(lambda: get(page, "playbackRate") == 2, page)
    press(page, "k")
    wait_until(lambda: get(page, "paused") and get(page, "playbackRate") == 1, page)
    seek(page, 1.5)
    press(page, ".")
    wait_until(lambda: get(page, "currentTime") == pytest.approx(1.625, abs=0.01), page)
    press(page, ",", ",")
    wait_until(lambda: get(page, "currentTime") == pytest.approx(1.375, abs=0.01), page)
    press(page, "j")
    wait_until(lambda: shows(page, 40), page)
    assert state(page, "playing") == "true"
    press(page, "j")
    wait_until(lambda: page.locator("#film .speed-text").inner_text() == "−1.5×", page)
    wait_until(lambda: shows(page, 120), page)  # round the start
    press(page, "k")
    wait_until(lambda: state(page, "playing") == "false", page)


def test_keys_are_left_to_whoever_needs_them(stage, page):
    still(stage, page, [40, 80, 120], 1.0)
    page.locator("#text textarea, #text input").first.focus()
    page.keyboard.type("jkl ,.")
    assert page.locator("#text textarea, #text input").first.input_value() == "jkl ,."
    assert get(page, "currentTime") == pytest.approx(1.0, abs=0.01) and get(page, "paused")
    page.locator("#text textarea, #text input").first.fill("")
    page.locator('#film [data-do="captions"]').focus()
    press(page, " ")  # the button's
    wait_until(lambda: state(page, "captions") == "false", page)
    assert get(page, "paused")
    press(page, " ")
    wait_until(lambda: state(page, "captions") == "true", page)
    # End and arrows belong to the page unless the player has the focus
    page.evaluate("document.activeElement.blur()")
    press(page, "End", "ArrowLeft")
    assert get(page, "currentTime") == pytest.approx(1.0, abs=0.01)
    page.locator("#film .seek").focus()
    press(page, "ArrowRight")
    wait_until(lambda: get(page, "currentTime") == pytest.approx(2.0, abs=0.02), page)
    press(page, "Home")
    wait_until(lambda: get(page, "currentTime") < 0.01, page)
    press(page, "End")
    wait_until(lambda: get(page, "currentTime") == pytest.approx(2.875, abs=0.01), page)
    press(page, "ArrowDown")
    wait_until(lambda: get(page, "currentTime") == pytest.approx(2.0, abs=0.01), page)
    press(page, " ")
    wait_until(lambda: not get(page, "paused"), page)


def test_buttons_go_to_segments_and_clips(stage, page):
    captions = [{"start": 0, "end": 2, "prompt": "one"}, {"start": 2, "end": 4, "prompt": "two"}]
    still(stage, page, [40, 80, 120, 160], 0.5, captions=captions)
    steps = (
        ("next", [], 2.0),
        ("previous", [], 0.0),
        ("next", ["Shift"], 1.0),
        ("next", ["Shift"], 2.0),
        ("previous", ["Shift"], 1.0),
        ("frame-on", [], 1.125),
        ("frame-back", [], 1.0),
    )
    for name, modifiers, at in steps:
        page.locator(f'#film [data-do="{name}"]').click(modifiers=modifiers)
        wait_until(lambda at=at: get(page, "currentTime") == pytest.approx(at, abs=0.01), page)
    page.click("#film .time")
    assert page.locator("#film .time").inner_text() == "8 / 32 f"
    page.click("#film .time")
    assert page.locator("#film .time").inner_text() == "1.0 / 4.0 s"


def test_the_seek_bar_shows_segments_and_can_be_dragged(stage, page):
    still(stage, page, [40, 80, 120, 160], 0.5)
    assert page.locator("#film .borders").get_attribute("d").count("M") == 3
    box = page.locator("#film .bar").bounding_box()
    x, y = box["x"], box["y"] + box["height"] / 2
    page.mouse.move(x + 0.3 * box["width"], y)
    assert page.locator("#film .tip").inner_text().split("\n") == ["1.2 s", "prompt 1"]
    page.mouse.down()
    page.mouse.move(x + 0.9 * box["width"], y, steps=5)
    wait_until(lambda: shows(page, 160), page)
    page.mouse.up()
    assert get(page, "currentTime") == pytest.approx(3.6, abs=0.05)
    assert page.locator("#film .seek").get_attribute("aria-valuetext").endswith("of 4.0 seconds, segment 4 of 4")


def test_dragging_holds_the_film_and_lets_it_go_on(stage, page):
    stage.tell(film=film(stage.folder, [40, 80, 120, 160]))
    wait_until(lambda: shows(page, 40), page)
    box = page.locator("#film .bar").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 10, steps=4)
    page.wait_for_timeout(250)
    assert get(page, "paused") and shows(page, 120)
    page.mouse.up()
    wait_until(lambda: shows(page, 160), page)


def test_choices_are_remembered(stage):
    page = stage.open()
    still(stage, page, [40, 80], 0.5)
    for name in ("captions", "crisp", "loop"):
        page.click(f'#film [data-do="{name}"]')
    page.reload()
    wait_until(lambda: shows(page, 40), page)
    assert page.locator('#film [data-do="captions"]').get_attribute("aria-pressed") == "false"
    assert page.locator('#film [data-do="crisp"]').get_attribute("aria-pressed") == "true"
    assert not page.locator("#film .caption span").is_visible()
    wait_until(lambda: state(page, "playing") == "false", page)  # it does not repeat


PIXELS = """([selector, spots]) => {
  const canvas = document.querySelector(selector);
  const context = canvas.getContext("2d");
  return spots.map(([x, y]) => [...context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data]);
}"""


def test_the_first_clip_is_seen_while_its_tokens_fill_in(stage, page):
    stage.tell(film=film(stage.folder, [None, None], running=True))
    wait_until(lambda: page.locator("#film .veil-text").inner_text().startswith("Imagining"), page)
    live = page.locator("#film .live")
    assert live.get_attribute("data-size") == "large"
    spots = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]
    for mask in ("1101", "0100"):
        preview = {
            "picture": picture(200), "mask": mask, "rows": 2, "columns": 2, "step": 12, "steps": 24, "seconds": 0
        }  # fmt: skip
        stage.tell(preview=preview)
        wait_until(
            lambda mask=mask: (
                [p[3] > 200 for p in page.evaluate(PIXELS, ["#film .veils", spots])] == [c == "1" for c in mask]
            ),
            page,
        )
    wait_until(lambda: page.evaluate(PIXELS, ["#film .guess", spots])[0][:3] == [200, 200, 200], page)
    assert "12 / 24" in page.locator("#film .veil").inner_text()
    stage.tell(film=film(stage.folder, [40, None], running=True), preview={})
    wait_until(lambda: shows(page, 40), page)
    assert live.get_attribute("data-size") == "none"


def test_the_next_clip_is_seen_small_beside_the_film_and_can_be_folded_away(stage):
    page = stage.open()
    stage.tell(film=film(stage.folder, [40, None, 120], running=True))
    stage.tell(preview={"picture": picture(200), "step": 6, "steps": 24, "seconds": 1.0})
    live = page.locator("#film .live")
    wait_until(lambda: live.get_attribute("data-size") == "small", page)
    assert live.bounding_box()["width"] < 130
    assert page.locator("#film .live-place").inner_text() == "Next: 1.0"
    assert page.locator("#film .making-mark").is_visible()
    page.click("#film .fold")
    wait_until(lambda: live.get_attribute("data-size") == "folded", page)
    stage.tell(preview={"picture": picture(100), "step": 12, "steps": 24, "seconds": 1.0})
    page.click("#film .fold")
    wait_until(lambda: live.get_attribute("data-size") == "small", page)
    stage.tell(preview={})
    wait_until(lambda: live.get_attribute("data-size") == "none", page)


def test_a_preview_asks_no_other_host_for_a_picture(stage, page):
    stage.tell(film=film(stage.folder, [None], running=True))
    stage.tell(preview={"picture": "http://192.0.2.1/x.png", "mask": "<img>", "rows": 2, "columns": 2})
    wait_until(lambda: state(page) == "making", page)
    page.wait_for_timeout(200)


def test_an_old_take_is_marked_while_it_plays(stage, page):
    told = film(stage.folder, [40, 80])
    told["clips"][1]["stale"] = True
    stage.tell(film=told)
    wait_until(lambda: shows(page, 40), page)
    mark = page.locator("#film .old-take")
    assert state(page, "stale") == "false" and mark.is_hidden()
    wait_until(lambda: state(page, "stale") == "true" and mark.is_visible(), page)
    assert page.locator("#film .stale").get_attribute("d")


def test_motion_is_reduced_on_request(stage):
    page = stage.open(reduced_motion="reduce")
    stage.tell(film=film(stage.folder, [40, 80]))
    wait_until(lambda: shows(page, 40), page)
    page.wait_for_timeout(300)
    assert get(page, "paused") and get(page, "currentTime") < 0.01
    assert page.locator("#film .big-play").is_visible()
    page.click("#film .screen")
    wait_until(lambda: shows(page, 80), page)


def test_the_picture_is_enlarged_smoothly_or_in_squares(stage, page):
    frames = np.zeros((8, 16, 16, 3), np.uint8)
    frames[:, :, 8:] = 240
    path = stage.folder / "edge.mp4"
    write_clip(frames, path, FPS, 256)
    clips = [{"key": "edge", "url": media_url(path), "start": 0.0, "seconds": 1.0}]
    still(stage, page, [None], 0.5, clips=clips, pixels=16)

    def edge() -> list[int]:
        """Levels around the edge, in parts of one of the model's pixels."""
        spots = [[0.5 + part / 16, 0.5] for part in (-0.4, -0.1, 0.1, 0.4)]
        return [p[0] for p in page.evaluate(PIXELS, ["#film .picture", spots])]

    wait_until(lambda: page.locator("#film .picture").is_visible(), page)
    levels = edge()
    assert levels == sorted(levels) and 0 < levels[2] - levels[1] < 80
    page.click('#film [data-do="crisp"]')
    wait_until(lambda: max(edge()[:2]) < 40 and min(edge()[2:]) > 200, page)
    page.click('#film [data-do="crisp"]')


def test_other_parts_of_the_page_move_the_playhead(stage, page):
    still(stage, page, [40, 80, 120], 0.5)
    seek(page, 2.5)
    wait_until(lambda: shows(page, 120), page)
    assert page.evaluate("times.at(-1)") == pytest.approx(2.5, abs=0.01)
    for nonsense in ("{seconds: 'x'}", "null"):
        page.evaluate(f"dispatchEvent(new CustomEvent('phenaki:seek', {{detail: {nonsense}}}))")


def test_everything_has_a_name_and_the_keyboard_gets_through(stage, page):
    still(stage, page, [40, 80], 0.5)
    unnamed = page.evaluate("""() => [...document.querySelectorAll("#film :is(button, input, video, section)")]
      .filter((node) => !node.getAttribute("aria-label") && !node.innerText?.trim()).length""")
    assert unnamed == 0
    page.locator("#film .seek").focus()
    visited = []
    for _ in range(14):
        press(page, "Tab")
        visited.append(page.evaluate("document.activeElement.dataset.do ?? document.activeElement.tagName"))
    assert visited[:3] == ["previous", "frame-back", "play"] and "full" in visited
    assert visited[-1] not in ("full", "play"), "Tab leaves the player"


def test_it_fits_a_narrow_screen(stage):
    page = stage.open(viewport={"width": 390, "height": 844}, has_touch=True)
    stage.tell(film=film(stage.folder, [40, 80]))
    wait_until(lambda: shows(page, 40), page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    screen = page.locator("#film .screen").bounding_box()
    assert screen["width"] == pytest.approx(screen["height"], abs=2)
    boxes = [node.bounding_box() for node in page.locator("#film .controls button:visible").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] >= 30 for box in boxes)
