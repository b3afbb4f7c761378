"""The status line: an HTML component that says what is happening. Its page side lives beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).parent


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


class StatusBar(gr.HTML):
    """Shows the value that ``status_view`` of ``demo/views.py`` builds."""

    def __init__(self, value: dict[str, Any] | None = None, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "html_template": _read("status.html"),
            "css_template": _read("status.css"),
            "js_on_load": _read("status.js"),
            "apply_default_css": False,
        }
        super().__init__(value={} if value is None else value, **(defaults | options))

    def api_info(self) -> dict[str, Any]:
        """The value as a JSON schema."""
        return {"type": "object", "properties": {"state": {"type": "string"}, "text": {"type": "string"}}}
