"""Make the README's picture and measure what a person waits for: ``python -m demo.make_pictures``.

It serves the app, drives it in Chromium with Playwright (``pip install playwright`` and a Chromium on the PATH), writes
``assets/pictures/app.png``, and prints how long it took from the start of the program to a usable page and from
Generate to the first pixels.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from demo.app import build_app, launch_options
from demo.service import GenerationService
from demo.settings import REPOSITORY, AppSettings
from phenaki import Phenaki

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PICTURES = REPOSITORY / "assets" / "pictures"

# Seconds from now until the player shows a picture of the film that is about to be made.
FIRST_PIXELS = """() => new Promise((resolve) => {
  const begun = performance.now();
  const old = document.querySelector("#film video").currentSrc;
  const look = () => {
    const video = document.querySelector("#film video");
    if (video.currentSrc !== old && video.readyState >= 2) resolve((performance.now() - begun) / 1000);
    else requestAnimationFrame(look);
  };
  document.querySelector("#generate").click();
  look();
})"""


def measure_start(browser: Any, model: str) -> float:
    """Seconds from the start of ``python -m demo`` until its page can be edited."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "demo", "--no-browser", "--model", model]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        address = program.stdout.readline().split()[3]  # Phenaki is at ADDRESS
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#editor .segment")
        seconds = time.perf_counter() - begun
        page.close()
        program.terminate()
    return seconds


def measure_and_photograph(page: Any, picture: Path) -> list[float]:
    """Generate three films; photograph the last one halfway. Returns the seconds to the first pixels of each."""
    waits = []
    for _ in range(3):
        waits.append(page.evaluate(FIRST_PIXELS))
        page.wait_for_function("() => document.querySelectorAll('#editor .segment[data-state=done]').length >= 1")
        page.wait_for_timeout(1200)
        page.screenshot(path=picture)
        page.wait_for_selector("#generate:not([disabled])", timeout=120_000)
    return waits


def main() -> int:
    """Command line."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="Make assets/pictures/app.png and time the app.")
    parser.add_argument("--model", default=AppSettings.model, help="a shipped model or a folder of weights")
    parser.add_argument("--dark", action="store_true", help="photograph the dark theme")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("No Chromium is on the PATH (Debian: apt-get install chromium).", file=sys.stderr)
        return 2
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture = PICTURES / ("app-dark.png" if options.dark else "app.png")
    settings = AppSettings(model=options.model, open_browser=False)
    with GenerationService(Phenaki.from_pretrained(options.model), settings) as service, sync_playwright() as driver:
        app = build_app(service)
        _, address, _ = app.launch(**launch_options(service), prevent_thread_lock=True)
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        scheme = "dark" if options.dark else "light"
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        page.goto(address)
        page.wait_for_selector("#editor .segment")
        waits = measure_and_photograph(page, picture)
        app.close()
        start = measure_start(browser, options.model)
        browser.close()
    print(f"python -m demo to a usable page: {start:.1f} s")
    print("Generate to first pixels:", ", ".join(f"{w:.2f} s" for w in waits))
    print(f"peak memory of the server: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    print(f"wrote {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
