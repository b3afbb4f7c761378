"""Films that are taken away, in every format."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import zipfile
from typing import Any

import pytest

from tests.demo.browsing import NEEDS_CHROMIUM, wait_until
from tests.demo.studio.studio_page import count_frames, download, generate, prompts, shown_clips, tab

pytestmark = NEEDS_CHROMIUM


def test_every_format_is_exported(studio, model):
    page = studio.open()
    generate(page)
    frames = sum(clip.num_frames for clip in shown_clips(studio))
    tab(page, "Export")
    for label, suffix in [("WebM", ".webm"), ("GIF", ".gif"), ("PNG frames", ".zip"), ("Subtitles (SRT)", ".srt"),
                          ("Timeline (OTIO)", ".otio")]:  # fmt: skip
        page.locator("#export-format input").click()
        page.get_by_role("option", name=label, exact=True).click()
        path = download(page, "#export")
        assert path.suffix == suffix
        if suffix in (".webm", ".gif"):
            assert count_frames(path) == frames
        elif suffix == ".zip":
            names = zipfile.ZipFile(path).namelist()
            assert sum(name.endswith(".png") for name in names) == frames
        elif suffix == ".srt":
            assert prompts(page)[0] in path.read_text()
        else:
            assert json.loads(path.read_text())["OTIO_SCHEMA"] == "Timeline.1"


def test_an_export_can_be_cancelled_and_made_again(studio, monkeypatch):
    page = studio.open()
    generate(page)
    export, going = studio.service.export, threading.Event()

    def slowly(*arguments: Any) -> Any:
        path, progress = export(*arguments)
        return path, (part for part in progress if going.wait(0.5) or part)

    monkeypatch.setattr(studio.service, "export", slowly)
    tab(page, "Export")
    page.click("#export")
    line = page.locator("#export-line")
    wait_until(lambda: "Writing" in line.inner_text(), page)
    page.click("#cancel-export")
    wait_until(lambda: "cancelled" in line.inner_text(), page)
    wait_until(lambda: not list(studio.service.folder.rglob("*.mp4.*")), page)
    assert page.locator("#export").is_enabled() and not page.locator("#cancel-export").is_enabled()
    going.set()
    path = download(page, "#export")
    assert count_frames(path) == sum(clip.num_frames for clip in shown_clips(studio))
    assert len(list(studio.service.folder.rglob(path.name))) == 1, "the cancelled one left no file"


def test_ffprobe_reads_the_project_back(studio, model, tmp_path):
    if shutil.which("ffprobe") is None:
        pytest.skip("no ffprobe is installed (Debian: apt-get install ffmpeg)")
    page = studio.open()
    generate(page)
    tab(page, "Export")
    path = download(page, "#export")
    command = ["ffprobe", "-v", "error", "-show_entries", "format_tags=comment", "-of", "json", str(path)]
    tags = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)["format"]["tags"]
    assert json.loads(tags["comment"])["segments"][0]["prompt"] == prompts(page)[0]
