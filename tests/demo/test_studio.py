"""The whole app in a real Chromium: what people do with it, and what must not happen to them."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

from demo.app import build_app, launch_options
from demo.page import Page
from demo.service import GenerationService
from demo.settings import REPOSITORY, AppSettings
from phenaki import Phenaki, PlannedClip, read_project
from tests.demo.browsing import BUFFERED, NEEDS_CHROMIUM, SHADE, Trouble, wait_until
from tests.demo.conftest import shade

pytestmark = NEEDS_CHROMIUM


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


@pytest.fixture
def studio(browser: Any, service: GenerationService) -> Iterator[Studio]:
    studio = Studio(browser, service)
    yield studio
    studio.close()


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


def count_frames(path: Path) -> int:
    return int(imageio_ffmpeg.count_frames_and_secs(str(path))[0])


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


def test_a_closed_tab_loses_nothing(studio, model):
    page = studio.open()
    write_prompt(page, 0, "a cat walks")
    page.wait_for_timeout(500)
    model.hold()
    page.click("#generate")
    wait_until(lambda: status(page).startswith("Making"), page)
    page.close()
    model.release(50)
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


def test_settings_follow_sliders_presets_and_undo(studio):
    page = studio.open()
    page.get_by_role("radio", name=re.compile("Paper")).check()
    wait_until(lambda: page.input_value("#steps input[type=number]") == "48", page)
    wait_until(lambda: studio.page().document["settings"].get("guidance_scale") == 12, page)
    page.fill("#steps input[type=number]", "30")
    page.locator("#steps input[type=number]").blur()
    wait_until(lambda: studio.page().document["settings"]["num_inference_steps"] == 30, page)
    page.locator("#editor .segment").first.focus()
    page.keyboard.press("Control+z")
    wait_until(lambda: page.input_value("#steps input[type=number]") == "48", page)
    page.keyboard.press("Control+z")
    wait_until(lambda: page.input_value("#steps input[type=number]") == "18", page)
    wait_until(lambda: page.get_by_role("radio", name=re.compile("Balanced")).is_checked(), page)


def test_an_opened_project_sets_the_sliders(studio, tmp_path):
    page = studio.open()
    path = tmp_path / "story.json"
    sampling = {"num_inference_steps": 31, "guidance_scale": 4}
    path.write_text(json.dumps({"segments": [{"prompt": "a fox", "seconds": 1.375}], "sampling": sampling}))
    with page.expect_file_chooser() as chooser:
        page.click("#open")
    chooser.value.set_files(str(path))
    wait_until(lambda: page.input_value("#steps input[type=number]") == "31", page)
    page.reload()
    page.wait_for_selector("#editor .segment")
    wait_until(lambda: page.input_value("#steps input[type=number]") == "31", page)


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=\"document.title='bad'\">", "${document.title='bad'}", "{{value}} `x` ${1}", "\"'`\\"]
)
def test_markup_in_a_prompt_stays_text(studio, model, text):
    page = studio.open()
    write_prompt(page, 0, text)
    wait_until(lambda: prompts(page)[0] == text, page)
    generate(page)
    assert model.made[0].prompt == text
    page.evaluate("() => window.dispatchEvent(new CustomEvent('phenaki:seek', {detail: {seconds: 0.2}}))")
    wait_until(lambda: page.locator("#film .caption").inner_text() == text, page)
    page.reload()
    page.wait_for_selector("#editor .segment")
    wait_until(lambda: prompts(page)[0] == text, page)
    assert page.title() == "Phenaki" and page.locator("img[src=x]").count() == 0


def test_bad_input_is_told_and_the_film_stays(studio, model):
    page = studio.open()
    generate(page)
    write_prompt(page, 1, "")
    page.wait_for_timeout(400)
    page.click("#generate")
    wait_until(lambda: "empty prompt" in status(page), page)
    assert page.evaluate(BUFFERED) and not studio.service.jobs(studio.page())


def test_a_project_is_saved_and_opened(studio, model, tmp_path):
    page = studio.open()
    write_prompt(page, 0, "a cat walks")
    page.wait_for_timeout(400)
    path = download(page, "#save")
    saved = json.loads(path.read_text())
    assert saved["segments"][0]["prompt"] == "a cat walks"
    page.click("#new")
    wait_until(lambda: prompts(page) == ["Empty prompt"] or len(prompts(page)) == 1, page)
    with page.expect_file_chooser() as chooser:
        page.click("#open")
    chooser.value.set_files(str(path))
    wait_until(lambda: prompts(page)[0] == "a cat walks", page)
    wait_until(lambda: "Opened" in status(page), page)


DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  for (const kind of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
}"""


