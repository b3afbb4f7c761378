"""The timeline editor: an HTML component whose page side lives in the files beside this one.

The template is constant and never holds a prompt: the page's own script builds the rest, and writes text only as text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

from phenaki import ClipShape

FOLDER = Path(__file__).parent
SCRIPTS = ("document.js", "view.js", "editor.js", "drag.js")
EMPTY_DOCUMENT: dict[str, Any] = {"seed": None, "segments": []}


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


class TimelineEditor(gr.HTML):
    """Edits a document (see ``demo/document.py``), which is its value.

    ``run`` and ``progress`` are what the last film's job says of each segment, ``shape`` how the model cuts time. The
    run is JSON text: the page's framework would watch every field of hundreds of rows one by one.
    All arguments have defaults because gradio builds the component anew whenever one of them is updated.
    """

    def __init__(self, value: dict[str, Any] | None = None, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "html_template": _read("editor.html"),
            "css_template": _read("editor.css"),
            "js_on_load": "\n".join(_read(name) for name in SCRIPTS),
            "apply_default_css": False,
            "run": "{}",
            "progress": {},
            "shape": shape_props(ClipShape()),
        }
        if isinstance(options.get("run"), dict):
            options["run"] = json.dumps(options["run"])
        super().__init__(value=EMPTY_DOCUMENT if value is None else value, **(defaults | options))

    def api_info(self) -> dict[str, Any]:
        """The document as a JSON schema."""
        seed = {"type": ["integer", "null"]}
        segment = {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "prompt": {"type": "string"},
                "clips": {"type": "integer"},
                "seed": seed,
            },
        }
        return {"type": "object", "properties": {"seed": seed, "segments": {"type": "array", "items": segment}}}


def update_editor(
    document: dict[str, Any] | None = None, run: dict[str, Any] | None = None, progress: dict[str, Any] | None = None
) -> gr.HTML:
    """An update of what is given; the rest stays, above all what someone is typing."""
    changes: dict[str, Any] = {}
    if document is not None:
        changes["value"] = document
    if run is not None:
        changes["run"] = json.dumps(run)
    if progress is not None:
        changes["progress"] = progress
    return gr.HTML(**changes)


def shape_props(shape: ClipShape) -> dict[str, int]:
    """What the page needs to know of a clip shape."""
    return {"fps": shape.fps, "lead_frames": shape.prime_frames, "step_frames": shape.new_frames}
