"""The timeline editor in a real Chromium, alone on a page: editing by mouse and keyboard, and its limits."""

from __future__ import annotations

import re

from tests.demo.browsing import NEEDS_CHROMIUM, wait_until
from tests.demo.timeline_editor.hands import (
    clip_pixels,
    do,
    drag,
    handle,
    lengths,
    message,
    middle,
    pick,
    prompts,
    rest,
    row,
    segments,
    summary,
    tell_time,
)

pytestmark = NEEDS_CHROMIUM


# Editing by mouse
def test_edges_are_dragged_and_the_rest_is_pushed(site):
    page = site.open()
    clip = clip_pixels(page)
    drag(page, handle(page, 1), 1.1 * clip)
    assert lengths(page) == ["2.125 s", "3 s", "1.5 s"]
    assert summary(page) == "3 segments · 6.625 s · 53 frames"
    drag(page, handle(page, 1, "left"), -2.1 * clip_pixels(page))
    assert lengths(page) == ["2.125 s", "4.5 s", "1.5 s"]
    drag(page, handle(page, 1, "left"), 30 * clip)
    assert lengths(page) == ["2.125 s", "0.75 s", "1.5 s"], "never below one clip"
    assert len(site.documents) == 3 or site.value(page)["segments"][1]["clips"] == 1


def test_an_edge_can_take_from_the_neighbour(site):
    page = site.open()
    clip = clip_pixels(page)
    page.keyboard.down("Alt")
    drag(page, handle(page, 1), 0.9 * clip)
    page.keyboard.up("Alt")
    assert lengths(page) == ["2.125 s", "3 s", "0.75 s"]
    do(page, "give")
    drag(page, handle(page, 1, "left"), -5 * clip)
    assert lengths(page) == ["1.375 s", "3.75 s", "0.75 s"], "the neighbour keeps one clip"
    page.keyboard.down("Alt")  # turns it round again
    drag(page, handle(page, 1), clip)
    page.keyboard.up("Alt")
    assert lengths(page) == ["1.375 s", "4.5 s", "0.75 s"]


def test_while_an_edge_is_dragged_a_bubble_shows_what_the_model_can_make(site):
    page = site.open()
    clip = clip_pixels(page)
    x, y = middle(page, handle(page, 1))
    page.mouse.move(x, y)
    page.mouse.down()
    bubble = page.locator("#editor .bubble")
    assert bubble.inner_text() == "2.25 s · 3 clips"
    page.mouse.move(x + 0.6 * clip, y)
    assert bubble.inner_text() == "3 s · 4 clips"
    page.mouse.move(x - 9 * clip, y)
    assert bubble.inner_text() == "0.75 s · 1 clip · one clip is the least"
    page.mouse.up()
    assert bubble.is_hidden()
    assert site.value(page)["segments"][1]["clips"] == 1
    assert len(site.documents) == 1, "one commit for one gesture"


def test_a_segment_is_dragged_to_another_place(site):
    page = site.open()
    first, second, third = prompts(page)
    x, y = middle(page, segments(page).first)
    width = segments(page).nth(1).bounding_box()["width"]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + width, y, steps=5)
    slot = page.locator("#editor .slot")
    assert slot.is_visible() and abs(slot.bounding_box()["x"] - segments(page).nth(1).bounding_box()["x"]) > width / 2
    assert page.locator("#editor .bubble").inner_text().startswith("to ")
    page.mouse.up()
    rest(page)
    assert slot.is_hidden()
    assert prompts(page) == [second, first, third]
    assert message(page) == "Moved to place 2 of 3"
    # Escape gives it up; other keys wait until it is over
    page.mouse.move(*middle(page, segments(page).first))
    page.mouse.down()
    page.mouse.move(x + 600, y, steps=3)
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    page.mouse.up()
    assert prompts(page) == [second, first, third]
    site.value(page)
    assert len(site.documents) == 1


def test_a_segment_that_was_let_go_outside_the_track_stays_where_it_is(site):
    page = site.open()
    before = prompts(page)
    x, y = middle(page, segments(page).first)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, page.locator("#editor .which").bounding_box()["y"], steps=4)
    page.mouse.up()
    page.mouse.move(x, y)
    page.mouse.move(x + segments(page).nth(1).bounding_box()["width"], y, steps=4)
    assert page.locator("#editor .dragged").count() == 0
    page.mouse.down()
    page.mouse.up()
    assert prompts(page) == before and not site.documents


