from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import gradio as gr
import pytest
from gradio_client import Client

from demo.__main__ import main
from demo.app import build_app, describe_device, launch_options
from demo.player.component import Player
from demo.service import GenerationService
from demo.settings import REPOSITORY
from demo.start_image import StartImage
from demo.status_bar.component import StatusBar
from demo.timeline_editor.component import TimelineEditor

COMPONENTS = [TimelineEditor, Player, StatusBar]


@pytest.fixture
def address(service: GenerationService) -> Iterator[str]:
    app = build_app(service)
    _, url, _ = app.launch(**launch_options(service), prevent_thread_lock=True)
    yield url
    app.close()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode()


def test_the_page_and_its_api_description_answer(address):
    assert "Phenaki" in get(address)
    config = json.loads(get(f"{address}config"))
    assert config["analytics_enabled"] is False
    named = json.loads(get(f"{address}gradio_api/info"))["named_endpoints"]
    assert set(named) == {"/generate", "/stop"}


def test_a_program_can_make_a_film(address, service):
    job = Client(address, verbose=False).submit(
        [{"prompt": "a fox", "seconds": 1.4}, {"prompt": "it jumps", "seconds": 1.6}], 7, api_name="/generate"
    )
    states = list(job)
    assert states[-1]["state"] == "finished" and states[-1]["seed"] == 7
    assert [clip["start_seconds"] for clip in states[-1]["clips"]] == [0, 1.375, 2.125]
    with urllib.request.urlopen(address + states[-1]["clips"][0]["url"]) as answer:
        assert b"avcC" in answer.read()


def test_a_program_is_told_what_is_wrong(address):
    with pytest.raises(Exception, match="empty prompt"):
        Client(address, verbose=False).predict([{"prompt": "", "seconds": 1.4}], api_name="/generate")


def test_only_films_and_examples_are_served(address, service):
    secret = REPOSITORY / "README.md"
    for path in ["/etc/passwd", str(secret), f"{service.folder}/../../etc/passwd"]:
        with pytest.raises(urllib.error.HTTPError) as error:
            get(f"{address}gradio_api/file={path}")
        assert error.value.code in (403, 404)


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
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", component().js_on_load)


def test_the_start_image_hands_over_bytes_of_anything(tmp_path):
    path = tmp_path / "not-an-image.png"
    path.write_bytes(b"words")
    with gr.Blocks():
        field = StartImage()
    payload = field.data_model(path=str(path), orig_name=path.name)
    assert field.preprocess(payload) == b"words" and field.preprocess(None) is None


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
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_2(arguments, words, capsys):
    assert main(["--no-browser", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_taken_port_is_one_sentence_and_exit_code_2(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["--no-browser", "--preset", "tiny", "--port", port]) == 2
    assert "--port" in capsys.readouterr().err


def test_a_kill_leaves_no_films_behind(tmp_path):
    command = [sys.executable, "-m", "demo", "--no-browser", "--preset", "tiny"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and "Phenaki is at" in process.stdout.readline()
        assert list(tmp_path.glob("phenaki-films-*"))
        process.terminate()
        assert process.wait(timeout=30) == 0
    assert not list(tmp_path.glob("phenaki-films-*"))
