"""A film of hundreds of clips: memory stays, files come and go."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest

from demo.document import read_document
from demo.handlers import Handlers
from demo.service import GenerationService
from demo.settings import AppSettings
from phenaki import ExportConfig
from tests.demo.conftest import wait_until

CLIPS = 440


def resident_megabytes() -> float:
    """Memory of this process that is in use now."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("this system does not tell how much memory is in use")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@pytest.mark.slow
def test_a_long_film_does_not_fill_the_memory(tiny, tmp_path):
    settings = AppSettings(data=tmp_path / "data", examples=tmp_path / "examples", clip_size=32, open_browser=False)
    rows = [{"prompt": f"a fox walks {i}", "clips": 44, "seed": i} for i in range(CLIPS // 44)]
    document = read_document({"segments": rows})
    with GenerationService(tiny, settings) as service:
        page = service.open_page(service.sessions.open(), document)
        handlers = Handlers(service, "a test")

        async def watch_until(made: int) -> None:
            """Listen as a page does."""
            async for _ in handlers.watch(service.open_page(page.session, document).id):
                if len(service.finished_clips(page)) >= made:
                    return

        job = service.generate(page, document)
        asyncio.run(watch_until(30))  # everything is imported and warm by now
        gc.collect()
        before = resident_megabytes()
        asyncio.run(watch_until(CLIPS))
        wait_until(lambda: job.ended)
        path, progress = service.export(page, ExportConfig("mp4", 64))
        for _ in progress:
            pass
        gc.collect()
        grown = resident_megabytes() - before
    print(f"memory grew by {grown:.0f} MiB over {CLIPS} clips and their export")
    assert job.state == "finished" and path.stat().st_size
    assert grown < 100
