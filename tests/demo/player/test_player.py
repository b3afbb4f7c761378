"""The player's Python side."""

from __future__ import annotations

import json

import pytest

from demo.player.component import FOLDER, SCRIPTS, Player, update_player


def test_props_become_text_and_are_kept_when_gradio_builds_it_anew():
    player = Player(film={"film": "a", "clips": []})
    assert json.loads(player.props["film"]) == {"film": "a", "clips": []} and player.props["preview"] == "{}"
    again = Player(**player.constructor_args | {"preview": "{}"})
    assert again.props["film"] == player.props["film"]


def test_an_update_carries_only_what_changed():
    assert set(update_player(preview={"step": 1}).props) == {"preview"}
    assert json.loads(update_player(film={}).props["film"]) == {}


def test_text_that_someone_wrote_never_reaches_a_template():
    player = Player(film={"captions": [{"start": 0, "end": 1, "prompt": "${alert(1)} {{x}}"}]})
    assert player.html_template == "<div></div>" and player.css_template == ""
    assert "alert" not in player.js_on_load


@pytest.mark.parametrize("name", ["film", "preview"])
def test_no_prop_is_taken_for_an_event(name):
    # gradio takes any name for an event that stands in quotes in the script
    with pytest.raises(AttributeError):
        getattr(Player(), name)


def test_every_script_is_on_the_page():
    assert {path.name for path in FOLDER.glob("*.js")} == set(SCRIPTS)
