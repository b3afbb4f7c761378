"""A sheet shows the first films of each kind as they came, and stays a small file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from phenaki.errors import MediaError
from phenaki.evaluation import sheet
from phenaki.evaluation.adherence import JudgedClip
from phenaki.evaluation.facts import ClipFacts
from phenaki.evaluation.sheet import SEAM_TEXT, SampleCollector, sample_text, save_samples
from phenaki.world.contact_sheet import Panel
from phenaki.world.spec import Stage, StorySpec

FOX = ClipFacts("fox", "forest", "jump", "clear")
CAR = ClipFacts("car", "forest", "left", "clear")


def clip(frames: np.ndarray | None = None, verdict: ClipFacts = FOX, wanted: ClipFacts = FOX) -> JudgedClip:
    frames = np.zeros((11, 8, 8, 3), np.uint8) if frames is None else frames
    return JudgedClip("a fox jumps", frames, wanted, verdict, 1.0, StorySpec("fox", "forest", (Stage("jump", 11),)))


def numbered(first: int) -> np.ndarray:
    """Frames whose grey is their number."""
    return np.broadcast_to(np.arange(first, first + 11, dtype=np.uint8)[:, None, None, None], (11, 8, 8, 3)).copy()


def test_the_first_films_of_each_split_are_kept() -> None:
    collector = SampleCollector(in_place=False, keep=True, prime_frames=5)
    for number in range(20):
        collector.clip("iid", clip(numbered(number)))
        collector.clip("paraphrases", clip(numbered(100 + number)))
        collector.clip("pictures only", clip(numbered(200)))  # none of the 32
        collector.story(clip(), clip())
    rows = collector.rows()
    assert [len(row) for row in rows] == [3] * 14
    firsts = [int(panel.frames[0, 0, 0, 0]) for row in rows[:6] for panel in row]
    assert firsts == [*range(12), *range(100, 106)]


def test_nothing_is_kept_or_enlarged_without_a_sheet() -> None:
    def fail(frames: np.ndarray) -> np.ndarray:
        raise AssertionError

    collector = SampleCollector(in_place=False, keep=False, prime_frames=5, enlarge=fail)
    collector.clip("iid", clip())
    collector.story(clip(), clip())
    assert collector.rows() == []


def test_a_story_shows_the_frames_around_its_seam_large() -> None:
    collector = SampleCollector(
        in_place=False, keep=True, prime_frames=5, enlarge=lambda x: x.repeat(4, 1).repeat(4, 2)
    )
    collector.story(clip(numbered(0)), clip(numbered(6)))
    ((before, seam, after),) = collector.rows()
    assert before.frames.shape == (11, 32, 32, 3)
    assert seam.frames[:, 0, 0, 0].tolist() == [9, 10, 11, 12] and seam.text == SEAM_TEXT
    assert after.frames[:, 0, 0, 0].tolist() == [11, 12, 13, 14, 15, 16]


def test_a_sample_names_what_the_judge_misses() -> None:
    assert sample_text(clip()) == "a fox jumps\nJudge: all right"
    text = sample_text(clip(verdict=FOX, wanted=CAR))
    assert text == "a fox jumps\nJudge: subject fox, not car; motion jump, not left"
    assert "style toy, not neon" in sample_text(clip(wanted=replace(FOX, style="neon")))


@pytest.mark.parametrize("name", ["sheet.webp", "sheet.png"])
def test_a_sheet_stays_within_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    rng = np.random.default_rng(0)
    rows = [[Panel(rng.integers(0, 256, (4, 64, 64, 3), np.uint8), "noise")] * 2]
    path, widths = tmp_path / name, []
    for limit in (10_000_000, 90_000):
        monkeypatch.setattr(sheet, "LIMIT", limit)
        save_samples(rows, path)
        assert path.stat().st_size <= limit
        widths.append(Image.open(path).width)
    assert widths[0] == 2 * (4 * 128 + 8) + 8 and widths[1] <= widths[0]


def test_other_formats_and_folders_are_refused_with_a_sentence(tmp_path: Path) -> None:
    rows = [[Panel(np.zeros((4, 8, 8, 3), np.uint8), "")]]
    with pytest.raises(MediaError, match=r"'sheet.gif'.*\.webp or \.png"):
        save_samples(rows, tmp_path / "sheet.gif")
    with pytest.raises(MediaError, match="cannot be written"):
        save_samples(rows, tmp_path / "none" / "sheet.png")
