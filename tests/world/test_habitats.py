"""Who swims has water, who flies has air, and those who share a picture can."""

from __future__ import annotations

from phenaki.world.habitats import can_be_with, lives_in, motions_beside, weathers_in
from phenaki.world.parts import FULL


def test_swimmers_have_water_and_fliers_have_air() -> None:
    assert not lives_in("fish", "moon") and not lives_in("sailboat", "living room")
    assert lives_in("fish", "underwater") and lives_in("fish", "desert")  # where a stream comes with it
    assert not lives_in("sailboat", "underwater") and not lives_in("butterfly", "underwater")
    assert all(lives_in("fox", scene) for scene in FULL.scenes)


def test_weather_stays_out_of_houses_and_seas() -> None:
    assert weathers_in("underwater", FULL.weathers) == ("clear",)
    assert "rain" not in weathers_in("living room", FULL.weathers)
    assert "leaves" in weathers_in("autumn park", FULL.weathers) and "leaves" not in weathers_in(
        "desert", FULL.weathers
    )


def test_pairs_fit_together() -> None:
    assert can_be_with("fox", "car", "left of") and can_be_with("fish", "ship", "chases")
    assert not can_be_with("fox", "fish", "left of") and not can_be_with("fox", "fox", "left of")
    assert can_be_with("eagle", "fox", "above") and not can_be_with("fox", "car", "above")
    assert motions_beside("chases", FULL.motions) == ("right", "left")
    assert "leave" not in motions_beside("left of", FULL.motions)
