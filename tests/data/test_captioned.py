from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from phenaki.data.captioned import find_captioned
from phenaki.errors import MediaError

RNG = np.random.default_rng(0)


def fill(folder: Path, **files: str) -> Path:
    """Write files; two underscores stand for a dot, one more for a folder."""
    for name, text in files.items():
        path = folder / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_each_file_has_what_is_said_of_it(tmp_path: Path) -> None:
    fill(
        tmp_path, a__mp4="", a__txt="a fox walks\n\n  the fox   strolls \n", b__webm="",
        b__srt="1\n00:00:00,000 --> 00:00:02,000\na cat sleeps\n\n2\n00:00:02,000 --> 00:00:04,000\nit jumps\n",
        more___c__png="", more___c__txt="a still dog", d__mov="", notes__md="no video",
    )  # fmt: skip
    found, bare = find_captioned(tmp_path)
    assert [file.path.name for file in found] == ["a.mp4", "b.webm", "c.png"] and bare == [tmp_path / "d.mov"]
    fox, cat, dog = found
    assert fox.captions == ("a fox walks", "the fox strolls") and dog.is_picture and not fox.is_picture
    assert {fox.caption_at(9.0, RNG) for _ in range(40)} == set(fox.captions)
    assert [cat.caption_at(t, RNG) for t in (0.0, 1.9, 2.1, 99.0)] == ["a cat sleeps"] * 2 + ["it jumps"] * 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata__csv", 'file_name,text\na.mp4,"a fox, in the snow"\n'),
        ("metadata__csv", 'file_name,text\na.mp4,"a fox,\nin the  snow"\n'),
        ("metadata__jsonl", '{"file_name": "a.mp4", "caption": "a fox, in the snow", "id": 3}\n'),
    ],
)
def test_lists_of_captions_are_read(tmp_path: Path, name: str, text: str) -> None:
    found, bare = find_captioned(fill(tmp_path, **{"sub___a__mp4": "", "sub___b__mp4": "", f"sub___{name}": text}))
    assert [file.captions for file in found] == [("a fox, in the snow",)] and [p.name for p in bare] == ["b.mp4"]


def test_several_rows_of_one_file_are_several_ways_to_say_it(tmp_path: Path) -> None:
    rows = "file_name,text\na.mp4,a fox walks\nb.mp4,a cat\na.mp4,the fox strolls\n"
    found, _ = find_captioned(fill(tmp_path, a__mp4="", b__mp4="", metadata__csv=rows))
    assert [file.captions for file in found] == [("a fox walks", "the fox strolls"), ("a cat",)]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has no file that ends with .mp4"),
        ({"a__mp4": ""}, "a.mp4 has no caption"),
        ({"a__mp4": "", "metadata__csv": "name,text\na.mp4,a fox\n"}, "Line 2 of .*metadata.csv lacks file_name"),
        ({"a__mp4": "", "metadata__jsonl": "{nonsense"}, "metadata.jsonl cannot be read"),
    ],
)
def test_what_cannot_be_learned_from_is_a_sentence(tmp_path: Path, files: dict[str, str], words: str) -> None:
    with pytest.raises(MediaError, match=words):
        find_captioned(fill(tmp_path, **files))


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="There is no folder"):
        find_captioned(tmp_path / "nowhere")
