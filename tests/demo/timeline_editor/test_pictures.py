"""Pictures that segments start from, and videos that films begin with."""

from __future__ import annotations

from typing import Any

from tests.demo.browsing import NEEDS_CHROMIUM, wait_until
from tests.demo.timeline_editor.editor_page import PIXEL, document, segment
from tests.demo.timeline_editor.hands import (
    FILM,
    do,
    drag,
    lengths,
    message,
    pick,
    rest,
    row,
    segments,
    summary,
)

pytestmark = NEEDS_CHROMIUM

COLOUR = """async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return [image.width, image.height, ...context.getImageData(128, 128, 1, 1).data].slice(0, 5);
}"""


def colour(page: Any, address: str) -> str:
    width, height, *rgb = page.evaluate(COLOUR, address)
    assert (width, height) == (256, 256)
    return ("red", "green", "blue")[rgb.index(max(rgb))]


def test_a_segment_starts_from_a_picture_that_is_cut_to_a_square(site, wide_picture):
    page = site.open()
    pick(page, 1)
    do(page, "fold-picture")
    page.set_input_files("#editor .picture-file", wide_picture)
    page.wait_for_selector("#editor .crop-window")
    assert lengths(page)[1] == "2.875 s", "a new shot has the opening frames"
    picture = row(site, page, 1)["picture"]
    assert picture.startswith("data:image/webp;base64,") and colour(page, picture) == "green"
    assert segments(page).nth(1).locator(".mark-picture").is_visible()
    box = page.locator("#editor .crop-window").bounding_box()
    drag(page, page.locator("#editor .crop-window"), box["width"])
    assert colour(page, row(site, page, 1)["picture"]) == "blue"
    page.focus("#editor .crop-window")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert colour(page, row(site, page, 1)["picture"]) == "red"
    for _ in range(21):
        page.keyboard.press("Control+z")
    assert colour(page, row(site, page, 1)["picture"]) == "green"
    do(page, "remove-picture")
    assert row(site, page, 1)["picture"] is None and page.locator("#editor .drop").is_visible()


GIVE_FILE = """async ([kind, selector, address, name, type]) => {
  const blob = await (await fetch(address)).blob();
  const data = new DataTransfer();
  data.items.add(new File([blob], name, { type }));
  const target = document.querySelector(selector);
  const options = { bubbles: true, cancelable: true };
  if (kind === "paste") target.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
  else {
    for (const name of ["dragover", "drop"]) {
      target.dispatchEvent(new DragEvent(name, { ...options, dataTransfer: data }));
    }
  }
}"""


def test_a_picture_is_dropped_or_pasted(site):
    page = site.open()
    pick(page, 2)
    page.evaluate(GIVE_FILE, ["drop", "#editor .segment:nth-child(2)", PIXEL, "a.gif", "image/gif"])
    wait_until(lambda: site.documents and site.documents[-1]["segments"][1]["picture"], page)
    assert site.documents[-1]["segments"][2]["picture"] is None
    pick(page, 0)
    page.evaluate(GIVE_FILE, ["paste", "body", PIXEL, "a.gif", "image/gif"])
    wait_until(lambda: site.documents[-1]["segments"][0]["picture"], page)
    heard = len(site.documents)
    page.evaluate(GIVE_FILE, ["paste", "#elsewhere", PIXEL, "a.gif", "image/gif"])
    page.evaluate(GIVE_FILE, ["drop", "#editor .inspector", PIXEL, "a.json", "application/json"])
    page.evaluate(GIVE_FILE, ["paste", "body", "data:image/png;base64,AAAA", "words.png", "image/png"])
    wait_until(lambda: "is no picture" in message(page), page)
    site.value(page)
    assert len(site.documents) == heard


def test_a_film_begins_with_a_video(site):
    page = site.open()
    page.set_input_files("#editor .footage-file", FILM)
    wait_until(lambda: "begins with your video, 3 s" in message(page), page)
    assert site.value(page)["footage"] == site.footage
    assert site.asked_paths[0].endswith("000.mp4")
    assert page.locator("#editor .footage-text").inner_text() == "Your video · 3 s"
    assert lengths(page)[0] == "1.5 s", "the first segment goes on from the video"
    assert summary(page) == "3 segments · 8.25 s · 66 frames"
    site.footage = {"error": "This video has only 2 frames. Use a longer one."}
    page.set_input_files("#editor .footage-file", FILM)
    wait_until(lambda: "only 2 frames" in message(page), page)
    do(page, "remove-footage")
    assert site.value(page)["footage"] is None and lengths(page)[0] == "2.125 s"
    page.keyboard.press("Control+z")
    assert page.locator("#editor .footage").is_visible()


def test_pictures_of_a_document_never_come_from_another_host(serve):
    """A project file may hold anything; the page's list of requests is checked at the end of every test."""
    rows = [segment("one", picture="http://example.com/a.png"), segment("two", picture="javascript:alert(1)")]
    site = serve(document(*rows, footage={"id": "x", "num_frames": 9, "poster": "http://example.com/b.png"}))
    page = site.open()
    pick(page, 0)
    rest(page)
    assert page.locator("#editor .picture").count() == 0
