"""What is on the page and where. Nothing here reacts to anything; ``app.py`` wires it."""

from __future__ import annotations

import html
from dataclasses import dataclass

import gradio as gr

from demo import views
from demo.document import Document
from demo.examples import Example
from demo.player.component import Player
from demo.start_image import StartImage
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


@dataclass
class Widgets:
    """Everything that can be read, written or clicked."""

    job_id: gr.BrowserState
    saved: gr.BrowserState
    player: Player
    generate: gr.Button
    stop: gr.Button
    status: StatusBar
    stories: list[gr.Button]
    sliders: list[gr.Slider]  # steps, guidance, temperature, choice temperature
    start_image: StartImage
    export: gr.Button
    open: gr.UploadButton
    save: gr.Button
    exported: gr.DownloadButton
    saved_file: gr.DownloadButton
    editor: TimelineEditor


def build_layout(model: Phenaki, examples: list[Example], first: Document, device: str) -> Widgets:
    """Lay out the page inside the current Blocks, with the first example, whose document is ``first``, open."""
    job_id = gr.BrowserState("", storage_key="phenaki-job", secret="phenaki")
    saved = gr.BrowserState(None, storage_key="phenaki-document", secret="phenaki")
    gr.HTML(MASTHEAD, elem_id="masthead")
    with gr.Column(elem_id="studio"):
        with gr.Column(elem_id="film"):
            player = Player(views.example_player_view(examples[0], model.clip))
        with gr.Column(elem_id="actions"):
            with gr.Row():
                generate = gr.Button("Generate", variant="primary", elem_id="generate")
                stop = gr.Button("Stop", interactive=False, elem_id="stop")
            status = StatusBar(views.message_view("Ready", device), elem_id="status")
        with gr.Column(elem_id="side"):
            gr.Markdown("## Start from a story")
            with gr.Row(elem_id="stories"):
                stories = [_story_button(example) for example in examples]
            sliders = _sliders(model)
            with gr.Accordion("Start from a picture", open=False):
                start_image = StartImage(
                    label="First frame",
                    show_label=False,
                    sources=["upload", "clipboard"],
                    height=170,
                    elem_id="start-image",
                    buttons=[],
                )
            if model.vocabulary:
                with gr.Accordion("What the model knows", open=False):
                    gr.Markdown(_vocabulary_text(model), elem_id="vocabulary")
            with gr.Row(elem_id="files"):
                export = gr.Button("Export MP4", elem_id="export")
                open_button = gr.UploadButton("Open", file_types=[".json", ".mp4"], elem_id="open")
                save = gr.Button("Save", elem_id="save")
            exported = gr.DownloadButton(visible="hidden", elem_id="exported-file")
            saved_file = gr.DownloadButton(visible="hidden", elem_id="saved-file")
        with gr.Column(elem_id="timeline"):
            editor = TimelineEditor(
                first,
                run=views.example_run_view(examples[0], first, model.clip),
                shape=shape_props(model.clip),
                elem_id="editor",
            )
    return Widgets(
        job_id, saved, player, generate, stop, status, stories, sliders, start_image,
        export, open_button, save, exported, saved_file, editor,
    )  # fmt: skip


def _story_button(example: Example) -> gr.Button:
    return gr.Button(example.title, icon=str(example.poster) if example.poster else None)


def _sliders(model: Phenaki) -> list[gr.Slider]:
    """The sampling settings, with the model's own as defaults."""
    defaults = model.config.sampling
    with gr.Row(elem_id="sliders"):
        steps = gr.Slider(1, 64, defaults.num_inference_steps, step=1, label="Steps", elem_id="steps")
        guidance = gr.Slider(1, 15, defaults.guidance_scale, step=0.1, label="Guidance", elem_id="guidance")
    with gr.Accordion("Advanced", open=False):
        gr.Markdown(
            "**Steps** refine each clip: more take longer and look steadier. "
            "**Guidance** keeps the film close to the prompt; 1 is off."
        )
        temperature = gr.Slider(
            0, 2, defaults.temperature, step=0.05, label="Temperature",
            info="Softness of the draw; 0 always takes the likeliest.",
        )  # fmt: skip
        choice_temperature = gr.Slider(
            0, 20, defaults.choice_temperature, step=0.1, label="Choice temperature",
            info="Noise on the order in which places are filled in.",
        )  # fmt: skip
    return [steps, guidance, temperature, choice_temperature]


def _vocabulary_text(model: Phenaki) -> str:
    lines = [f"**{html.escape(kind)}**: {html.escape(', '.join(words))}" for kind, words in model.vocabulary.items()]
    return "\n\n".join(lines)
