"""The player: an HTML component that plays a film while it is made. Its page side lives beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).parent
SCRIPTS = ("stream.js", "player.js")


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


class Player(gr.HTML):
    """Shows the value that ``demo/views.py`` builds: a film's id, its clips so far, its captions.

    All arguments have defaults because gradio builds the component anew whenever one of them is updated.
    """

    def __init__(self, value: dict[str, Any] | None = None, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "html_template": _read("player.html"),
            "css_template": _read("player.css"),
            "js_on_load": "\n".join(_read(name) for name in SCRIPTS),
            "apply_default_css": False,
        }
        super().__init__(value={} if value is None else value, **(defaults | options))

    def api_info(self) -> dict[str, Any]:
        """The value as a JSON schema."""
        clip = {"type": "object", "properties": {"start": {"type": "number"}, "url": {"type": "string"}}}
        return {
            "type": "object",
            "properties": {
                "film": {"type": "string"},
                "clips": {"type": "array", "items": clip},
                "end": {"type": "boolean"},
            },
        }
