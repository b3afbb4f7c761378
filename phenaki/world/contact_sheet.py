"""Contact sheets: many clips on one picture, a few frames of each with its words beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from phenaki.errors import ConfigError, MediaError
from phenaki.shapes import ClipShape
from phenaki.world.parts import CORE, WorldPart
from phenaki.world.render import render
from phenaki.world.spec import StorySpec
from phenaki.world.windows import sample_spec, tell

GAP = 8  # pixels between panels
FONT_SIZE = 15
LINE = 19  # pixels from one line of text to the next
PAPER, INK = (250, 250, 248), (32, 32, 36)


@dataclass(frozen=True)
class Panel:
    """A stretch of film and its words."""

    frames: np.ndarray  # (f, H, W, 3) uint8
    text: str  # a line break starts a new line; long lines are broken


def contact_sheet(rows: Sequence[Sequence[Panel]], *, frames_per_panel: int = 4, side: int = 128) -> Image.Image:
    """Draw rows of panels; in each, frames side by side, evenly spread from the first to the last.

    Args:
        rows: panels from left to right; rows may differ in length.
        frames_per_panel: frames shown of each panel; a shorter film shows all of its frames.
        side: pixels on a side of a frame on the sheet. Smaller pictures are enlarged without smoothing.

    Raises:
        ConfigError: there is nothing to draw, or a number is not positive.
    """
    if not rows or not all(rows):
        raise ConfigError(
            "A contact sheet without pictures was asked for; give it one row or more, none of them empty."
        )
    if frames_per_panel < 1 or side < 1:
        raise ConfigError(f"frames_per_panel is {frames_per_panel} and side is {side}; use 1 or more for both.")
    font = ImageFont.load_default(FONT_SIZE)
    width = frames_per_panel * side
    lines = [[_break(panel.text, font, width) for panel in row] for row in rows]
    heights = [side + 6 + LINE * max(map(len, texts)) + GAP for texts in lines]
    sheet = Image.new("RGB", (max(map(len, rows)) * (width + GAP) + GAP, sum(heights) + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    top = GAP
    for row, texts, height in zip(rows, lines, heights, strict=True):
        for column, (panel, text) in enumerate(zip(row, texts, strict=True)):
            left = GAP + column * (width + GAP)
            for place, frame in enumerate(_spread(panel.frames, frames_per_panel)):
                picture = Image.fromarray(frame).resize((side, side), _filter(frame.shape[0], side))
                sheet.paste(picture, (left + place * side, top))
            for number, line in enumerate(text):
                draw.text((left, top + side + 4 + number * LINE), line, fill=INK, font=font)
        top += height
    return sheet


def world_sheet(
    *, seed: int = 0, size: int = 64, count: int = 8, part: WorldPart = CORE, style: str | None = None,
    stages: int = 3, frames_per_panel: int = 3,
) -> Image.Image:  # fmt: skip
    """Random stories as the world renders them, with the caption of each stage.

    Args:
        seed: of the stories.
        size: pixels on a side of the renders.
        count: stories.
        part: what there is.
        style: draw all stories in one of the part's styles.
        stages: of each story.
        frames_per_panel: frames shown of each stage.

    Raises:
        ConfigError: a number is out of range, or the part does not have the style.
    """
    if not 1 <= count <= 200:
        raise ConfigError(f"A sheet of {count} stories was asked for; use 1 to 200.")
    if not 1 <= stages <= 8:
        raise ConfigError(f"Stories of {stages} stages were asked for; use 1 to 8.")
    if not 16 <= size <= 512:
        raise ConfigError(f"Pictures of {size} pixels were asked for; use 16 to 512 (multiples of 64 are sharpest).")
    if style is not None:
        if style not in part.styles:
            raise ConfigError(f"The part {part.name!r} has no style {style!r}; use one of {', '.join(part.styles)}.")
        part = replace(part, styles=(style,))
    rng, shape = np.random.default_rng(seed), ClipShape()
    rows = []
    for _ in range(count):
        spec = sample_spec(rng, (shape.clip_frames, *[shape.new_frames] * (stages - 1)), combos="all", part=part)
        texts = [tell(spec, number, rng, "all", part, short=number > 0) for number in range(stages)]
        rows.append(story_panels(spec, texts, size=size))
    return contact_sheet(rows, frames_per_panel=frames_per_panel, side=max(128, size))


def story_panels(spec: StorySpec, texts: Sequence[str], *, size: int = 64) -> list[Panel]:
    """A panel for each stage of a story."""
    video = render([spec], size=size).video[0]  # (3, f, H, W)
    frames = (video * 127.5 + 127.5).round().to(torch.uint8).permute(1, 2, 3, 0).numpy()  # (f, H, W, 3)
    panels, start = [], 0
    for stage, text in zip(spec.stages, texts, strict=True):
        panels.append(Panel(frames[start : start + stage.num_frames], text))
        start += stage.num_frames
    return panels


def write_world_sheet(
    path: Path, *, seed: int = 0, size: int = 64, count: int = 8, part: WorldPart = CORE, style: str | None = None,
    stages: int = 3, frames_per_panel: int = 3,
) -> None:  # fmt: skip
    """Write ``world_sheet`` to a picture file; arguments as there.

    Raises:
        ConfigError: size or count is out of range.
        MediaError: the file cannot be written.
    """
    options = {"part": part, "style": style, "stages": stages, "frames_per_panel": frames_per_panel}
    save_sheet(world_sheet(seed=seed, size=size, count=count, **options), path)  # type: ignore[arg-type]


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Write a sheet to a picture file of the kind that its name says.

    Raises:
        MediaError: the file cannot be written.
    """
    try:
        sheet.save(path)
    except (OSError, ValueError) as error:
        raise MediaError(
            f"The sheet cannot be written to {path} ({error}). Use a .png in a folder that exists."
        ) from None


def _spread(frames: np.ndarray, count: int) -> np.ndarray:
    """``count`` frames from the first to the last."""
    count = min(count, len(frames))
    return frames[np.linspace(0, len(frames) - 1, count).round().astype(int)]


def _filter(height: int, side: int) -> Image.Resampling:
    """Sharp pixels where they become larger, averages where they become smaller."""
    return Image.Resampling.NEAREST if side >= height else Image.Resampling.BOX


def _break(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Break lines so that each is at most ``width`` pixels wide, between words only."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines
