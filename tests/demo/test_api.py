from __future__ import annotations

import json
import textwrap
import urllib.request
from collections.abc import Iterator

import pytest
from gradio_client import Client

import demo.api
from demo.app import build_app, launch_options
from demo.service import GenerationService
from tests.demo.conftest import wait_until

STORY = [{"prompt": "a fox", "seconds": 1.4}, {"prompt": "it jumps", "seconds": 1.6}]


@pytest.fixture
def address(service: GenerationService) -> Iterator[str]:
    app = build_app(service)
    _, url, _ = app.launch(**launch_options(service), prevent_thread_lock=True)
    yield url
    app.close()


@pytest.fixture
def client(address: str) -> Client:
    return Client(address, verbose=False)


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read()


def test_the_endpoints_have_names_and_types(address):
    named = json.loads(get(f"{address}gradio_api/info"))["named_endpoints"]
    assert set(named) == {"/generate", "/status", "/cancel", "/export"}
    parameters = {p["parameter_name"]: p for p in named["/generate"]["parameters"]}
    assert parameters["num_inference_steps"]["type"]["type"] == "integer"
    assert parameters["num_inference_steps"]["parameter_default"] == 18


def test_a_program_makes_a_film_and_exports_it(client, address):
    states = list(client.submit(STORY, 7, api_name="/generate"))
    last = states[-1]
    assert last["state"] == "finished" and last["progress"] == 1.0
    assert [clip["start_seconds"] for clip in last["clips"]] == [0, 1.375, 2.125]
    assert b"avcC" in get(address + last["clips"][0]["url"])
    assert client.predict(last["film"], api_name="/status") == last
    file = client.predict(last["film"], "gif", 32, api_name="/export")
    data = get(address + file["url"])
    assert data.startswith(b"GIF8") and len(data) == file["bytes"] and file["name"] == "a-fox.gif"


def test_a_program_stops_a_film(client, service, model):
    model.hold()
    job = client.submit(STORY, api_name="/generate")
    wait_until(lambda: job.outputs())
    film = job.outputs()[0]["film"]
    client.predict(film, api_name="/cancel")
    wait_until(lambda: client.predict(film, api_name="/status")["state"] == "stopped")
    assert job.result()["state"] == "stopped"


def test_a_program_is_told_what_is_wrong(client):
    with pytest.raises(Exception, match="empty prompt"):
        client.predict([{"prompt": "", "seconds": 1.4}], api_name="/generate")
    with pytest.raises(Exception, match="no film 'x'"):
        client.predict("x", api_name="/status")


def test_the_example_in_the_documentation_runs(address, capsys):
    example = textwrap.dedent(demo.api.__doc__.split("\n\n", 1)[1])
    assert 6 <= len(example.strip().splitlines()) <= 12
    exec(example.replace("http://127.0.0.1:7860", address), {})
    assert "finished 1.0" in capsys.readouterr().out
