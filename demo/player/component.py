"""The player: an HTML component that plays a film while it is made. Its page side lives beside this file.

The template is constant and never holds a prompt: the page's own script builds the rest, and writes text only as text.
Markup and style are handed to that script, because the page's framework compiles its templates anew, and replaces the
whole style sheet, whenever a prop changes: 6 ms of a slow processor for each preview.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).parent
# one function on the page, in this order
SCRIPTS = (
    "shell.js", "options.js", "film.js", "clip_files.js", "source_stream.js", "file_stream.js", "transport.js",
    "picture.js", "seek_bar.js", "live_view.js", "player.js", "controls.js", "keys.js", "start.js",
)  # fmt: skip


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _script() -> str:
    given = {"MARKUP": _read("player.html"), "STYLE": _read("player.css")}
    lines = [f"const {name} = {json.dumps(text)};" for name, text in given.items()]
    return "\n".join([*lines, *map(_read, SCRIPTS)])


class Player(gr.HTML):
    """Shows a film clip by clip, and of the clip that is being made what the model guesses so far.

    ``film`` and ``preview`` are JSON text (or what becomes it): the page's framework would watch every field of
    hundreds of rows one by one. They are two, so that a preview, which comes often, does not carry the film along.

    ``film``: ``{"film": id, "fps", "seconds", "running", "clips": [{"key", "url", "start", "seconds", "stale"}],
    "captions": [{"start", "end", "prompt"}]}``. The same id with other clips is an edit of the film that plays: the
    position stays. Another id starts over. ``"pixels"``, which may be null, is the width of the model's own
    pictures where the clips show these: with it, they can be shown as crisp squares.

    ``preview``: ``{}`` or ``{"clip": key, "picture": data URL, "mask": "0110...", "rows", "columns", "step", "steps",
    "seconds"}``; in the mask, 1 is a token that is still to be filled in, row by row.

    All arguments have defaults because gradio builds the component anew whenever one of them is updated.
    """

    def __init__(self, value: None = None, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "html_template": "<div></div>",
            "css_template": "",
            "js_on_load": _script(),
            "apply_default_css": False,
            "film": "{}",
            "preview": "{}",
        }
        for name in ("film", "preview"):
            if isinstance(options.get(name), dict):
                options[name] = json.dumps(options[name])
        super().__init__(value=value, **(defaults | options))


def update_player(film: dict[str, Any] | None = None, preview: dict[str, Any] | None = None) -> gr.HTML:
    """An update of what is given; the rest stays."""
    changes = {"film": film, "preview": preview}
    return gr.HTML(**{name: json.dumps(value) for name, value in changes.items() if value is not None})
