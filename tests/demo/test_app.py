from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from gradio_client import Client

from demo.__main__ import main
from demo.app import build_app, describe_device, first_views, launch_options
from demo.player.component import Player
from demo.queue_panel.component import QueuePanel
from demo.service import GenerationService
from demo.settings import REPOSITORY
from demo.status_bar.component import StatusBar
from demo.timeline_editor.component import TimelineEditor
from tests.demo.conftest import finish, story, wait_until

COMPONENTS = [TimelineEditor, Player, StatusBar, QueuePanel]


@pytest.fixture
def address(service: GenerationService) -> Iterator[str]:
    app = build_app(service)
    _, url, _ = app.launch(**launch_options(service), prevent_thread_lock=True)
    yield url
    app.close()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode()


def test_the_page_answers_and_reports_to_nobody(address):
    assert "Phenaki" in get(address)
    assert json.loads(get(f"{address}config"))["analytics_enabled"] is False


def test_only_films_and_examples_are_served(address, service, page):
    finish(service.generate(page, story("a fox walks")))
    files = page.session.store.find(page.plan[0].key)
    with urllib.request.urlopen(f"{address}gradio_api/file={files.movie}") as answer:
        assert answer.status == 200
    secret = service.folder / "footage" / "secret.webp"
    secret.parent.mkdir()
    secret.write_bytes(b"a video of somebody")
    outside = f"{service.sessions.folder}/../../../etc/passwd"
    for path in ["/etc/passwd", str(REPOSITORY / "README.md"), outside, str(secret)]:
        with pytest.raises(urllib.error.HTTPError) as error:
            get(f"{address}gradio_api/file={path}")
        assert error.value.code in (403, 404)


def test_the_page_of_a_stranger_leaves_no_session_behind(service):
    assert first_views(service, "a test")["film"]["film"] == f"story:{service.examples[0].name}"
    assert not list(service.sessions.folder.iterdir())


@pytest.mark.parametrize("component", COMPONENTS)
def test_templates_are_constant(component):
    made = component()
    for text in (made.html_template, made.css_template):
        assert not re.search(r"\$\{|\{\{|`|<script", text)


@pytest.mark.parametrize("component", COMPONENTS)
def test_no_property_is_taken_for_an_event(component):
    made = component()
    for name in made.props:
        assert not re.search(rf"""['"`]{name}['"`]""", made.js_on_load), name


@pytest.mark.parametrize("component", COMPONENTS)
def test_scripts_write_text_as_text_only(component):
    constant = re.compile(r'^element\.innerHTML = ("(?:[^"\\]|\\.)*"|MARKUP);$', re.M)
    script = constant.sub("", component().js_on_load, count=1)
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def test_the_device_is_named(model):
    assert describe_device(model).startswith("toy-64 on the processor")


def test_importing_the_package_starts_nothing_and_asks_nobody():
    code = """if True:
        import demo, os, threading
        assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
        import demo.app
        print(threading.active_count())"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--preset", "huge"], "no preset 'huge'"),
        (["--model", "nowhere"], "nowhere"),
        (["--port", "99999"], "port is 99999"),
        (["--preset", "tiny", "--device", "abacus"], "abacus"),
        (["--preset", "tiny", "--mcp"], "pip install 'gradio[mcp]'"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(arguments, words, capsys):
    assert main(["--no-browser", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_taken_port_is_one_sentence_and_exit_code_2(capsys, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["--no-browser", "--preset", "tiny", "--port", port, "--data", str(tmp_path)]) == 2
    assert "--port" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_kill_in_mid_run_ends_the_program_in_order_and_leaves_the_films(kind, tmp_path):
    command = [sys.executable, "-m", "demo", "--no-browser", "--preset", "tiny", "--data", str(tmp_path)]
    options: dict[str, Any] = {"cwd": REPOSITORY, "stdout": subprocess.PIPE, "text": True}
    if os.name == "posix":  # what a shell starts in the background is deaf to interrupts, and so are its children
        options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, **options) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().split()[3]  # Phenaki is at ADDRESS
            client = Client(address, verbose=False)
            client.submit([{"prompt": "a fox", "seconds": 600}], api_name="/generate")
            wait_until(lambda: list(tmp_path.glob("sessions/*/clips/*.mp4")), seconds=90)
            process.send_signal(kind)
            assert process.wait(timeout=90) == 0
        finally:
            process.kill()
    assert list(tmp_path.glob("sessions/*/clips/*.mp4"))
