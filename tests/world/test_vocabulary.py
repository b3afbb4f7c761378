"""The world is as rich as it says, and every picture it needs is in the atlas."""

from __future__ import annotations

import torch

from phenaki.world.atlas import load_sprites, sprite_index, sprite_names
from phenaki.world.captions import nouns, verb_phrases
from phenaki.world.vocabulary import MOTION_NAMES, MOTIONS, SCENES, SUBJECTS, WEATHERS, sprites


def test_there_are_enough_subjects_scenes_and_motions() -> None:
    assert len({s.name for s in SUBJECTS}) == len(SUBJECTS) >= 40
    assert len({s.name for s in SCENES}) == len(SCENES) >= 8
    assert len(MOTION_NAMES) >= 10
    assert {"clear", "rain", "snowfall"} <= set(WEATHERS)


def test_every_subject_has_two_to_five_nouns_of_its_own() -> None:
    owner: dict[str, str] = {}
    for subject in SUBJECTS:
        words = nouns(subject.name)
        assert words[0] == subject.name
        assert 2 <= len(set(words)) == len(words) <= 5, subject.name
        for word in words:
            assert owner.setdefault(word.lower(), subject.name) == subject.name, word


def test_every_scene_has_four_places_of_its_own() -> None:
    places = [place for scene in SCENES for place in scene.places]
    assert all(len(set(scene.places)) >= 4 for scene in SCENES)
    assert len(set(places)) == len(places)


def test_every_motion_has_eight_phrases_for_every_subject() -> None:
    for motion in MOTIONS:
        for subject in SUBJECTS:
            assert len(set(verb_phrases(motion, subject.name))) >= 8, (motion, subject.name)


def test_no_phrase_means_two_motions() -> None:
    owner: dict[str, str] = {}
    for motion, table in MOTIONS.items():
        for phrase in {p for phrases in table.values() for p in phrases}:
            assert owner.setdefault(phrase, motion) == motion, phrase


def test_the_atlas_holds_every_sprite_and_none_is_empty() -> None:
    assert set(sprites()) <= set(sprite_names())
    pictures = load_sprites(32)
    assert pictures.shape == (len(sprite_names()), 4, 32, 32)
    alpha = pictures[:, 3]
    assert (alpha.mean((1, 2)) > 0.1).all()
    assert (pictures[:, :3] <= alpha[:, None] + 1e-5).all()  # premultiplied
    first, second = (pictures[sprite_index(s.sprite)] for s in SUBJECTS[:2])
    assert not torch.equal(first, second)
