"""The page: layout, what each event calls, and how it is served."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import gradio as gr
import torch

from demo.api import add_endpoints
from demo.examples import load_examples
from demo.handlers import Handlers, Opened, Watched
from demo.layout import Widgets, build_layout
from demo.service import GenerationService
from demo.theme import CSS, build_theme
from phenaki import Phenaki

# Kept by the browser alone: no request is made while someone types.
AUTOSAVE = "(document, ...settings) => ({ document, settings })"
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build_app(service: GenerationService) -> gr.Blocks:
    """The whole page for one model."""
    model = service.model
    device = describe_device(model)
    examples = load_examples(service.settings.examples, model.clip)
    handlers = Handlers(service, examples, device)
    with gr.Blocks(title="Phenaki", analytics_enabled=False, delete_cache=(3600, 86400)) as blocks:
        add_endpoints(service)  # first, so that they get their names before the page's own events
        widgets = build_layout(model, examples, handlers.example_document(examples[0]), device)
        watch = _wire_films(widgets, handlers)
        _wire_files(widgets, handlers)
        opened = [
            widgets.editor, widgets.player, widgets.status, widgets.job_id, *widgets.sliders, widgets.start_image,
        ]  # fmt: skip
        _wire_opening(widgets, handlers, opened)
        kept = [widgets.saved, widgets.job_id]
        blocks.load(lambda *values: _outputs(handlers.restore(*values)), kept, opened, **QUIET).then(**watch)
    return blocks


def launch_options(service: GenerationService) -> dict[str, Any]:
    """Arguments for ``Blocks.launch``: where it listens, how it looks, which files it serves."""
    settings = service.settings
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "inbrowser": settings.open_browser,
        "allowed_paths": [str(service.folder), str(settings.examples)],
        "max_file_size": f"{settings.max_upload_megabytes}mb",
        "theme": build_theme(),
        "css_paths": [CSS],
        "footer_links": [],
        "run_history": False,
        "quiet": True,
    }


def describe_device(model: Phenaki) -> str:
    """The model, where it runs and with which kernels, for people."""
    if model.device.type == "cuda":
        place = torch.cuda.get_device_name(model.device)
    elif model.device.type == "cpu":
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        place = f"the processor ({cores} cores)"
    else:
        place = model.device.type
    return f"{model.config.name} on {place}; kernels: {model.kernels}"


def _wire_films(widgets: Widgets, handlers: Handlers) -> dict[str, Any]:
    """Generate and Stop. Returns the arguments of the event that follows a running job."""
    openers = [widgets.open, *widgets.stories]
    outputs = [
        widgets.job_id, widgets.player, widgets.editor, widgets.status, widgets.generate, widgets.stop, *openers,
    ]  # fmt: skip

    def updates(now: Watched) -> list[Any]:
        busy = [gr.update(interactive=not now.running), gr.update(interactive=now.running)]
        free = [gr.update(interactive=not now.running) for _ in openers]
        return [now.job_id, now.player, now.editor, now.status, *busy, *free]

    def generate(*values: Any) -> Iterator[list[Any]]:
        yield from map(updates, handlers.generate(*values))

    def watch(job_id: Any) -> Iterator[list[Any]]:
        yield from map(updates, handlers.watch(job_id))

    gr.on(
        [widgets.generate.click, widgets.editor.submit],
        generate,
        [widgets.editor, *widgets.sliders, widgets.start_image, widgets.job_id],
        outputs,
        concurrency_limit=None,
        **QUIET,
    )
    widgets.stop.click(handlers.stop, widgets.job_id, None, queue=False, **QUIET)
    return {"fn": watch, "inputs": widgets.job_id, "outputs": outputs, "concurrency_limit": None, **QUIET}


def _wire_files(widgets: Widgets, handlers: Handlers) -> None:
    """Export, Save, and the copy that the browser keeps."""
    widgets.export.click(
        handlers.export, widgets.job_id, [widgets.exported, widgets.status], concurrency_limit=None, **QUIET
    ).success(None, js=_download("exported-file"))
    document = [widgets.editor, *widgets.sliders]
    widgets.save.click(
        handlers.save_project,
        [*document, widgets.start_image, widgets.job_id],
        [widgets.saved_file, widgets.status],
        queue=False,
        **QUIET,
    ).success(None, js=_download("saved-file"))
    changes = [widgets.editor.change, *(slider.change for slider in widgets.sliders)]
    gr.on(changes, None, document, widgets.saved, js=AUTOSAVE)


def _wire_opening(widgets: Widgets, handlers: Handlers, opened: list[Any]) -> None:
    """Open and the stories."""
    widgets.open.upload(lambda path: _outputs(handlers.open_project(path)), widgets.open, opened, **QUIET)
    for button, example in zip(widgets.stories, handlers.examples, strict=True):
        button.click(lambda name=example.name: _outputs(handlers.open_example(name)), None, opened, **QUIET)


def _outputs(opened: Opened) -> list[Any]:
    return [getattr(opened, field.name) for field in fields(opened)]


def _download(elem_id: str) -> str:
    """A script that clicks on the hidden button which holds the file that a handler wrote."""
    return f"() => {{ document.querySelector('#{elem_id}')?.click(); }}"