def test_a_segment_is_inserted_between_two_others(site):
    page = site.open()
    rest(page)
    box = segments(page).nth(1).bounding_box()
    plus = page.locator("#editor .between")
    page.mouse.move(box["x"] + 2, box["y"] + 60)
    page.wait_for_timeout(200)
    assert plus.evaluate("node => getComputedStyle(node).opacity") == "1"
    page.mouse.click(*middle(page, plus))
    page.keyboard.type("something new")
    page.keyboard.press("Enter")
    assert prompts(page)[1] == "something new"
    assert page.evaluate("document.activeElement.dataset.id") == row(site, page, 1)["id"]
    page.mouse.move(segments(page).first.bounding_box()["x"] + 2, box["y"] + 60)
    assert plus.get_attribute("data-index") == "0", "also in front of the first"
    # by keyboard, the plus stands in front of the segment that is selected
    page.mouse.move(5, 5)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className").startswith("between")
    page.keyboard.press("Enter")
    page.keyboard.type("and more")
    assert prompts(page)[1:3] == ["and more", "something new"]


def test_the_playhead_is_dragged_and_follows_the_player(site):
    page = site.open()
    page.evaluate("window.sought = []; addEventListener('phenaki:seek', (e) => sought.push(e.detail.seconds))")
    ruler = page.locator("#editor .ruler").bounding_box()
    scale = clip_pixels(page) / 0.75
    page.mouse.move(ruler["x"] + scale, ruler["y"] + 10)
    page.mouse.down()
    page.mouse.move(ruler["x"] + 2.5 * scale, ruler["y"] + 10, steps=4)
    tell_time(page, 0.1)  # the player lags behind while it seeks
    page.mouse.up()
    sought = page.evaluate("sought")
    assert len(sought) == 5 and abs(sought[0] - 1) < 0.02 and abs(sought[-1] - 2.5) < 0.02
    head = lambda: page.locator("#editor .playhead").bounding_box()["x"] + 1 - ruler["x"]  # noqa: E731
    assert abs(head() - 2.5 * scale) < 2
    tell_time(page, 3)
    assert abs(head() - 3 * scale) < 2
    page.focus("#editor .ruler")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("sought.at(-1)") == 3.125
    page.keyboard.press("Home")
    assert page.evaluate("sought.at(-1)") == 0
    assert page.locator("#editor .ruler").get_attribute("aria-valuetext") == "0.0 seconds"


def test_zoom_keeps_the_place_under_the_pointer_and_the_playhead_in_view(site):
    page = site.open()
    scroller = page.locator("#editor .scroller")
    assert page.locator("#editor [data-do=zoom-out]").is_disabled()
    before = clip_pixels(page)
    box = segments(page).nth(2).bounding_box()
    page.mouse.move(box["x"], box["y"] + 30)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    rest(page)
    assert clip_pixels(page) > 2 * before
    assert abs(segments(page).nth(2).bounding_box()["x"] - box["x"]) < 3
    scroller.evaluate("node => (node.scrollLeft = 0)")
    page.wait_for_timeout(50)
    tell_time(page, 0)
    for tenths in range(0, 40):
        tell_time(page, tenths / 10)
    assert scroller.evaluate("node => node.scrollLeft") > 200
    head, view = page.locator("#editor .playhead").bounding_box(), scroller.bounding_box()
    assert view["x"] <= head["x"] <= view["x"] + view["width"]
    # someone who has scrolled elsewhere is left alone
    scroller.evaluate("node => (node.scrollLeft = 0)")
    page.wait_for_timeout(50)
    tell_time(page, 4.2)
    assert scroller.evaluate("node => node.scrollLeft") == 0
    do(page, "fit")
    assert abs(clip_pixels(page) - before) < 0.01
    page.keyboard.press("+")
    assert clip_pixels(page) > before
    page.keyboard.press("-")
    page.keyboard.press("0")
    assert abs(clip_pixels(page) - before) < 0.01


