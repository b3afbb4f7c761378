from __future__ import annotations

import pytest

from phenaki.data.subtitles import Cue, read_subtitles
from phenaki.segment import Segment
from phenaki.timeline import Timeline
from phenaki.video.captions import captions_of, srt_text, vtt_text

TIMELINE = Timeline((Segment("a fox walks right in the snow", 2.375), Segment("the fox jumps", 2)))


@pytest.mark.parametrize("write", [srt_text, vtt_text])
def test_what_films_are_exported_with_is_read_back(write) -> None:
    cues = read_subtitles(write(captions_of(TIMELINE)))
    assert cues == (Cue(0.0, 2.375, "a fox walks right in the snow"), Cue(2.375, 4.375, "the fox jumps"))


def test_hours_marks_lines_and_windows_ends_are_understood() -> None:
    text = "WEBVTT\r\n\r\n1\r\n01:00:02.5 --> 01:00:03.000 align:left\r\n<i>a cat</i>\r\n{\\an8}sleeps\r\n\r\n"
    assert read_subtitles(text) == (Cue(3602.5, 3603.0, "a cat sleeps"),)


@pytest.mark.parametrize(
    "text", ["", "a cat", "00:00:01,000 --> 00:00:01,000\na cat", "00:00:01,000 --> 00:00:02,000\n"]
)
def test_what_says_nothing_is_left_out(text: str) -> None:
    assert read_subtitles(text) == ()
