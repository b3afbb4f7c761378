"""A page that mounts the timeline editor alone, with a server that can be told what to say and notes what it hears."""

from __future__ import annotations

import re
from typing import Any

import gradio as gr

from demo.settings import REPOSITORY
from demo.theme import CSS, build_theme
from demo.timeline_editor.component import TimelineEditor, shape_props, update_editor
from phenaki import ClipShape
from tests.demo.browsing import Trouble, wait_until

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
SETTINGS = {"num_inference_steps": 24, "guidance_scale": 5.0, "temperature": 1.0, "choice_temperature": 4.5}
WORDS = {
    "kinds": {
        "subjects": ["fox", "flying saucer", "robot", "rabbit"],
        "actions": ["walks right", "walks left", "jumps", "moves to the right"],
        "places": ["in the snow", "in the forest", "on the moon"],
    },
    "known": "a an and the in on to at fox flying saucer robot rabbit walks right left jumps moves snow forest".split()
    + ["moon"],
}  # fmt: skip
# A gif of one grey pixel, as a poster or a picture.
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAJmZmQAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="


def segment(prompt: str, clips: int = 2, **changes: Any) -> dict[str, Any]:
    """A segment of a document; its id follows from its prompt."""
    plain = {"locked": False, "num_inference_steps": None, "guidance_scale": None, "picture": None, "first_clip": 0}
    name = re.sub(r"\W+", "-", prompt)[:40]
    return {"id": name, "prompt": prompt, "clips": clips, "seed": 7} | plain | {"behind": None} | changes


def document(*segments: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A document of these segments; without any, one of three."""
    rows = list(segments) or [
        segment("a fox walks right in the snow", 2, seed=11),
        segment("the fox jumps", 3, seed=12),
        segment("a robot on the moon", 2, seed=13),
    ]
    plain = {"version": 2, "title": "Winter", "story": None, "settings": SETTINGS, "footage": None, "segments": rows}
    return plain | changes


def run_of(
    doc: dict[str, Any], state: str = "done", todo: int = 0, running: bool = False, **rows: Any
) -> dict[str, Any]:
    """A run in which all segments are in one state, except those in ``rows``, by their id."""
    made = {"done": 1, "stale": 0, "draft": 0, "waiting": 0, "running": 0, "paused": 0}
    segments = {}
    for row in doc["segments"]:
        plain = {"state": state, "part": float(made[state]), "made": made[state] * row["clips"], "seam": None}
        segments[row["id"]] = plain | {"clips": [None] * row["clips"]} | rows.get(row["id"], {})
    return {"film": "film-1", "running": running, "todo": todo, "segments": segments}


class EditorPage:
    """The served page. ``documents`` and ``events`` are what the server has heard, in order."""

    def __init__(self, browser: Any, doc: dict[str, Any] | None = None, **props: Any) -> None:
        self.browser = browser
        self.documents: list[dict[str, Any]] = []
        self.events: list[tuple[str, Any]] = []
        self.trouble = Trouble(warnings=True)
        self.contexts: list[Any] = []
        self.footage: dict[str, Any] = {"id": "video-1", "num_frames": 24, "poster": PIXEL}
        self.asked_paths: list[str] = []
        self._next: dict[str, Any] = {}
        self._shape = shape_props(ClipShape()) | props.pop("shape", {})
        self.blocks = self._build(document() if doc is None else doc, props)
        _, self.url, _ = self.blocks.launch(
            server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, theme=build_theme(), css_paths=[CSS],
            footer_links=[], run_history=False, allowed_paths=[str(REPOSITORY / "assets" / "examples")],
        )  # fmt: skip

    def _build(self, doc: dict[str, Any], props: dict[str, Any]) -> gr.Blocks:
        def read_footage(path: str) -> dict[str, Any]:
            self.asked_paths.append(path)
            return self.footage

        with gr.Blocks(title="Editor", analytics_enabled=False) as blocks:
            with gr.Column(elem_id="timeline"):
                editor = TimelineEditor(
                    doc, elem_id="editor", shape=self._shape, server_functions=[read_footage],
                    **({"words": WORDS} | props),
                )  # fmt: skip
            other = gr.Textbox(label="Elsewhere", elem_id="elsewhere")
            push = gr.Button("Push", elem_id="push")
            editor.change(self.documents.append, editor, None, **QUIET)
            multiple = {"trigger_mode": "multiple", "concurrency_limit": None}  # or one in a hurry would be lost
            editor.submit(lambda doc: self.events.append(("submit", doc)), editor, None, **multiple, **QUIET)
            editor.settings(self._hear("settings"), None, None, **multiple, **QUIET)
            editor.vary(self._hear("vary"), None, None, **QUIET)
            editor.stop_varying(self._hear("stop_varying"), None, None, **QUIET)
            push.click(lambda: update_editor(**self._next), None, editor, **QUIET)
            other.change(lambda: None, None, None, **QUIET)
        return blocks

    def _hear(self, name: str) -> Any:
        def hear(event: gr.EventData) -> None:
            self.events.append((name, event._data))

        return hear

    def open(self, **options: Any) -> Any:
        """A page in a browser of its own."""
        context = self.browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        self.trouble.watch(page)
        page.goto(self.url)
        page.wait_for_selector("#editor .message", state="attached")
        page.wait_for_timeout(200)
        return page

    def push(self, page: Any, **update: Any) -> None:
        """Let the server send an update to the page (see ``update_editor``)."""
        self._next = update
        page.evaluate("document.querySelector('#push').click()")

    def value(self, page: Any) -> dict[str, Any]:
        """The document as the server has it; waits until it has heard of the last edit."""
        page.wait_for_timeout(400)
        return wait_until(lambda: self.documents, page)[-1]  # the first one may take longer

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        self.blocks.close()
        assert not self.trouble, self.trouble
