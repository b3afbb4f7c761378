"""What is written into segments: words, seeds, settings; and what the server says of them."""

from __future__ import annotations

import pytest

from tests.demo.browsing import NEEDS_CHROMIUM, wait_until
from tests.demo.timeline_editor.editor_page import PIXEL, SETTINGS, document, run_of, segment
from tests.demo.timeline_editor.hands import (
    MOVIE,
    clip_pixels,
    do,
    handle,
    lengths,
    middle,
    pick,
    prompts,
    row,
    segments,
    states,
)

pytestmark = NEEDS_CHROMIUM


# Writing
def test_words_are_offered_while_one_writes(site):
    page = site.open()
    pick(page, 1)
    page.fill("#editor .prompt", "")
    offers = page.locator("#editor .offers")
    field = page.locator("#editor .prompt")
    field.press_sequentially("a fo")
    assert offers.locator(".offer-text").all_inner_texts() == ["fox"]
    assert field.get_attribute("aria-activedescendant") == "pk-offer-0"
    field.press("Tab")
    assert field.input_value() == "a fox " and offers.is_hidden()
    field.press_sequentially("wal")
    field.press("ArrowDown")
    field.press("Enter")
    assert field.input_value() == "a fox walks left "
    field.press_sequentially("in")
    assert offers.is_visible()
    field.press("Escape")
    assert offers.is_hidden() and page.evaluate("document.activeElement.className") == "prompt"
    field.press_sequentially(" the f")
    offers.locator(".offer").first.click()
    assert field.input_value() == "a fox walks left in the forest "
    # a word that is whole is not replaced unasked
    page.fill("#editor .prompt", "")
    field.press_sequentially("a robot moves to the right")
    field.press("Enter")
    assert field.input_value() == "a robot moves to the right"
    assert row(site, page, 1)["prompt"] == "a robot moves to the right"


@pytest.mark.parametrize("height", [900, 500])
def test_all_words_that_are_offered_are_in_sight(serve, height):
    names = ["fox", "ferret", "frog", "finch", "falcon", "flamingo"]
    site = serve(words={"kinds": {"subjects": names}, "known": names})
    page = site.open(viewport={"width": 1280, "height": height})
    pick(page, 1)
    page.fill("#editor .prompt", "")
    page.locator("#editor .prompt").press_sequentially("f")
    seen = page.locator("#editor .offer").evaluate_all(
        """nodes => nodes.filter((node) => {
          const { left, top, width, height } = node.getBoundingClientRect();
          return node.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        }).map((node) => node.firstChild.textContent)"""
    )
    assert seen == names


def test_words_that_the_model_does_not_know_are_named(serve):
    site = serve()
    page = site.open()
    hint = page.locator("#editor .hint")
    pick(page, 1)
    page.fill("#editor .prompt", "")
    page.locator("#editor .prompt").press_sequentially("a fox a saxo")
    assert hint.is_hidden(), "not while a word is being written"
    page.locator("#editor .prompt").press_sequentially("phone ")
    assert hint.inner_text() == (
        "Not known to this model: 'saxophone'. It will be read as the nearest thing it knows, or ignored."
    )
    page.fill("#editor .prompt", "a" * 410)
    assert "may have 400 characters; this one has 410" in hint.inner_text()
    silent = serve(words={"kinds": {}, "known": []}).open()
    pick(silent, 1)
    silent.fill("#editor .prompt", "a saxophone ")
    assert silent.locator("#editor .hint").is_hidden()


def test_text_with_markup_and_templates_stays_text(site):
    page = site.open()
    text = "`x` ${document.title = 'broken'} {{value}} <img src=x onerror=\"document.title='broken'\"> <b>bold</b>"
    pick(page, 1)
    page.fill("#editor .prompt", text)
    page.fill("#editor .title", text[:60])
    page.keyboard.press("Enter")
    assert prompts(page)[1] == text
    site.push(page, document=document(segment(text), title=text), run=run_of(document(segment(text))))
    wait_until(lambda: prompts(page) == [text], page)
    assert page.title() == "Editor" and page.locator("#editor img[src=x], #editor .label b").count() == 0
    page.keyboard.press("Control+z")
    assert site.value(page)["segments"][1]["prompt"] == text
    assert page.input_value("#editor .title") == text[:60]