# Editing by keyboard
def test_every_edit_works_from_the_keyboard(site):
    page = site.open()
    first, second, third = prompts(page)
    press = page.keyboard.press
    segments(page).first.focus()
    press("Shift+ArrowRight")
    assert lengths(page)[0] == "2.875 s"
    press("Alt+ArrowRight")
    assert prompts(page) == [second, first, third]
    assert lengths(page) == ["2.875 s", "2.25 s", "1.5 s"], "only the first segment has the opening frames"
    press("Shift+Alt+ArrowRight")
    assert lengths(page) == ["2.875 s", "3 s", "0.75 s"]
    press("Shift+Alt+ArrowRight")
    assert "nothing to give" in message(page)
    press("d")
    assert prompts(page) == [second, first, first, third]
    press("Delete")
    assert prompts(page) == [second, first, third]
    press("ArrowLeft")
    press("ArrowLeft")
    press("Shift+ArrowLeft")
    press("Shift+ArrowLeft")
    press("Shift+ArrowLeft")
    assert lengths(page)[0] == "1.375 s" and "is the least" in message(page)
    press("Alt+ArrowLeft")
    assert "first already" in message(page)
    press("n")
    page.keyboard.type("something new")
    press("Escape")
    assert prompts(page)[1] == "something new"
    press("Enter")
    page.keyboard.type(" here")
    press("Enter")
    assert prompts(page)[1] == "something new here"
    for _ in range(20):
        press("Control+z")
    assert prompts(page) == [first, second, third] and lengths(page) == ["2.125 s", "2.25 s", "1.5 s"]
    assert "nothing to undo" in message(page)
    for _ in range(20):
        press("Control+y")
    assert prompts(page)[1] == "something new here"
    press("Control+Enter")
    wait_until(lambda: site.events, page)
    assert site.events[-1][0] == "submit" and site.events[-1][1]["segments"][1]["prompt"] == "something new here"


def test_a_split_at_the_playhead_keeps_every_pixel(site):
    page = site.open()
    tell_time(page, 3.0)
    page.keyboard.press("s")
    assert lengths(page) == ["2.125 s", "0.75 s", "1.5 s", "1.5 s"] and message(page) == "Split at 2.875 s"
    rows = site.value(page)["segments"]
    assert (rows[1]["seed"], rows[1]["first_clip"], rows[1]["clips"]) == (12, 0, 1)
    assert (rows[2]["seed"], rows[2]["first_clip"], rows[2]["clips"]) == (12, 1, 2)
    tell_time(page, 2.5)
    page.keyboard.press("s")
    assert "One clip cannot be split" in message(page)
    assert "refused" in page.locator("#editor .message").get_attribute("class")
    tell_time(page, 99)
    page.keyboard.press("s")
    assert "behind the last segment" in message(page)


def test_keys_belong_to_the_text_field_in_which_one_writes(site):
    page = site.open()
    page.click("#elsewhere textarea, #elsewhere input")
    page.keyboard.type("sdn+0? dd")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    pick(page, 1)
    page.focus("#editor .prompt")
    page.keyboard.press("End")
    page.keyboard.type(" sdnr")
    page.focus("#editor .title")
    page.keyboard.press("End")
    page.keyboard.type(" sd")
    page.keyboard.press("Enter")
    doc = site.value(page)
    assert len(doc["segments"]) == 3
    assert doc["segments"][1]["prompt"] == "the fox jumps sdnr" and doc["title"] == "Winter sd"
    assert not site.events and not page.locator("#editor dialog").is_visible()


def test_keys_are_left_to_the_controls_of_other_parts(site):
    page = site.open()
    clip = clip_pixels(page)
    page.focus("#push")
    for key in ("s", "d", "n", "r", "+"):
        page.keyboard.press(key)
    assert clip_pixels(page) == clip and len(prompts(page)) == 3
    page.keyboard.press("?")
    assert page.locator("#editor dialog").is_visible(), "the sheet of keys is for the whole page"
    page.keyboard.press("Escape")
    assert not site.documents and not site.events
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("d")
    assert len(prompts(page)) == 4, "where nothing has the focus, they are the timeline's"
    page.evaluate("""() => {
      const film = '<section class="player" tabindex="-1"><button>Play</button></section>';
      document.body.insertAdjacentHTML("beforeend", film);
      document.querySelector("section.player").focus();
    }""")
    page.keyboard.press("d")
    assert len(prompts(page)) == 5, "nor where it is on the film, which a click there leaves it on"
    page.focus("section.player button")
    page.keyboard.press("d")
    assert len(prompts(page)) == 5


