"""The page: what each event calls, and how it is served."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, astuple
from typing import Any

import gradio as gr
import torch

from demo import views
from demo.api import add_endpoints
from demo.handlers import Handlers
from demo.layout import Widgets, build_layout
from demo.page import Draft, Page
from demo.presets import presets
from demo.service import GenerationService
from demo.theme import CSS, build_theme
from phenaki import Phenaki

# A project or a film that is dropped anywhere on the page goes the way of the Open button.
TAKE_DROPS = """() => {
  const isProject = (file) => /\\.(json|mp4|webm|gif|zip|otio)$/i.test(file.name);
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  window.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  window.addEventListener("drop", (event) => {
    if (event.defaultPrevented || !carriesFiles(event)) return;
    event.preventDefault(); // the browser would leave the page for the file
    const files = [...event.dataTransfer.files].filter(isProject);
    const input = document.querySelector("#open")?.parentElement?.querySelector("input[type=file]");
    if (!files.length || !input) return;
    const taken = new DataTransfer();
    taken.items.add(files[0]);
    input.files = taken.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}"""
# Each tab keeps its own document through a reload; what all tabs keep together is for a tab that opens anew.
KEEP_DOCUMENT = """(document) => {
  try {
    sessionStorage.setItem("phenaki-document", JSON.stringify(document));
  } catch (error) {
    console.warn("The document is too large to be kept.", error);
  }
  return document;
}"""
FIND_DOCUMENT = """(shared, token) => {
  const own = sessionStorage.getItem("phenaki-document");
  return [own === null ? shared : JSON.parse(own), token];
}"""
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build_app(service: GenerationService) -> gr.Blocks:
    """The whole page for one model."""
    device = describe_device(service.model)
    handlers = Handlers(service, device)
    with gr.Blocks(title="Phenaki", analytics_enabled=False, delete_cache=(3600, 86400)) as blocks:
        add_endpoints(service)  # first, so that they get their names before the page's own events
        widgets = build_layout(service, first_views(service, device), device)
        follow = _wire_settings(widgets, service)
        _wire_films(widgets, handlers, follow)
        _wire_files(widgets, handlers, follow)
        _wire_page(blocks, widgets, handlers, follow)
    return blocks


def first_views(service: GenerationService, device: str) -> dict[str, dict[str, Any]]:
    """What a stranger sees: the first example, whose film is there."""
    example = service.examples[0]
    with service.sessions.passing() as session:
        page = Page(session, Draft(example.document), film=f"story:{example.name}")
        service.survey(page, example.document)
        return {
            "film": views.film_view(page, [], service.model.clip, service.pixels),
            "run": views.run_view(page, []),
            "status": views.status_view(page, [], service.queue, device),
        }


def launch_options(service: GenerationService) -> dict[str, Any]:
    """Arguments for ``Blocks.launch``: where it listens, how it looks, which files it serves."""
    settings = service.settings
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "inbrowser": settings.open_browser,
        "allowed_paths": [str(service.sessions.folder), str(settings.examples)],
        "max_file_size": f"{settings.max_upload_megabytes}mb",
        "theme": build_theme(),
        "css_paths": [CSS],
        "footer_links": [],
        "run_history": False,
        "mcp_server": settings.mcp,
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


def _wire_settings(widgets: Widgets, service: GenerationService) -> dict[str, Any]:
    """Sliders and presets are another way to edit the document's settings. All of it happens in the browser.

    Returns:
        The arguments of the event that lets them show the settings of a document that was opened.
    """
    defaults = service.model.config.sampling
    table = json.dumps({preset.name: list(asdict(preset.sampling).values()) for preset in presets(defaults)})
    names = json.dumps(list(asdict(defaults)))
    name_of = (
        f"(v) => (Object.entries({table}).find(([, w]) => w.every((x, i) => Math.abs(x - v[i]) < 1e-6)) ?? [null])[0]"
    )
    tell = (
        f"window.dispatchEvent(new CustomEvent('phenaki:settings', {{detail: "
        f"Object.fromEntries({names}.map((n, i) => [n, v[i]]))}}));"
    )
    for slider in widgets.sliders:
        slider.input(
            None, widgets.sliders, widgets.presets, js=f"(...v) => {{ {tell} return ({name_of})(v); }}", **QUIET
        )
    widgets.presets.input(
        None,
        widgets.presets,
        widgets.sliders,
        js=f"(name) => {{ const v = ({table})[name]; {tell} return v; }}",
        **QUIET,
    )
    show = f"(d) => {{ const v = {names}.map((n) => d.settings[n]); return [...v, ({name_of})(v)]; }}"
    follow = {"fn": None, "inputs": widgets.editor, "outputs": [*widgets.sliders, widgets.presets], "js": show, **QUIET}
    widgets.editor.settings(**follow)
    return follow


def _wire_films(widgets: Widgets, handlers: Handlers, follow: dict[str, Any]) -> None:
    """Generate, takes, Pause, Stop, the queue."""
    document, page_id = widgets.editor, widgets.page_id
    widgets.generate.click(None, js="() => { window.dispatchEvent(new CustomEvent('phenaki:generate')); }", **QUIET)
    document.submit(
        handlers.generate, [document, page_id], None, concurrency_limit=None, trigger_mode="multiple", **QUIET
    )
    document.vary(handlers.vary, [document, page_id], None, concurrency_limit=None, **QUIET)
    document.stop_varying(handlers.stop_varying, page_id, None, queue=False, **QUIET)
    widgets.pause.click(handlers.pause, page_id, None, queue=False, **QUIET)
    widgets.stop.click(handlers.stop, page_id, None, queue=False, **QUIET)
    widgets.queue.act(handlers.queue_action, page_id, document, queue=False, **QUIET).then(**follow)


def _wire_files(widgets: Widgets, handlers: Handlers, follow: dict[str, Any]) -> None:
    """New, Open, Save, the stories, Export."""
    document, page_id = widgets.editor, widgets.page_id
    widgets.new.click(handlers.new_project, page_id, document, **QUIET).then(**follow)
    widgets.open.upload(handlers.open_project, [widgets.open, page_id], document, **QUIET).then(**follow)
    for button, example in zip(widgets.stories, handlers.service.examples, strict=True):
        opening = button.click(
            lambda page, name=example.name: handlers.open_example(name, page), page_id, document, **QUIET
        )
        opening.then(**follow)
    widgets.save.click(
        handlers.save_project, [document, page_id], widgets.saved_file, concurrency_limit=None, **QUIET
    ).success(None, js=_download("saved-file"))

    def export(*values: Any) -> Iterator[list[Any]]:
        for file, line in handlers.export(*values):
            yield [file, line, gr.update(interactive=False), gr.update(interactive=True)]

    buttons = [widgets.export, widgets.cancel_export]
    exporting = widgets.export.click(
        export, [page_id, *widgets.export_options], [widgets.exported, widgets.export_line, *buttons],
        trigger_mode="multiple",  # "once" would drop a click that follows a cancellation at once
        concurrency_limit=None, **QUIET,
    )  # fmt: skip
    exporting.success(None, js=_download("exported-file"))
    free = [gr.update(interactive=True), gr.update(interactive=False)]
    exporting.then(lambda: free, None, buttons, queue=False, **QUIET)
    widgets.cancel_export.click(
        lambda: ["Export cancelled; nothing was written.", *free], None, [widgets.export_line, *buttons],
        cancels=[exporting], queue=False, **QUIET,
    )  # fmt: skip


def _wire_page(blocks: gr.Blocks, widgets: Widgets, handlers: Handlers, follow: dict[str, Any]) -> None:
    """The page opens, is told what is new, and keeps its document in the browser."""
    document, page_id = widgets.editor, widgets.page_id
    document.change(None, document, widgets.saved, js=KEEP_DOCUMENT, **QUIET)
    document.change(handlers.survey, [document, page_id], None, concurrency_limit=None, **QUIET)

    async def watch(page_id: str) -> AsyncIterator[list[Any]]:
        async for news in handlers.watch(page_id):
            yield list(astuple(news))

    told = [
        widgets.player, document, widgets.status, widgets.queue, widgets.pause, widgets.stop, widgets.presets,
    ]  # fmt: skip
    opening = blocks.load(
        handlers.open_page, [widgets.saved, widgets.token], [page_id, widgets.token, document], js=FIND_DOCUMENT,
        **QUIET,
    )  # fmt: skip
    opening.then(**follow)
    blocks.load(None, js=TAKE_DROPS, **QUIET)
    opening.then(watch, page_id, told, concurrency_limit=None, **QUIET)


def _download(elem_id: str) -> str:
    """A script that clicks on the hidden button which holds the file that a handler wrote."""
    return f"() => {{ document.querySelector('#{elem_id}')?.click(); }}"