def test_typing_is_one_commit_and_loses_nothing_while_the_server_speaks(site):
    doc = document()
    page = site.open()
    pick(page, 2)
    page.fill("#editor .prompt", "")
    site.value(page)
    heard = len(site.documents)
    text = "the quick brown fox jumps over the lazy dog"
    for i, letter in enumerate(text):
        if i % 6 == 0:
            site.push(
                page,
                run=run_of(doc, "running", todo=3, running=True, **{doc["segments"][0]["id"]: {"part": i / 50}}),
                progress={"film": "film-1", "segments": {doc["segments"][0]["id"]: i / 50}},
                variations={"segment": doc["segments"][0]["id"], "options": []} if i % 12 else {},
            )
        page.keyboard.type(letter)
        page.wait_for_timeout(15)
    assert page.input_value("#editor .prompt") == text
    assert page.evaluate("document.activeElement.className") == "prompt"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert site.value(page)["segments"][2]["prompt"] == text
    assert len(site.documents) - heard <= 4
    assert states(page)[0] == "running"
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert prompts(page)[2] in ("a robot on the moon", "Empty prompt")


def test_a_drag_goes_on_while_the_server_speaks(site):
    doc = document()
    page = site.open()
    clip = clip_pixels(page)
    x, y = middle(page, handle(page, 0))
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(1, 9):
        site.push(page, run=run_of(doc, "running", todo=3, running=True), progress={"film": "film-1", "segments": {}})
        page.mouse.move(x + i * clip / 4, y)
        page.wait_for_timeout(40)
    assert lengths(page)[0] == "3.625 s"
    page.mouse.up()
    assert row(site, page, 0)["clips"] == 4 and len(site.documents) == 1


# What the server says
def test_states_seams_and_pictures_are_visible(site):
    doc = document()
    a, b, c = (r["id"] for r in doc["segments"])
    page = site.open()
    assert states(page) == ["draft"] * 3
    run = run_of(doc, "waiting", todo=7, running=True)
    run["segments"][a] |= {"state": "done", "part": 1, "made": 2, "clips": [PIXEL, PIXEL]}
    run["segments"][b] |= {"state": "running", "part": 0.2, "made": 1, "clips": [PIXEL, None, None]}
    run["segments"][c] |= {"seam": "Seam: 3.2 times a usual step."}
    site.push(page, run=run)
    wait_until(lambda: states(page) == ["done", "running", "waiting"], page)
    site.push(page, progress={"film": "film-1", "segments": {b: 0.7}})
    wait_until(lambda: "70 %" in page.locator("#editor .segment .below").nth(1).inner_text(), page)
    site.push(page, progress={"film": "another", "segments": {b: 0.9}})
    page.wait_for_timeout(200)
    assert "20 %" in page.locator("#editor .segment .below").nth(1).inner_text()
    assert segments(page).first.locator(".picture").count() == 2
    assert (
        segments(page).nth(2).locator(".seam").is_visible() and not segments(page).nth(1).locator(".seam").is_visible()
    )
    pick(page, 2)
    assert page.locator("#editor .seam-text").inner_text() == "Seam: 3.2 times a usual step."
    assert "Seam: 3.2" in segments(page).nth(2).get_attribute("aria-label")
    run["segments"][b] |= {"state": "paused", "part": 0.4}
    site.push(page, run=run)
    wait_until(lambda: "paused, 40 %" in page.locator("#editor .segment .below").nth(1).inner_text(), page)


