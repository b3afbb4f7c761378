"""The timeline editor: an HTML component whose page side lives in the files beside this one.

The script puts a constant page in place and builds the rest, and writes text only as text. gradio's own templates stay
empty: it would read them anew, styles and all, whenever the document changes, and text in them as code.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from phenaki import (
    MAX_BEHIND,
    MAX_PROMPT_CHARS,
    MAX_SECONDS,
    MAX_SEED,
    MAX_SEGMENTS,
    ClipShape,
    SamplingConfig,
)

FOLDER = Path(__file__).parent
SCRIPTS = (
    "document.js", "words.js", "history.js", "state.js", "view.js", "time.js", "drag.js", "inspector.js", "prompt.js",
    "picture.js", "footage.js", "variations.js", "actions.js", "keys.js", "main.js",
)  # fmt: skip
STYLES = ("editor.css", "track.css", "inspector.css", "narrow.css")
EMPTY_DOCUMENT: dict[str, Any] = {
    "version": 2,
    "title": "",
    "story": None,
    "settings": asdict(SamplingConfig()),
    "footage": None,
    "segments": [],
}
AS_TEXT = ("run", "variations", "words")  # the page's framework would watch every field of hundreds of rows one by one


# The id in front belongs to nothing; it lends the rules the weight to win over the page's general ones.
SCOPE = ":is(#_, .timeline-editor)"


def _read(*names: str) -> str:
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


def page_script() -> str:
    """The page's side in one piece: what it consists of, how it looks, and what it does."""
    page = f"<style>{_read('motion.css')}\n{SCOPE} {{ {_read(*STYLES)} }}</style>\n{_read('editor.html')}"
    return f"element.innerHTML = {json.dumps(page)};\n{_read(*SCRIPTS)}"


class TimelineEditor(gr.HTML):
    """Edits a document of version 2, which is its value.

    Properties besides the value: ``run`` tells of each segment what is made of it, ``progress`` what moves between two
    runs, ``variations`` the other seeds of one segment; ``shape`` is how the model cuts time and how long a film may
    be, ``words`` what the model knows. ``run``, ``variations`` and ``words`` are JSON text.
    Events: ``change``, ``submit`` (make what is missing), ``settings`` (the document's settings have changed otherwise
    than by the sliders), ``vary`` (with ``segment``, an id) and ``stop_varying``.
    A function ``read_footage`` among ``server_functions`` lets people begin with a video.
    All arguments have defaults because gradio builds the component anew whenever one of them is updated.
    """

    def __init__(self, value: dict[str, Any] | None = None, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "html_template": "<div></div>",
            "css_template": "",
            "js_on_load": page_script(),
            "apply_default_css": False,
            "run": "{}",
            "progress": {},
            "variations": "{}",
            "words": "{}",
            "shape": shape_props(ClipShape()),
        }
        super().__init__(value=EMPTY_DOCUMENT if value is None else value, **(defaults | _texts(options)))

    def api_info(self) -> dict[str, Any]:
        """The document as a JSON schema."""
        number = {"type": "number"}
        optional_integer = {"type": ["integer", "null"]}
        optional_text = {"type": ["string", "null"]}
        optional_object = {"type": ["object", "null"]}
        segment = {
            "id": {"type": "string"},
            "prompt": {"type": "string"},
            "clips": {"type": "integer"},
            "seed": {"type": "integer"},
            "locked": {"type": "boolean"},
            "num_inference_steps": optional_integer,
            "guidance_scale": {"type": ["number", "null"]},
            "picture": optional_text,
            "first_clip": {"type": "integer"},
            "behind": optional_object,
        }
        settings = {
            "num_inference_steps": {"type": "integer"},
            "guidance_scale": number,
            "temperature": number,
            "choice_temperature": number,
        }
        return {
            "type": "object",
            "properties": {
                "version": {"type": "integer"},
                "title": {"type": "string"},
                "story": optional_text,
                "settings": {"type": "object", "properties": settings},
                "footage": optional_object,
                "segments": {"type": "array", "items": {"type": "object", "properties": segment}},
            },
        }


def update_editor(
    document: dict[str, Any] | None = None,
    run: dict[str, Any] | None = None,
    progress: dict[str, Any] | None = None,
    variations: dict[str, Any] | None = None,
) -> gr.HTML:
    """An update of what is given; the rest stays, above all what someone is typing."""
    changes = {"value": document, "run": run, "progress": progress, "variations": variations}
    return gr.HTML(**_texts({name: value for name, value in changes.items() if value is not None}))


def shape_props(
    shape: ClipShape, max_seconds: float = MAX_SECONDS, max_segments: int = MAX_SEGMENTS
) -> dict[str, float]:
    """What the page needs to know of a clip shape and of the limits of a film."""
    return {
        "fps": shape.fps,
        "lead_frames": shape.prime_frames,
        "step_frames": shape.new_frames,
        "max_seconds": max_seconds,
        "max_segments": max_segments,
        "max_prompt_chars": MAX_PROMPT_CHARS,
        "max_seed": MAX_SEED,
        "max_behind": MAX_BEHIND,
    }


def _texts(options: dict[str, Any]) -> dict[str, Any]:
    is_text = {name: json.dumps(options[name]) for name in AS_TEXT if isinstance(options.get(name), dict)}
    return options | is_text
