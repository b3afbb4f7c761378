"""Settings, projects that are opened and saved, and input that is wrong or wicked."""

from __future__ import annotations

import json
import re

import pytest

from tests.demo.browsing import BUFFERED, NEEDS_CHROMIUM, wait_until
from tests.demo.studio.studio_page import download, generate, prompts, status, write_prompt

pytestmark = NEEDS_CHROMIUM


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