def test_a_document_from_the_server_is_one_step(site):
    page = site.open()
    pick(page, 1)
    page.fill("#editor .prompt", "half a prom")
    opened = document(segment("another story", 4), title="Another")
    site.push(page, document=opened)
    wait_until(lambda: prompts(page) == ["another story"], page)
    assert page.input_value("#editor .title") == "Another"
    page.keyboard.press("Control+z")
    assert prompts(page)[1] == "half a prom"
    page.keyboard.press("Control+z")
    assert prompts(page)[1] == "the fox jumps"
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    assert site.value(page) == opened


def test_settings_are_part_of_the_document(site):
    page = site.open()
    move = "(all) => all.forEach((s) => dispatchEvent(new CustomEvent('phenaki:settings', { detail: s })))"
    page.evaluate(move, [SETTINGS | {"num_inference_steps": steps} for steps in range(25, 31)])
    assert site.value(page)["settings"]["num_inference_steps"] == 30
    assert len(site.documents) == 1, "a burst of moves is one step"
    page.keyboard.press("Control+z")
    assert site.value(page)["settings"] == SETTINGS
    wait_until(lambda: site.events == [("settings", SETTINGS)], page)
    page.evaluate(move, [SETTINGS])  # the sliders report that they have followed
    page.keyboard.press("Control+y")
    assert site.value(page)["settings"]["num_inference_steps"] == 30


def test_generate_draws_new_seeds_only_where_nothing_is_left_to_make(serve):
    doc = document()
    doc["segments"][1]["locked"] = True
    site = serve(doc, run=run_of(doc, "stale", todo=7))
    page = site.open()
    generate = "() => dispatchEvent(new CustomEvent('phenaki:generate'))"
    page.evaluate(generate)
    wait_until(lambda: len(site.events) == 1, page)
    assert site.events[0][1] == doc
    site.push(page, run=run_of(doc, todo=0))
    wait_until(lambda: states(page) == ["done"] * 3, page)
    page.evaluate(generate)
    wait_until(lambda: len(site.events) == 2, page)
    seeds = [r["seed"] for r in site.events[1][1]["segments"]]
    assert seeds[1] == 12 and seeds[0] != 11 and seeds[2] != 13
    page.wait_for_timeout(200)
    page.evaluate(generate)  # soon again: the server has not answered yet
    wait_until(lambda: len(site.events) == 3, page)
    assert [r["seed"] for r in site.events[2][1]["segments"]] == seeds


# Seeds and own settings
def test_seeds_are_written_drawn_and_kept(site):
    page = site.open()
    pick(page, 1)
    assert page.input_value("#pk-seed") == "12"
    page.fill("#pk-seed", "77")
    page.keyboard.press("Enter")
    assert (row(site, page, 1)["seed"], row(site, page, 1)["locked"]) == (77, True)
    assert segments(page).nth(1).locator(".mark-locked").is_visible()
    do(page, "lock")
    do(page, "dice")
    assert row(site, page, 1)["seed"] != 77 and not row(site, page, 1)["locked"]
    page.fill("#pk-seed", "5000000000")
    page.keyboard.press("Tab")
    assert "4294967295" in page.locator("#pk-seed-note").inner_text()
    assert page.input_value("#pk-seed") == str(row(site, page, 1)["seed"])
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert page.input_value("#pk-seed") == "12"


def test_a_segment_can_have_steps_and_guidance_of_its_own(site):
    page = site.open()
    pick(page, 1)
    assert page.locator("#editor .own").is_hidden()
    do(page, "fold-own")
    page.fill("#pk-steps", "40")
    page.fill("#pk-guidance", "7,5")
    assert (row(site, page, 1)["num_inference_steps"], row(site, page, 1)["guidance_scale"]) == (40, 7.5)
    assert segments(page).nth(1).locator(".mark-knobs").is_visible()
    page.fill("#pk-steps", "400")
    assert "from 1 to 64" in page.locator("#pk-own-note").inner_text()
    assert row(site, page, 1)["num_inference_steps"] == 40
    page.locator("#pk-steps").blur()
    assert page.input_value("#pk-steps") == "40"
    pick(page, 0)
    assert page.locator("#editor .own").is_hidden() and page.locator("#pk-steps").get_attribute("placeholder") == "24"
    pick(page, 1)
    do(page, "as-film")
    assert row(site, page, 1)["num_inference_steps"] is None and row(site, page, 1)["guidance_scale"] is None


