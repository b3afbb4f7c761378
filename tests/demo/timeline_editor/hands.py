"""What a person does in the timeline editor, and what they see there."""

from __future__ import annotations

from typing import Any

from demo.settings import REPOSITORY
from tests.demo.timeline_editor.editor_page import EditorPage

FILM = REPOSITORY / "assets" / "examples" / "1-a-winter-walk" / "000.mp4"
MOVIE = f"gradio_api/file={FILM.as_posix()}"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def segments(page: Any) -> Any:
    return page.locator("#editor .segment")


def prompts(page: Any) -> list[str]:
    return page.locator("#editor .segment .label").all_inner_texts()


def lengths(page: Any) -> list[str]:
    return [text.split(" · ")[0] for text in page.locator("#editor .segment .below").all_inner_texts()]


def states(page: Any) -> list[str]:
    return segments(page).evaluate_all("nodes => nodes.map((node) => node.dataset.state)")


def message(page: Any) -> str:
    return page.locator("#editor .message").inner_text()


def summary(page: Any) -> str:
    return page.locator("#editor .summary").inner_text()


def do(page: Any, name: str) -> None:
    page.click(f"#editor [data-do={name}]")


def pick(page: Any, index: int) -> None:
    segments(page).nth(index).click(position={"x": 22, "y": 40})


def rest(page: Any) -> None:
    """Until everything has slid to its place."""
    page.wait_for_timeout(220)


def middle(page: Any, source: Any) -> tuple[float, float]:
    box = source.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def handle(page: Any, index: int, side: str = "right") -> Any:
    return segments(page).nth(index).locator(f".handle.{side}")


def drag(page: Any, source: Any, by: float, steps: int = 6, at: str = "middle") -> None:
    rest(page)
    x, y = middle(page, source)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=steps)
    page.mouse.up()
    rest(page)


def clip_pixels(page: Any) -> float:
    """Width of one clip on screen."""
    rest(page)
    text = page.evaluate("document.querySelector('#editor .canvas').style.getPropertyValue('--step')")
    return float(text.removesuffix("px"))


def tell_time(page: Any, seconds: float) -> None:
    page.evaluate("(s) => dispatchEvent(new CustomEvent('phenaki:time', { detail: { seconds: s } }))", seconds)


def row(site: EditorPage, page: Any, index: int) -> dict[str, Any]:
    return site.value(page)["segments"][index]
