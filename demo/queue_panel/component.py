"""The queue panel: an HTML component that lists a session's jobs. Its page side lives beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).parent


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


class QueuePanel(gr.HTML):
    """Shows what ``jobs_view`` of ``demo/views.py`` builds, as JSON text.

    Event ``act``: someone wants something of a job, ``{"job": id, "action": "up", "down", "edit", "pause", "resume" or
    "cancel"}``.
    """

    def __init__(self, value: str | None = None, **options: Any) -> None:
        defaults: dict[str, Any] = {
            "html_template": _read("queue.html"),
            "css_template": _read("queue.css"),
            "js_on_load": _read("queue.js"),
            "apply_default_css": False,
        }
        super().__init__(value=json.dumps({"jobs": []}) if value is None else value, **(defaults | options))

    def api_info(self) -> dict[str, Any]:
        """The value as a JSON schema."""
        return {"type": "string"}
