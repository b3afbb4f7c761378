"""What is on the page and where. Nothing here reacts to anything; ``app.py`` wires it."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from demo.examples import Example
from demo.handlers import check_footage
from demo.player.component import Player
from demo.presets import preset_choices
from demo.queue_panel.component import QueuePanel
from demo.service import GenerationService
from demo.status_bar.component import StatusBar
from demo.timeline_editor.component import TimelineEditor, shape_props
from phenaki import Phenaki

MASTHEAD = """
<header>
  <svg viewBox="0 0 80 80" aria-hidden="true"><circle cx="40" cy="40" r="34"/>
    <path d="M40 12v11M40 57v11M12 40h11M57 40h11M20.2 20.2l7.8 7.8M52 52l7.8 7.8M59.8 20.2 52 28M28 52l-7.8 7.8"/>
  </svg>
  <h1>Phenaki</h1><p>Lay prompts along the timeline, and watch them become a film.</p>
</header>"""
FORMATS = [("MP4", "mp4"), ("WebM", "webm"), ("GIF", "gif"), ("PNG frames", "png"), ("Subtitles (SRT)", "srt"),
           ("Subtitles (WebVTT)", "vtt"), ("Timeline (OTIO)", "otio")]  # fmt: skip
SIZES = [256, 512, 1024]


@dataclass
class Widgets:
    """Everything that can be read, written or clicked."""

    page_id: gr.State
    token: gr.BrowserState
    saved: gr.BrowserState
    new: gr.Button
    open: gr.UploadButton
    save: gr.Button
    player: Player
    generate: gr.Button
    pause: gr.Button
    stop: gr.Button
    status: StatusBar
    presets: gr.Radio
    sliders: list[gr.Slider]  # steps, guidance, temperature, choice temperature
    stories: list[gr.Button]
    export_options: list[Any]  # format, size, enlarging, frame rate, burnt captions
    export: gr.Button
    cancel_export: gr.Button
    export_line: gr.Markdown
    exported: gr.DownloadButton
    saved_file: gr.DownloadButton
    queue: QueuePanel
    editor: TimelineEditor


def build_layout(service: GenerationService, views: dict[str, dict[str, Any]], device: str) -> Widgets:
    """Lay out the page inside the current Blocks.

    Args:
        service: what the app runs.
        views: the first "film", "run" and "status" to be seen.
        device: a line about model and machine.
    """
    model, examples = service.model, service.examples
    page_id = gr.State("")
    token = gr.BrowserState("", storage_key="phenaki-session", secret="phenaki")
    saved = gr.BrowserState(None, storage_key="phenaki-document", secret="phenaki")
    with gr.Row(elem_id="masthead"):
        gr.HTML(MASTHEAD)
        new = gr.Button("New", elem_id="new", size="sm")
        open_button = gr.UploadButton(
            "Open", file_types=[".json", ".mp4", ".webm", ".gif", ".zip", ".otio"], elem_id="open", size="sm"
        )
        save = gr.Button("Save", elem_id="save", size="sm")
    with gr.Column(elem_id="studio"):
        with gr.Column(elem_id="film"):
            player = Player(film=json.dumps(views["film"]))
        with gr.Column(elem_id="actions"):
            with gr.Row():
                generate = gr.Button("Generate", variant="primary", elem_id="generate")
                pause = gr.Button("Pause", interactive=False, elem_id="pause")
                stop = gr.Button("Stop", interactive=False, elem_id="stop")
            status = StatusBar(views["status"], elem_id="status")
        with gr.Column(elem_id="side"), gr.Tabs():
            with gr.Tab("Settings"):
                presets, sliders = _settings(service)
            with gr.Tab("Stories"), gr.Row(elem_id="stories"):
                stories = [_story_button(example) for example in examples]
            with gr.Tab("Export"):
                options, export, cancel_export, export_line = _export(model)
            with gr.Tab("Queue"):
                queue = QueuePanel(elem_id="queue")
            if model.vocabulary:
                with gr.Tab("Words"):
                    gr.Markdown(_vocabulary_text(model), elem_id="vocabulary")
        exported = gr.DownloadButton(visible="hidden", elem_id="exported-file")
        saved_file = gr.DownloadButton(visible="hidden", elem_id="saved-file")
        with gr.Column(elem_id="timeline"):
            editor = TimelineEditor(
                examples[0].document,
                run=json.dumps(views["run"]),
                shape=shape_props(model.clip),
                words=json.dumps({"kinds": dict(model.vocabulary), "known": list(model.known_words)}),
                server_functions=[check_footage(service)],
                elem_id="editor",
            )
    return Widgets(
        page_id, token, saved, new, open_button, save, player, generate, pause, stop, status, presets, sliders, stories,
        options, export, cancel_export, export_line, exported, saved_file, queue, editor,
    )  # fmt: skip


def _story_button(example: Example) -> gr.Button:
    return gr.Button(example.title, icon=str(example.poster) if example.poster else None)


def _settings(service: GenerationService) -> tuple[gr.Radio, list[gr.Slider]]:
    """Presets and the sampling settings, with the model's own as defaults."""
    defaults = service.model.config.sampling
    presets = gr.Radio(
        preset_choices(defaults, service.worker.pace), value="Balanced", label="Quality", elem_id="presets",
        info="The time is that of one clip on this machine.",
    )  # fmt: skip
    with gr.Row(elem_id="sliders"):
        steps = gr.Slider(1, 64, defaults.num_inference_steps, step=1, label="Steps", elem_id="steps")
        guidance = gr.Slider(1, 15, defaults.guidance_scale, step=0.1, label="Guidance", elem_id="guidance")
    with gr.Accordion("Advanced", open=False):
        gr.Markdown(
            "**Steps** refine each clip: more take longer and look steadier. "
            "**Guidance** keeps the film close to the prompt; 1 is off."
        )
        temperature = gr.Slider(
            0, 2, defaults.temperature, step=0.05, label="Temperature", elem_id="temperature",
            info="Softness of the draw; 0 always takes the likeliest.",
        )  # fmt: skip
        choice_temperature = gr.Slider(
            0, 20, defaults.choice_temperature, step=0.1, label="Choice temperature", elem_id="choice-temperature",
            info="Noise on the order in which places are filled in.",
        )  # fmt: skip
    return presets, [steps, guidance, temperature, choice_temperature]


