"""Colours and letters. Only fonts that are already on the reader's machine, so the page asks no other host for any."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

CSS = Path(__file__).with_name("theme.css")
FONTS = ("Inter", "ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
MONO_FONTS = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

IRIS = gr.themes.Color(
    name="iris",
    c50="#f3f3ff", c100="#e8e8ff", c200="#d3d2fe", c300="#b4b2fb", c400="#918ef4", c500="#706dea",
    c600="#5b57d9", c700="#4b46bd", c800="#3d3a98", c900="#343378", c950="#1f1e47",
)  # fmt: skip


def build_theme() -> gr.themes.Base:
    """The app's theme, for light and dark."""
    return gr.themes.Base(
        primary_hue=IRIS,
        secondary_hue=IRIS,
        neutral_hue="slate",
        radius_size="lg",
        font=[gr.themes.Font(name) for name in FONTS],
        font_mono=[gr.themes.Font(name) for name in MONO_FONTS],
    ).set(
        body_background_fill="#f4f5f9",
        body_background_fill_dark="#0d0e15",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#161823",
        background_fill_secondary="#f7f8fb",
        background_fill_secondary_dark="#12131c",
        block_background_fill="#ffffff",
        block_background_fill_dark="#161823",
        block_border_width="0px",
        block_shadow="none",
        block_shadow_dark="none",
        border_color_primary="#dfe2ea",
        border_color_primary_dark="#2a2d3c",
        input_background_fill="#f7f8fb",
        input_background_fill_dark="#12131c",
        body_text_color="#1a1c28",
        body_text_color_dark="#e9eaf2",
        body_text_color_subdued="#5d6375",
        body_text_color_subdued_dark="#9aa0b4",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#1e2130",
        button_secondary_background_fill_hover="#f0f1f7",
        button_secondary_background_fill_hover_dark="#272b3d",
        button_secondary_border_color="#d4d8e3",
        button_secondary_border_color_dark="#33374a",
        button_border_width="1px",
        block_title_text_color="*body_text_color",
        block_title_text_color_dark="*body_text_color",
        block_label_text_color="*body_text_color_subdued",
        block_label_text_color_dark="*body_text_color_subdued",
        layout_gap="10px",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
    )
