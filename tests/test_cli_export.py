"""The command line writes films of every kind, and makes one kind of another."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from phenaki import ExportConfig, PhenakiError, Project, Segment, Timeline, export_film, read_project
from phenaki.cli import main
from phenaki.cli_export import write_film
from tests.video.mp4 import STORY, counting_clip, decode, numbers_in

CLIPS = [counting_clip(*range(6), height=64, width=64), counting_clip(*range(6, 11), height=64, width=64)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    for _ in export_film(CLIPS, path, 8, ExportConfig(size=128), project=Project(STORY)):
        pass
    return path


@pytest.mark.parametrize("ending", [".mp4", ".webm", ".gif", ".zip"])
def test_a_film_becomes_one_of_another_kind(film: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"other{ending}"
    assert main(["export", str(film), "-o", str(out), "--size", "64", "--fps", "4"]) == 0
    frames = decode(out)
    assert frames.shape == (6, 64, 64, 3) and numbers_in(frames) == [0, 2, 4, 6, 8, 10]
    assert read_project(out) == Project(STORY)
    assert [p.name for p in tmp_path.iterdir()] == [out.name]


@pytest.mark.parametrize("ending", [".srt", ".vtt", ".otio"])
def test_a_film_gives_its_prompts_to_players_and_editors(film: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"other{ending}"
    assert main(["export", str(film), "-o", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    if ending == ".otio":
        text = str([clip["name"] for clip in json.loads(text)["tracks"]["children"][0]["children"]])
    # the story goes on, but the film ends here
    assert "a fox walks right" in text and "it jumps" not in text


def test_captions_lie_beside_the_film_or_in_it(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for captions, names in {
        "none": ["other.zip"],
        "burn": ["other.zip"],
        "srt": ["other.srt", "other.zip"],
        "vtt": ["other.vtt", "other.zip"],
    }.items():
        folder = tmp_path / captions
        folder.mkdir()
        out = ["-o", str(folder / "other.zip"), "--size", "128", "--captions", captions]
        assert main(["export", str(film), *out]) == 0
        assert sorted(p.name for p in folder.iterdir()) == names
        assert capsys.readouterr().out == "".join(f"Wrote {folder / name}\n" for name in names[::-1])
    plain, burnt = (decode(tmp_path / captions / "other.zip") for captions in ("none", "burn"))
    assert np.array_equal(plain[:, :76], burnt[:, :76]) and not np.array_equal(plain, burnt)


def test_nearest_says_what_size_it_gives(film: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "other.zip"
    assert main(["export", str(film), "-o", str(out), "--size", "300", "--enlarge", "nearest"]) == 0
    assert decode(out).shape == (11, 256, 256, 3)
    assert "Pictures of 128 x 128 become 256 x 256: nearest enlarges by whole factors." in capsys.readouterr().out


def test_a_film_of_another_program_is_written_without_a_project(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for _ in export_film(CLIPS, tmp_path / "bare.mp4", 8, ExportConfig(size=64)):
        pass
    out = tmp_path / "other.webm"
    assert main(["export", str(tmp_path / "bare.mp4"), "-o", str(out), "--size", "64"]) == 0
    assert "bare.mp4 carries no project" in capsys.readouterr().out
    assert len(decode(out)) == 11
    assert main(["export", str(tmp_path / "bare.mp4"), "-o", str(tmp_path / "other.srt")]) == 2
    assert "no prompt to write" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.mp4", "-o", "other.gif"], "There is no file nowhere.mp4"),
        (["film.mp4", "-o", "other.avi"], "other.avi ends with no known format; use one of .mp4, .webm, .gif, .zip"),
        (["film.mp4", "-o", "other"], "other ends with no known format"),
        (["film.mp4", "-o", "nowhere/other.gif"], "There is no folder"),
        (["film.mp4", "-o", "other.gif", "--size", "255"], "use an even number"),
        (["film.mp4", "-o", "other.gif", "--fps", "60"], "use a number from 1 to 50"),
        (["film.mp4", "-o", "other.gif", "--size", "64", "--enlarge", "nearest"], "'nearest' cannot shrink"),
        (["words.mp4", "-o", "other.gif"], "words.mp4 is no movie that can be read"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_2(
    film: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(film, "film.mp4")
    Path("words.mp4").write_text("once upon a time")
    assert main(["export", *arguments]) == 2
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["film.mp4", "words.mp4"]


def test_a_mistake_in_the_export_is_told_before_the_film_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("phenaki.cli.Phenaki.from_pretrained", lambda *_: pytest.fail("the model was read"))
    for arguments in (["-o", "film.avi"], ["-o", "film.gif", "--fps", "99"], ["--size", "7"]):
        assert main(["generate", "-p", "a fox", *arguments]) == 2
        assert "use" in capsys.readouterr().err


def test_an_interrupt_leaves_no_file_and_says_so(tmp_path: Path) -> None:
    def clips() -> Iterator[np.ndarray]:
        yield CLIPS[0]
        raise KeyboardInterrupt

    out = tmp_path / "film.mp4"
    arguments = argparse.Namespace(output=out, size=64, enlarge="smooth", fps=None, captions="none")
    with pytest.raises(PhenakiError, match=r"Stopped; .*film\.mp4 was not written"):
        write_film(clips(), 11, 8, Project(Timeline((Segment("a fox", 1.375),))), arguments)
    assert list(tmp_path.iterdir()) == []
