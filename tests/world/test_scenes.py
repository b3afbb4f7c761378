"""Sixteen scenes with phrases of their own."""

from __future__ import annotations

from phenaki.world.scenes import SCENES
from phenaki.world.terrain import FLOORS, SHAPES
from phenaki.world.weathers import LIGHTS, WEATHER_EVENTS, WEATHER_WORDS, WEATHERS


def test_there_are_sixteen() -> None:
    assert len({s.name for s in SCENES}) == len(SCENES) == 16


def test_every_scene_has_four_places_of_its_own() -> None:
    places = [place for scene in SCENES for place in scene.places]
    assert all(len(set(scene.places)) >= 4 for scene in SCENES)
    assert len(set(places)) == len(places)


def test_every_scene_can_be_drawn_and_has_known_weather() -> None:
    for scene in SCENES:
        assert scene.shape in SHAPES and scene.floor in FLOORS, scene.name
        assert set(scene.weathers) <= set(WEATHERS) - {"clear"}, scene.name


def test_there_are_eight_weathers_and_each_has_its_words() -> None:
    assert len(WEATHERS) >= 1 + 8
    assert set(WEATHERS) == set(WEATHER_EVENTS) == set(WEATHER_WORDS) and set(LIGHTS) < set(WEATHERS)
    phrases = [p for phrases in (*WEATHERS.values(), *WEATHER_EVENTS.values()) for p in phrases]
    assert len(set(phrases)) == len(phrases)
    assert all(len(WEATHERS[name]) >= 4 for name in WEATHERS if name != "clear")
