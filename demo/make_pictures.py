"""Make the README's pictures and measure what a person waits for: ``python -m demo.make_pictures``.

It serves the app and drives it in Chromium with Playwright (``pip install playwright`` and a Chromium on the PATH). It
writes ``app.png``, ``app-dark.png`` and ``app-narrow.png`` into ``assets/pictures``, and prints how long it took from
the start of the program to a usable page, from Generate to the first pixels, and what drawing live previews cost.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from demo.app import build_app, launch_options
from demo.service import GenerationService
from demo.settings import REPOSITORY, AppSettings
from phenaki import Phenaki

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PICTURES = REPOSITORY / "assets" / "pictures"

# Seconds from a press on Generate until the first clip is on the screen; the player is empty before.
FIRST_PIXELS = """() => new Promise((resolve) => {
  const begun = performance.now();
  const video = document.querySelector("#film video");
  const look = () => {
    if (video.readyState >= 2 && video.buffered.length) resolve((performance.now() - begun) / 1000);
    else requestAnimationFrame(look);
  };
  document.querySelector("#generate").click();
  look();
})"""
PROMPTS = ("a fox walks right in the snow", "a penguin hops on the beach", "a robot stands still on the moon")


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


def measure_first_pixels(page: Any) -> list[float]:
    """Make three films, each from nothing. Returns the seconds to the first pixels of each."""
    waits = []
    for prompt in PROMPTS:
        page.click("#new")
        page.wait_for_selector("#editor .segment[data-state=draft]")
        page.wait_for_function("() => !document.querySelector('#film video').buffered.length")
        page.fill("#editor .prompt", prompt)
        page.locator("#editor .prompt").blur()
        page.wait_for_timeout(600)
        waits.append(page.evaluate(FIRST_PIXELS))
        page.wait_for_selector("#editor .segment[data-state=done]", timeout=120_000)
        page.wait_for_timeout(400)
    return waits


def photograph(page: Any, name: str, *, making: bool) -> Path:
    """A picture of the page with the first story, while its second segment is made anew or as it opens."""
    page.wait_for_timeout(1500)
    if making:
        page.locator("#editor .segment").nth(1).click(position={"x": 60, "y": 40})
        page.fill("#editor .prompt", "the fox spins around in the snow")
        page.locator("#editor .prompt").blur()
        page.wait_for_timeout(600)
        page.click("#generate")
        page.wait_for_selector("#editor .segment[data-state=running]")
        page.wait_for_timeout(1300)
    page.evaluate("window.dispatchEvent(new CustomEvent('phenaki:seek', { detail: { seconds: 0.95 } }))")
    page.wait_for_timeout(400)
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    page.click("#stop", force=True)
    return path


def main() -> int:
    """Command line."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="Make the pictures of the app, and time it.")
    parser.add_argument("--model", default=AppSettings.model, help="a shipped model or a folder of weights")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("No Chromium is on the PATH (Debian: apt-get install chromium).", file=sys.stderr)
        return 2
    PICTURES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as data, sync_playwright() as driver:
        settings = AppSettings(model=options.model, open_browser=False, data=Path(data))
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        with GenerationService(Phenaki.from_pretrained(options.model), settings) as service:
            app = build_app(service)
            _, address, _ = app.launch(**launch_options(service), prevent_thread_lock=True)

            def open_page(width: int, height: int, scheme: str) -> Any:
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.goto(address)
                page.wait_for_selector("#editor .segment")
                return page

            made = [
                photograph(open_page(1280, 1130, "light"), "app", making=True),
                photograph(open_page(1280, 1130, "dark"), "app-dark", making=False),
                photograph(open_page(390, 844, "dark"), "app-narrow", making=False),
            ]
            waits = measure_first_pixels(open_page(1280, 900, "light"))
            previews = service.worker.previews.share
            app.close()
        start = measure_start(browser, options.model)
        browser.close()
    print(f"python -m demo to a usable page: {start:.1f} s")
    print("Generate to first pixels:", ", ".join(f"{w:.2f} s" for w in waits))
    print(f"of the sampling time, live previews took: {100 * previews:.1f} %")
    print(f"peak memory of the server: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    print("wrote", ", ".join(str(path) for path in made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
