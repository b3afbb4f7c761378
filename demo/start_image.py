"""The field for a picture that becomes the film's first frame."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.data_classes import ImageData


class StartImage(gr.Image):
    """An image field that hands over the file's bytes unread: the library says what is an image, and why not."""

    def get_block_name(self) -> str:
        """The page draws it with gradio's own image field."""
        return "image"

    def preprocess(self, payload: ImageData | None) -> bytes | None:  # type: ignore[override]
        """Bytes of the chosen file; gradio has checked that it is one that was uploaded here."""
        if payload is None or payload.path is None:
            return None
        return Path(payload.path).read_bytes()