def test_a_project_that_is_dropped_on_the_page_opens(studio):
    page = studio.open()
    text = json.dumps({"segments": [{"prompt": "a dropped fox", "seconds": 1.375, "seed": 12}]})
    page.evaluate(DROP, ["cat.txt", "meow"])
    page.evaluate(DROP, ["story.json", text])
    wait_until(lambda: prompts(page) == ["a dropped fox"], page)
    assert studio.page().document["segments"][0]["seed"] == 12


def test_every_format_is_exported(studio, model):
    page = studio.open()
    generate(page)
    frames = sum(clip.num_frames for clip in shown_clips(studio))
    tab(page, "Export")
    for label, suffix in [("WebM", ".webm"), ("GIF", ".gif"), ("PNG frames", ".zip"), ("Subtitles (SRT)", ".srt"),
                          ("Timeline (OTIO)", ".otio")]:  # fmt: skip
        page.locator("#export-format input").click()
        page.get_by_role("option", name=label, exact=True).click()
        path = download(page, "#export")
        assert path.suffix == suffix
        if suffix in (".webm", ".gif"):
            assert count_frames(path) == frames
        elif suffix == ".zip":
            names = zipfile.ZipFile(path).namelist()
            assert sum(name.endswith(".png") for name in names) == frames
        elif suffix == ".srt":
            assert prompts(page)[0] in path.read_text()
        else:
            assert json.loads(path.read_text())["OTIO_SCHEMA"] == "Timeline.1"


def test_an_export_can_be_cancelled_and_made_again(studio, monkeypatch):
    page = studio.open()
    generate(page)
    export, going = studio.service.export, threading.Event()

    def slowly(*arguments: Any) -> Any:
        path, progress = export(*arguments)
        return path, (part for part in progress if going.wait(0.5) or part)

    monkeypatch.setattr(studio.service, "export", slowly)
    tab(page, "Export")
    page.click("#export")
    line = page.locator("#export-line")
    wait_until(lambda: "Writing" in line.inner_text(), page)
    page.click("#cancel-export")
    wait_until(lambda: "cancelled" in line.inner_text(), page)
    wait_until(lambda: not list(studio.service.folder.rglob("*.mp4.*")), page)
    assert page.locator("#export").is_enabled() and not page.locator("#cancel-export").is_enabled()
    going.set()
    path = download(page, "#export")
    assert count_frames(path) == sum(clip.num_frames for clip in shown_clips(studio))
    assert len(list(studio.service.folder.rglob(path.name))) == 1, "the cancelled one left no file"


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


def test_the_page_is_usable_within_two_seconds(studio):
    studio.open().close()  # the server has answered once
    page = studio.browser.new_page()
    page.goto(studio.url, wait_until="commit")
    page.wait_for_selector("#editor .segment")
    seconds = page.evaluate("performance.now()") / 1000
    page.close()
    print(f"navigation to a usable page: {seconds:.2f} s")
    assert seconds < 4.0  # 2 on a quiet machine


def test_a_narrow_dark_screen_holds_everything(studio):
    page = studio.open(viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 391, "nothing sticks out"
    assert page.locator("#generate").is_visible() and page.locator("#editor .segment").first.is_visible()


def test_accessibility_has_no_serious_finding(studio):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = studio.open()
    generate(page)
    for name in ("Settings", "Stories", "Export", "Queue"):
        tab(page, name)
        found = axe.Axe().run(page).response["violations"]
        serious = [
            (v["id"], [n["html"][:160] for n in v["nodes"]][:4])
            for v in found
            if v["impact"] in ("serious", "critical")
        ]
        assert not serious, serious


def test_two_strangers_do_not_meet(studio, model):
    first, second = studio.open(), studio.open()
    write_prompt(first, 0, "a zanzibar fox")
    generate(first)
    assert "zanzibar" not in second.content()
    sessions = {page.session.token for page in studio.service._pages.values()}
    assert len(sessions) == 2


def test_ffprobe_reads_the_project_back(studio, model, tmp_path):
    import shutil

    if shutil.which("ffprobe") is None:
        pytest.skip("no ffprobe is installed (Debian: apt-get install ffmpeg)")
    page = studio.open()
    generate(page)
    tab(page, "Export")
    path = download(page, "#export")
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags=comment", "-of", "json", str(path)]
    tags = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)["format"]["tags"]
    assert json.loads(tags["comment"])["segments"][0]["prompt"] == prompts(page)[0]
