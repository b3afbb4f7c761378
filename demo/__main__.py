"""Start the app: ``python -m demo``."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

from demo.settings import AppSettings, default_data_folder
from phenaki import ConfigError, Phenaki, PhenakiError


def read_arguments(arguments: list[str] | None = None) -> AppSettings:
    """Settings from the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Phenaki in the browser.")
    parser.add_argument("--model", default=AppSettings.model, help="a shipped model or a folder of weights")
    parser.add_argument("--preset", help="random weights of this size instead, such as 'tiny', to try the app")
    parser.add_argument("--device", default=AppSettings.device, help="cpu, cuda, cuda:1 ... or auto")
    parser.add_argument("--host", default=AppSettings.host, help="address to listen on; 0.0.0.0 for the whole network")
    parser.add_argument("--port", type=int, help="port to listen on; the first free one from 7860 by default")
    parser.add_argument("--data", type=Path, help="folder for films (default: the user's cache folder)")
    parser.add_argument("--no-upsampling", action="store_true", help="show the model's own small pictures, enlarged")
    parser.add_argument("--mcp", action="store_true", help="offer the endpoints to agents, too; needs gradio[mcp]")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args(arguments)
    return AppSettings(
        model=options.model,
        preset=options.preset,
        device=options.device,
        host=options.host,
        port=options.port,
        open_browser=not options.no_browser,
        upsampling=not options.no_upsampling,
        mcp=options.mcp,
        data=(options.data or default_data_folder()).expanduser(),
    )


def load_model(settings: AppSettings) -> Phenaki:
    """The model that the settings name."""
    if settings.preset is not None:
        return Phenaki.from_preset(settings.preset, seed=0, device=settings.device)
    return Phenaki.from_pretrained(settings.model, device=settings.device)


def main(arguments: list[str] | None = None) -> int:
    """Run the app until it is interrupted; returns the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = read_arguments(arguments)
        if settings.mcp and find_spec("mcp") is None:
            raise ConfigError("--mcp needs a package that is not installed. Run: pip install 'gradio[mcp]'")
        model = load_model(settings)
    except PhenakiError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2

    # gradio takes seconds to import; a wrong option should not have to wait for it
    from demo.app import build_app, launch_options
    from demo.service import GenerationService

    with GenerationService(model, settings) as service:
        try:
            _, address, _ = build_app(service).launch(**launch_options(service), prevent_thread_lock=True)
        except OSError as error:
            print(f"demo: the app cannot listen on {settings.host}: {error} Try another --port.", file=sys.stderr)
            return 2
        # a polite kill, too, has to leave through here, where the threads are ended
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print(f"Phenaki is at {address} (Ctrl+C ends it)", flush=True)
        try:
            service.wait_for_ever()
        except KeyboardInterrupt:
            print("Good-bye.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
