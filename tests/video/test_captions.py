"""Prompts become captions that players show as they were written, one at a time."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from phenaki.errors import MediaError
from phenaki.timeline import Segment, Timeline
from phenaki.video import Caption, captions_of
from phenaki.video.captions import in_order, srt_text, vtt_text
from tests.video.mp4 import STORY, STRANGE_PROMPTS


def test_each_segment_has_a_caption_with_its_prompt_time_and_seed() -> None:
    assert captions_of(STORY) == [
        Caption(0, 1.375, "a fox walks right", 3),
        Caption(1.375, 2.875, "it jumps", 7),
    ]
    assert captions_of(STORY, start=10)[1] == Caption(11.375, 12.875, "it jumps", 7)


@pytest.mark.parametrize("times", [(1, 1), (2, 1), (-1, 1), (0, float("inf")), (float("nan"), 1), ("0", 1)])
def test_times_that_cannot_be_are_refused(times: tuple) -> None:
    with pytest.raises(MediaError, match="use a start of 0 or more, a later end, and text"):
        Caption(*times, "a fox")


@pytest.mark.parametrize("text", [None, 3, "\ud83e"])
def test_what_is_no_text_is_refused(text: object) -> None:
    with pytest.raises(MediaError, match="use a start of 0 or more, a later end, and text"):
        Caption(0, 1, text)


def test_subrip_counts_and_times_its_cues() -> None:
    text = srt_text([Caption(0, 1.375, "a fox walks right"), Caption(1.375, 3661.25, "it jumps")])
    assert text == (
        "1\n00:00:00,000 --> 00:00:01,375\na fox walks right\n\n2\n00:00:01,375 --> 01:01:01,250\nit jumps\n"
    )


def test_webvtt_escapes_what_would_be_markup() -> None:
    text = vtt_text([Caption(0.5, 2, "<v Fox>a & b --> <img onerror=x>")])
    assert text == ("WEBVTT\n\n00:00:00.500 --> 00:00:02.000\n&lt;v Fox&gt;a &amp; b --&gt; &lt;img onerror=x&gt;\n")


def test_captions_never_overlap_and_come_in_order() -> None:
    mixed = [Caption(2, 5, "third"), Caption(0, 9, "first"), Caption(1, 2.5, "second"), Caption(5.0001, 5.0002, "gone")]
    assert [(c.start, c.end, c.text) for c in in_order(mixed)] == [(0, 1, "first"), (1, 2, "second"), (2, 5, "third")]
    assert in_order([]) == [] and srt_text([]) == "" and vtt_text([]) == "WEBVTT\n"


def test_times_of_a_long_film_meet_to_the_millisecond() -> None:
    timeline = Timeline(tuple(Segment(f"number {i}", 1 + i % 7 / 3) for i in range(200)))
    times = re.findall(r"(\S+) --> (\S+)", srt_text(captions_of(timeline)))
    assert len(times) == 200
    assert all(end == start for (_, end), (start, _) in pairwise(times))


def test_long_and_broken_lines_are_wrapped_and_no_line_is_empty() -> None:
    prompt = "a fox that walks and walks and walks through the deepest snow\n\n  \nthen it jumps\t  high " + "x" * 100
    for text in (srt_text([Caption(0, 1, prompt)]), vtt_text([Caption(0, 1, prompt)])):
        lines = text.rstrip("\n").split("\n")[2 if text.startswith("1") else 3 :]
        assert all(lines) and max(map(len, lines)) <= 42
        assert "".join(lines).replace(" ", "") == "".join(prompt.split())


def test_a_caption_without_a_word_is_left_out() -> None:
    assert srt_text([Caption(0, 1, " \n\x00\x1b "), Caption(1, 2, "a fox")]).count("-->") == 1


LOOKS_LIKE_A_FILE = ["1\n00:00:00,000 --> 00:00:09,000\nno cue", "NOTE x", "a <b>c</b> {\\an8}", "WEBVTT", "12"]


def marks(text: str) -> str:
    """What can be seen of a text, without the spaces that wrapping moves."""
    return "".join(c for c in text if c.isprintable() and not c.isspace())


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs an ffmpeg on the PATH")
@pytest.mark.parametrize("prompt", [*STRANGE_PROMPTS, *LOOKS_LIKE_A_FILE])
def test_a_player_of_subrip_shows_what_was_written(tmp_path: Path, prompt: str) -> None:
    path = tmp_path / "film.srt"
    path.write_text(srt_text([Caption(0, 1.5, prompt), Caption(1.5, 2, "it jumps")]), encoding="utf-8")
    command = ["ffmpeg", "-v", "error", "-i", path, "-c:s", "webvtt", "-f", "webvtt", "-"]
    shown = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    header, first, second = shown.rstrip().split("\n\n")
    assert header == "WEBVTT" and second == "00:01.500 --> 00:02.000\nit jumps"
    time, _, text = first.partition("\n")
    assert time == "00:00.000 --> 00:01.500"
    assert marks(unescape(text)) == marks(prompt)


@pytest.mark.parametrize("prompt", [*STRANGE_PROMPTS, *LOOKS_LIKE_A_FILE])
def test_a_player_of_webvtt_shows_what_was_written(prompt: str) -> None:
    """Read as the standard says: blocks between empty lines, a time line each, then text with three escapes."""
    header, first, second = vtt_text([Caption(0, 1.5, prompt), Caption(1.5, 2, "it jumps")]).rstrip("\n").split("\n\n")
    assert header == "WEBVTT" and second == "00:00:01.500 --> 00:00:02.000\nit jumps"
    time, *lines = first.split("\n")
    assert time == "00:00:00.000 --> 00:00:01.500" and all(lines)
    assert not re.search(r"[<>]|-->|&(?!(amp|lt|gt);)", "".join(lines))
    assert marks(unescape("".join(lines))) == marks(prompt)