def _export(model: Phenaki) -> tuple[list[Any], gr.Button, gr.Button, gr.Markdown]:
    """Formats and their options."""
    with gr.Row(elem_id="export-options"):
        kind = gr.Dropdown(FORMATS, value="mp4", label="Format", elem_id="export-format")
        size = gr.Dropdown(SIZES, value=512, label="Size", elem_id="export-size", info="pixels")
    with gr.Row(elem_id="export-details"):
        enlarge = gr.Dropdown([("Smooth", "smooth"), ("Pixels", "nearest")], value="smooth", label="Enlarge")
        fps = gr.Dropdown(
            [(f"{model.clip.fps} (as made)", 0), ("12", 12), ("24", 24), ("30", 30), ("60", 60)], value=0,
            label="Frames a second",
        )  # fmt: skip
    burn = gr.Checkbox(label="Prompts as captions in the picture", elem_id="export-captions")
    with gr.Row(elem_id="export-buttons"):
        export = gr.Button("Export", elem_id="export")
        cancel = gr.Button("Cancel", elem_id="cancel-export", interactive=False)
    line = gr.Markdown("", elem_id="export-line")
    return [kind, size, enlarge, fps, burn], export, cancel, line


def _vocabulary_text(model: Phenaki) -> str:
    lines = [f"**{html.escape(kind)}**: {html.escape(', '.join(words))}" for kind, words in model.vocabulary.items()]
    return "\n\n".join(lines)
