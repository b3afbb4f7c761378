"""What becomes of a story: films, takes, and what is made again."""

from __future__ import annotations

import threading
from typing import Any

from demo.service import GenerationService
from demo.settings import REPOSITORY, AppSettings
from phenaki import Phenaki, read_project
from tests.demo.browsing import BUFFERED, NEEDS_CHROMIUM, SHADE, wait_until
from tests.demo.studio.studio_page import (
    Studio,
    count_frames,
    download,
    finish,
    generate,
    middle,
    prompts,
    sees,
    shown_clips,
    states,
    tab,
    write_prompt,
)

pytestmark = NEEDS_CHROMIUM


def wait_before_the_second_clip(model: Phenaki, seen: threading.Event) -> None:
    """Whatever the machine is busy with, the first clip is to be seen while the others are still to be made."""
    sample, asked = model.sample_clip, 0

    def sample_later(*arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        assert asked == 1 or seen.wait(120), "the first clip never came onto the page"
        return sample(*arguments)

    model.sample_clip = sample_later  # type: ignore[method-assign]


def test_a_newcomer_makes_keeps_and_exports_a_film(browser, tmp_path):
    """With the shipped model, where there is one."""
    shipped = (REPOSITORY / "assets" / "toy-64" / "config.json").exists()
    model = Phenaki.from_pretrained("toy-64", "cpu") if shipped else Phenaki.from_preset("tiny", 0, "cpu")
    seen = threading.Event()
    wait_before_the_second_clip(model, seen)
    with GenerationService(model, AppSettings(open_browser=False, data=tmp_path / "data")) as service:
        studio = Studio(browser, service)
        page = studio.open()
        panda, fetched = "a panda walks right on the beach", []
        page.on("response", lambda response: fetched.append(response.url))
        write_prompt(page, 0, panda)
        page.locator("#editor .segment").nth(2).click(position={"x": 40, "y": 40})
        page.keyboard.press("Delete")
        wait_until(lambda: len(prompts(page)) == 2, page)
        page.click("#generate")
        wait_until(lambda: [c.prompt for c in service.finished_clips(studio.page())] == [panda], page, 120)
        (clip,) = service.finished_clips(studio.page())
        wait_until(lambda: any(clip.key in url for url in fetched), page)
        wait_until(lambda: page.evaluate(BUFFERED) and page.evaluate(SHADE) is not None, page)
        assert service.jobs(studio.page()), "the first clip plays while others are still to be made"
        seen.set()
        finish(page)
        frames = sum(clip.num_frames for clip in shown_clips(studio))
        wait_until(lambda: page.evaluate(BUFFERED) == [[0, frames / model.clip.fps]], page)
        tab(page, "Export")
        film = download(page, "#export")
        assert film.name.endswith(".mp4") and count_frames(film) == frames
        project = read_project(film)
        plan = model.plan(project.timeline, project.sampling)
        assert [clip.key for clip in plan] == [clip.key for clip in studio.page().shown_plan]
        # dropping the film restores everything; nothing is left to make
        page.click("#new")
        wait_until(lambda: len(prompts(page)) == 1, page)
        with page.expect_file_chooser() as chooser:
            page.click("#open")
        chooser.value.set_files(str(film))
        wait_until(lambda: len(prompts(page)) == 2 and set(states(page)) == {"done"}, page)
        studio.close()


def test_only_what_changed_is_made_and_it_is_replaced_in_place(studio, model):
    page = studio.open()
    generate(page)
    before = shown_clips(studio)
    source = page.evaluate("document.querySelector('#film video').currentSrc")
    write_prompt(page, len(prompts(page)) - 1, "the fox sleeps")
    wait_until(lambda: states(page)[-1] == "stale", page)
    assert set(states(page)[:-1]) == {"done"}
    model.made.clear()
    generate(page)
    assert {clip.prompt for clip in model.made} == {"the fox sleeps"}
    after = shown_clips(studio)
    assert page.evaluate("document.querySelector('#film video').currentSrc") == source
    wait_until(lambda: sees(page, middle(after[-1]), after[-1]), page)
    assert sees(page, middle(before[0]), before[0]), "pixels of the neighbours are as they were"


def test_one_segment_alone_is_rolled_again_and_the_seam_is_told(studio, model):
    page = studio.open()
    generate(page)
    before = shown_clips(studio)
    model.made.clear()
    page.locator("#editor .segment").nth(1).click(position={"x": 40, "y": 40})
    page.click("#editor [data-do=reroll-alone]")
    wait_until(lambda: model.made and not studio.service.jobs(studio.page()), page)
    finish(page)
    assert {clip.segment for clip in model.made} == {1}
    after = shown_clips(studio)
    assert [a.key == b.key for a, b in zip(after, before, strict=True)] == [clip.segment != 1 for clip in before]
    wait_until(lambda: sees(page, middle(after[-1]), after[-1]), page)
    page.locator("#editor .segment").nth(2).click(position={"x": 40, "y": 40})
    wait_until(lambda: "seam" in page.locator("#editor").inner_text().lower(), page)


def test_undo_brings_a_finished_film_back_without_making_it(studio, model):
    page = studio.open()
    generate(page)
    write_prompt(page, 0, "a robot walks")
    wait_until(lambda: states(page)[0] == "stale", page)
    model.made.clear()
    page.keyboard.press("Control+z")
    wait_until(lambda: set(states(page)) == {"done"}, page)
    assert not model.made


def test_takes_are_compared_and_one_is_picked(studio, model):
    page = studio.open()
    generate(page)
    page.locator("#editor .segment").nth(0).click(position={"x": 40, "y": 40})
    model.made.clear()
    page.click("#editor [data-do=vary]")
    wait_until(lambda: page.locator("#editor .tile[data-state=done] video[src]").count() == 4, page)
    seeds = studio.page().takes.seeds
    page.locator("#editor .tile").nth(2).click()
    wait_until(lambda: studio.page().document["segments"][0]["seed"] == seeds[2], page)