def test_re_rolls_and_seams(site):
    page = site.open()
    pick(page, 1)
    do(page, "reroll")
    wait_until(lambda: len(site.events) == 1, page)
    first = site.events[0][1]["segments"][1]["seed"]
    assert site.events[0][0] == "submit" and first != 12
    page.keyboard.press("Shift+R")
    wait_until(lambda: len(site.events) == 2, page)
    rows = site.events[1][1]["segments"]
    assert rows[2]["behind"] == {k: rows[1][k] for k in rows[2]["behind"]} | {"seed": first}
    assert segments(page).nth(2).locator(".seam").is_visible()
    pick(page, 2)
    assert page.locator("#editor [data-do=reroll-alone]").is_hidden(), "nothing follows the last one"
    do(page, "heal")
    assert row(site, page, 2)["behind"] is None
    assert page.locator("#editor .seam-line").is_hidden()
    page.keyboard.press("r")
    wait_until(lambda: len(site.events) == 3, page)


def test_one_of_four_variations_is_picked(site):
    doc = document()
    b = doc["segments"][1]["id"]
    page = site.open()
    pick(page, 1)
    do(page, "vary")
    wait_until(lambda: site.events == [("vary", {"segment": b})], page)
    panel = page.locator("#editor .variations")
    assert panel.is_visible() and page.locator("#editor .tile").count() == 4
    waiting = {"state": "waiting", "part": 0, "movie": None, "thumbnail": None}
    done = {"state": "done", "part": 1, "movie": MOVIE, "thumbnail": None}
    options = [{"seed": 21} | done, {"seed": 22} | done, {"seed": 23} | waiting | {"state": "running", "part": 0.5}]
    site.push(page, variations={"segment": b, "options": [*options, {"seed": 24} | waiting]})
    wait_until(lambda: page.locator("#editor .tile:enabled").count() == 2, page)
    assert page.locator("#editor .tile-text").all_inner_texts() == ["Seed 21", "Seed 22", "50 %", "waiting"]
    wait_until(lambda: page.evaluate("document.querySelector('#editor .tile video').currentTime") > 0, page)
    page.locator("#editor .tile").nth(1).click()
    rows = site.value(page)["segments"]
    assert rows[1]["seed"] == 22 and rows[2]["behind"] is None
    assert page.locator("#editor .tile-text").nth(1).inner_text() == "In the film"
    page.get_by_text("only this one", exact=True).click()
    page.locator("#editor .tile").nth(0).click()
    rows = site.value(page)["segments"]
    assert rows[1]["seed"] == 21 and rows[2]["behind"]["seed"] == 22
    pick(page, 0)
    assert panel.is_hidden()
    pick(page, 1)
    assert panel.is_visible()
    # an edit has made them wrong, and the server has put them away
    site.push(page, variations={"refused": 0})
    wait_until(panel.is_hidden, page)
    assert page.locator("#editor .mark-tiles").count() == 0
    do(page, "vary")
    wait_until(lambda: [name for name, _ in site.events].count("vary") == 2, page)
    assert page.locator("#editor .tile:enabled").count() == 0, "none of the old ones can be picked"
    site.push(page, variations={"segment": b, "options": options})
    wait_until(lambda: page.locator("#editor .tile:enabled").count() == 2, page)
    do(page, "stop-varying")
    wait_until(lambda: site.events[-1] == ("stop_varying", {}), page)
    assert panel.is_hidden()
