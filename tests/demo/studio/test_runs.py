"""While a film is made: the queue, pause and stop, a reload, a second tab, typing."""

from __future__ import annotations

from tests.demo import conftest
from tests.demo.browsing import BUFFERED, NEEDS_CHROMIUM, wait_until
from tests.demo.studio.studio_page import finish, prompts, shown_clips, states, status, tab, write_prompt

pytestmark = NEEDS_CHROMIUM


def test_films_wait_in_line_and_can_be_ordered_and_cancelled(studio, model):
    page = studio.open()
    model.hold()
    page.click("#generate")
    wait_until(lambda: status(page).startswith("Making"), page)
    for text in ("a robot walks", "a robot jumps"):
        write_prompt(page, 0, text)
        page.wait_for_timeout(400)
        page.click("#generate")
    wait_until(lambda: len(studio.service.jobs(studio.page())) == 3, page)
    tab(page, "Queue")
    rows = page.locator("#queue .row")
    wait_until(lambda: rows.count() == 3, page)
    titles = page.locator("#queue .title")
    assert "a robot jumps" in titles.nth(2).inner_text()
    rows.nth(2).locator(".up").click()
    wait_until(lambda: "a robot jumps" in titles.nth(1).inner_text(), page)
    rows.nth(2).locator(".cancel").click()
    wait_until(lambda: rows.count() == 2, page)
    rows.nth(1).locator(".edit").click()
    wait_until(lambda: rows.count() == 1, page)
    wait_until(lambda: prompts(page)[0] == "a robot jumps", page)
    model.release(50)
    wait_until(lambda: not studio.service.jobs(studio.page()), page)


def test_pause_and_resume_and_stop(studio, model):
    page = studio.open()
    model.hold()
    page.click("#generate")
    model.release(1)
    wait_until(lambda: len(studio.service.finished_clips(studio.page())) == 1, page)
    page.click("#pause")
    wait_until(lambda: status(page).startswith("Paused"), page)
    model.release(1)
    page.wait_for_timeout(300)
    assert len(studio.service.finished_clips(studio.page())) == 1
    page.click("#pause")
    wait_until(lambda: len(studio.service.finished_clips(studio.page())) == 2, page)
    page.click("#stop")
    wait_until(lambda: status(page).startswith("Stopped"), page)
    end = sum(clip.num_frames for clip in studio.service.finished_clips(studio.page())) / 8
    wait_until(lambda: page.evaluate(BUFFERED) == [[0, end]], page)


def test_a_reload_in_mid_run_finds_everything_again(studio, model):
    page = studio.open()
    write_prompt(page, 0, "a cat walks")
    page.wait_for_timeout(500)
    model.hold()
    page.click("#generate")
    model.release(2)
    wait_until(lambda: len(studio.service.finished_clips(studio.page())) == 2, page)
    page.reload()
    page.wait_for_selector("#editor .segment")
    wait_until(lambda: prompts(page)[0] == "a cat walks", page)
    wait_until(lambda: page.evaluate(BUFFERED) and page.evaluate(BUFFERED)[0][1] >= 2, page)
    wait_until(lambda: status(page).startswith("Making"), page)
    model.release(50)
    finish(page)


def test_a_second_tab_joins_in(studio, model):
    page = studio.open()
    write_prompt(page, 0, "a cat walks")
    page.wait_for_timeout(500)
    model.hold()
    page.click("#generate")
    model.release(1)
    wait_until(lambda: len(studio.service.finished_clips(studio.page())) == 1, page)
    other = studio.open(context=studio.contexts[0])
    wait_until(lambda: prompts(other)[0] == "a cat walks", other)
    wait_until(lambda: status(other).startswith("Making"), other)
    model.release(50)
    finish(other)
    finish(page)
    assert len(model.made) == len(shown_clips(studio))


def test_each_of_two_tabs_keeps_its_own_film(studio):
    first = studio.open()
    write_prompt(first, 0, "a cat walks")
    wait_until(lambda: studio.page().document["segments"][0]["prompt"] == "a cat walks", first)
    second = studio.open(context=studio.contexts[0])
    wait_until(lambda: prompts(second)[0] == "a cat walks", second)
    write_prompt(second, 0, "a robot jumps")
    wait_until(lambda: studio.page().document["segments"][0]["prompt"] == "a robot jumps", second)
    for page, text in ((first, "a cat walks"), (second, "a robot jumps")):
        page.reload()
        page.wait_for_selector("#editor .segment")
        wait_until(lambda page=page, text=text: prompts(page)[0] == text, page)
        page.wait_for_timeout(300)
        assert prompts(page)[0] == text


def test_a_closed_tab_loses_nothing(studio, model):
    page = studio.open()
    write_prompt(page, 0, "a cat walks")
    page.wait_for_timeout(500)
    model.hold()
    page.click("#generate")
    wait_until(lambda: status(page).startswith("Making"), page)
    page.close()
    model.release(50)
    conftest.wait_until(lambda: not studio.service._pages)
    page = studio.open(context=studio.contexts[0])
    wait_until(lambda: prompts(page)[0] == "a cat walks", page)
    wait_until(lambda: set(states(page)) == {"done"}, page)


def test_typing_loses_no_character_while_a_film_is_made(studio, model):
    page = studio.open()
    text = "the quick brown fox jumps over the lazy dog and then walks on through the snow"
    page.locator("#editor .segment").nth(0).click(position={"x": 40, "y": 40})
    model.hold()
    page.click("#generate")
    page.fill("#editor .prompt", "")
    page.locator("#editor .prompt").press_sequentially(text[:40], delay=12)
    model.release(3)
    page.locator("#editor .prompt").press_sequentially(text[40:], delay=12)
    assert page.input_value("#editor .prompt") == text
    model.release(50)
    wait_until(lambda: studio.page().document["segments"][0]["prompt"] == text, page)
    wait_until(lambda: not studio.service.jobs(studio.page()), page)


def test_the_first_pixels_follow_the_clip_at_once(studio, model):
    """From the moment at which the clip is on disk until its pixels are on the screen."""
    page = studio.open()
    model.hold()
    page.click("#generate")
    wait_until(lambda: status(page).startswith("Making"), page)
    waits = []
    for count in range(1, 6):
        model.release(1)
        page.evaluate(
            """() => { window.shown = null; const video = document.querySelector("#film video");
            const old = video.buffered.length ? video.buffered.end(video.buffered.length - 1) : 0;
            const look = () => { const now = video.buffered.length ? video.buffered.end(video.buffered.length - 1) : 0;
              if (now > old + 0.1 && video.readyState >= 2) window.shown = Date.now(); else setTimeout(look, 4); };
            look(); }"""
        )
        wait_until(lambda count=count: len(studio.service.finished_clips(studio.page())) == count, page)
        key = studio.service.finished_clips(studio.page())[-1].key
        written = studio.page().session.store.find(key).movie.with_suffix(".npz").stat().st_mtime
        waits.append(wait_until(lambda: page.evaluate("window.shown"), page) / 1000 - written)
    model.release(50)
    finish(page)
    print("seconds from the written clip to its pixels:", [round(wait, 3) for wait in waits])
    assert min(waits) < 0.15