def test_the_help_sheet_lists_all_keys(site):
    page = site.open()
    page.keyboard.press("?")
    sheet = page.locator("#editor dialog.help")
    assert sheet.is_visible()
    text = re.sub(r"\s+", " ", sheet.inner_text())
    for words in ("split at the playhead", "duplicate", "re-roll only this one", "play, pause", "J K L", "redo"):
        assert words in text
    page.keyboard.press("Delete")
    page.keyboard.press("Escape")
    assert sheet.is_hidden() and len(prompts(page)) == 3
    do(page, "help")
    page.keyboard.press("?")
    assert sheet.is_hidden()


def test_focus_goes_from_part_to_part(site):
    page = site.open()
    page.focus("#editor .ruler")
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("document.activeElement.dataset.do ?? document.activeElement.className.split(' ')[0]")
        )
    order = ["segment", "between", "append", "prompt", "shorter", "length", "longer", "seed", "lock", "dice"]
    assert seen[: len(order)] == order
    names = page.locator("#editor button, #editor [role=slider], #editor input, #editor textarea").evaluate_all(
        """nodes => nodes.filter((node) => !node.closest("[hidden]") &&
          !(node.ariaLabel || node.textContent.trim() || node.labels?.length)).map((node) => node.outerHTML)"""
    )
    assert names == []


# Limits and lengths
def test_a_typed_length_moves_to_what_can_be_made_and_says_so(site):
    page = site.open()
    pick(page, 1)
    note = page.locator("#pk-length-note")
    for text, shown, words in (
        ("4", "3.75", "4 s → 3.75 s: clips are 0.75 s"),
        ("2,3 s", "2.25", "2.3 s → 2.25 s: clips are 0.75 s"),
        ("3", "3", ""),
        ("0.1", "0.75", "0.1 s → 0.75 s: clips are 0.75 s"),
    ):
        page.fill("#pk-length", text)
        page.keyboard.press("Enter")
        assert page.input_value("#pk-length") == shown
        assert note.inner_text() == words
    page.fill("#pk-length", "long")
    page.keyboard.press("Tab")
    assert page.input_value("#pk-length") == "0.75" and "Write a number" in note.inner_text()
    page.fill("#pk-length", "999")
    page.keyboard.press("Tab")
    assert page.input_value("#pk-length") == "0.75" and "600 s at most" in note.inner_text()
    assert row(site, page, 1)["clips"] == 1
    pick(page, 0)
    page.fill("#pk-length", "4")
    page.keyboard.press("Enter")
    assert note.inner_text() == "4 s → 4.375 s: clips are 0.75 s"


def test_a_typed_number_is_taken_when_another_segment_is_clicked(site):
    page = site.open()
    pick(page, 0)
    page.fill("#pk-length", "5")
    pick(page, 1)
    assert lengths(page) == ["5.125 s", "2.25 s", "1.5 s"]
    page.fill("#pk-seed", "77")
    pick(page, 2)
    assert [r["seed"] for r in site.value(page)["segments"]] == [11, 77, 13]
    assert (page.input_value("#pk-length"), page.input_value("#pk-seed")) == ("1.5", "13")


def test_limits_are_refused_with_a_word(serve):
    site = serve(shape={"max_segments": 4, "max_seconds": 8})
    page = site.open()
    pick(page, 2)
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert message(page) == "A film holds 4 segments at most." and len(prompts(page)) == 4
    clip = clip_pixels(page)
    x, y = middle(page, handle(page, 3))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3 * clip, y, steps=4)
    assert page.locator("#editor .bubble").inner_text() == "1.5 s · 2 clips · a film lasts 8 s at most"
    page.mouse.up()
    page.keyboard.press("Shift+ArrowRight")
    assert "8 s at most; this would make it 8.125 s" in message(page)
    assert site.value(page)["segments"][3]["clips"] == 2
