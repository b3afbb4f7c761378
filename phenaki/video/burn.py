"""Captions drawn into the picture."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from phenaki.video.captions import Caption, in_order, text_lines

LOWER_PART = 0.4  # of the height; captions stay inside it
MIN_LETTERS = 8  # pixels; a text that does not fit then is cut
# tried in turn where the letters that come with Pillow do not cover a text
_FONTS = ("DejaVuSans.ttf", "Arial.ttf", "arial.ttf")

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class CaptionBurner:
    """Draws the caption of a moment; white letters with a black outline, as large as the picture allows.

    Characters that no font here can draw are left out.
    """

    def __init__(self, captions: Iterable[Caption]) -> None:
        self._captions = in_order(captions)

    def draw(self, picture: np.ndarray, seconds: float) -> np.ndarray:
        """The picture, (H, W, 3) uint8, with the caption of that moment; the picture itself where there is none."""
        text = next((c.text for c in self._captions if c.start <= seconds < c.end), None)
        if text is None:
            return picture
        height, width = picture.shape[:2]
        outline, letters = _masks(text, height, width)
        image = Image.fromarray(picture)
        place = (0, height - outline.height)
        image.paste((0, 0, 0), place, outline)
        image.paste((255, 255, 255), place, letters)
        return np.asarray(image)


@lru_cache(maxsize=4)
def _masks(text: str, height: int, width: int) -> tuple[Image.Image, Image.Image]:
    """Where the outline and where the letters go in the lower part of the picture, 0 to 255."""
    tall = int(height * LOWER_PART)
    margin = max(2, min(height, width) // 32)
    letters = max(MIN_LETTERS + 1, round(min(height, width) / 18))
    while True:
        font, line_text = _readable(text, letters)
        stroke = max(1, round(letters / 11))
        leading = round(letters * 1.2) + stroke
        room = width - 2 * (margin + stroke)
        most = max(1, (tall - margin - 2 * stroke) // leading)
        lines = list(islice(_wrap(line_text, font, room), most + 1))
        if len(lines) <= most or letters <= MIN_LETTERS:
            break
        letters = max(MIN_LETTERS, int(letters * 0.9))
    if len(lines) > most:
        lines = [*lines[: most - 1], _fitting(lines[most - 1], font, room, "…")]
    masks = Image.new("L", (width, tall)), Image.new("L", (width, tall))
    top = tall - margin - stroke - leading * len(lines)
    for i, line in enumerate(lines):
        place = (width / 2, top + i * leading)
        for mask, border in zip(masks, (stroke, 0), strict=True):
            ImageDraw.Draw(mask).text(place, line, 255, font, anchor="ma", stroke_width=border)
    return masks


def _readable(text: str, letters: int) -> tuple[Font, list[str]]:
    """A font for the text, and the lines of the text without what that font cannot draw."""
    lines = text_lines(text)
    wanted = set("".join(lines))
    own = ImageFont.load_default(letters)
    font: Font = own
    if wanted - _drawn(own, wanted):
        for name in _FONTS:
            try:
                other = ImageFont.truetype(name, letters)
            except OSError:
                continue
            if len(_drawn(other, wanted)) > len(_drawn(font, wanted)):
                font = other
    drawn = _drawn(font, wanted)
    plain = {c: unicodedata.normalize("NFKD", c).encode("ascii", "ignore").decode() for c in wanted - drawn}
    return font, text_lines("\n".join("".join(plain.get(c, c) for c in line) for line in lines))


def _drawn(font: Font, characters: set[str]) -> set[str]:
    """Those that the font has a shape for."""
    missing = bytes(font.getmask("\uffff"))
    return {c for c in characters if c == " " or bytes(font.getmask(c)) != missing}


def _wrap(lines: list[str], font: Font, width: float) -> Iterator[str]:
    """Lines broken between words, or inside one that is too long, so that none is wider than ``width``."""
    for line in lines:
        row = ""
        for word in line.split():
            if row and font.getlength(f"{row} {word}") <= width:
                row = f"{row} {word}"
                continue
            if row:
                yield row
            row = word
            while len(row) > 1 and font.getlength(row) > width:
                begin = _fitting(row, font, width) or row[0]
                yield begin
                row = row[len(begin) :]
        if row:
            yield row


def _fitting(text: str, font: Font, width: float, ending: str = "") -> str:
    """As much of the beginning of a text as fits together with the ending."""
    length = bisect_right(range(len(text)), width, key=lambda n: font.getlength(text[: n + 1] + ending))
    return text[:length] + ending
