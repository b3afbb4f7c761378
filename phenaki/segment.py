"""A stretch of the timeline with one prompt. Checked when built, readable from and writable to plain data."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

from phenaki.config import SamplingConfig
from phenaki.errors import TimelineError, shown

MAX_PROMPT_CHARS = 400
MAX_SECONDS = 600.0  # of film
MAX_SEED = 2**32 - 1
MAX_FIRST_CLIP = 2**20
MAX_BEHIND = 16  # segments behind one another


@dataclass(frozen=True)
class Segment:
    """A stretch of the timeline with one prompt.

    It goes on from the last frames of the segment to its left. With a ``start_image`` it is a new shot instead, as
    long as an opening segment. With a segment ``behind``, it goes on from the last frames of that one, which is made
    but not shown: what stood to its left when it was made, and has been replaced since.

    Raises:
        TimelineError: the prompt is empty, too long or no text, the length is not a positive number, a number is out
            of range, or ``behind`` is given together with ``start_image`` or is too deep.
        ConfigError: a setting of its own is out of range.
    """

    prompt: str
    seconds: float
    seed: int | None = None  # None: follows from the timeline's seed and the segment's place
    num_inference_steps: int | None = None  # None: as in the settings of the film
    guidance_scale: float | None = None
    start_image: bytes | None = field(default=None, repr=False)  # an image file that becomes its first frame
    first_clip: int = 0  # number of its first clip, which its noise depends on: a split leaves every clip its number
    behind: Segment | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str) or not _is_text(self.prompt):
            raise TimelineError(f"A prompt is {shown(self.prompt)}, which is no text. Write what should be seen.")
        if not self.prompt.strip():
            raise TimelineError(
                "A segment has an empty prompt. Write what should be seen, such as 'a fox walks right'."
            )
        if len(self.prompt) > MAX_PROMPT_CHARS:
            raise TimelineError(
                f"A prompt has {len(self.prompt)} characters; {MAX_PROMPT_CHARS} are accepted. "
                "Shorten it, or spread it over several segments."
            )
        if not _is_number(self.seconds) or not 0 < self.seconds <= MAX_SECONDS:
            raise TimelineError(
                f"A segment lasts {shown(self.seconds)} seconds; use a number above 0, up to {MAX_SECONDS:g}."
            )
        if self.seed is not None:
            check_seed(self.seed)
        self.sampling(SamplingConfig())
        if not _is_whole(self.first_clip) or not 0 <= self.first_clip <= MAX_FIRST_CLIP:
            raise TimelineError(
                f"first_clip is {shown(self.first_clip)}; use a whole number from 0 to {MAX_FIRST_CLIP}."
            )
        if self.start_image is not None and (not isinstance(self.start_image, bytes) or not self.start_image):
            raise TimelineError(
                f"A start image is {shown(self.start_image)}; use the bytes of a PNG, JPEG or WebP file."
            )
        self._check_behind()

    def _check_behind(self) -> None:
        if self.behind is None:
            return
        if not isinstance(self.behind, Segment):
            raise TimelineError(f"What stands behind a segment is {shown(self.behind)}; use a Segment.")
        if self.start_image is not None:
            raise TimelineError(
                "A segment has both a start image and a segment behind it, but begins with only one of them. "
                "Remove the other."
            )
        if self.depth > MAX_BEHIND:
            raise TimelineError(
                f"{self.depth} segments stand behind one another; {MAX_BEHIND} are accepted. "
                "Let the last one go on from its left neighbour."
            )

    @property
    def depth(self) -> int:
        """Segments that stand behind it, one behind the other."""
        return 0 if self.behind is None else 1 + self.behind.depth

    def sampling(self, settings: SamplingConfig) -> SamplingConfig:
        """The settings of the film, with those of this segment's own."""
        own = {"num_inference_steps": self.num_inference_steps, "guidance_scale": self.guidance_scale}
        given = {name: value for name, value in own.items() if value is not None}
        return replace(settings, **given) if given else settings

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with what differs from its default."""
        data: dict[str, Any] = {"prompt": self.prompt, "seconds": self.seconds}
        for name in ("seed", "num_inference_steps", "guidance_scale"):
            if getattr(self, name) is not None:
                data[name] = getattr(self, name)
        if self.start_image is not None:
            data["start_image"] = to_base64(self.start_image)
        if self.first_clip:
            data["first_clip"] = self.first_clip
        if self.behind is not None:
            data["behind"] = self.behind.to_dict()
        return data

    @classmethod
    def from_dict(cls, data: object, *, depth: int = 0) -> Segment:
        """Read what ``to_dict`` writes; keys it does not know are left alone.

        Raises:
            TimelineError, ConfigError: something is missing, of the wrong type or out of range.
        """
        if not isinstance(data, Mapping) or "prompt" not in data or "seconds" not in data:
            raise TimelineError(f"A segment is {shown(data, 60)}; it needs 'prompt' and 'seconds'.")
        behind = data.get("behind")
        if behind is not None and depth <= MAX_BEHIND:  # one more is refused below, a thousand need not be read
            behind = cls.from_dict(behind, depth=depth + 1)
        return cls(
            prompt=data["prompt"],
            seconds=data["seconds"],
            seed=data.get("seed"),
            num_inference_steps=data.get("num_inference_steps"),
            guidance_scale=data.get("guidance_scale"),
            start_image=from_base64(data.get("start_image"), "start image"),
            first_clip=data.get("first_clip", 0),
            behind=behind,
        )


def check_seed(seed: object) -> None:
    """Raise ``TimelineError`` unless ``seed`` is a whole number from 0 to ``MAX_SEED``."""
    if not _is_whole(seed) or not 0 <= seed <= MAX_SEED:
        raise TimelineError(f"The seed is {shown(seed)}; use a whole number from 0 to {MAX_SEED}.")


def to_base64(data: bytes) -> str:
    """Bytes as JSON holds them."""
    return base64.b64encode(data).decode()


def from_base64(text: object, name: str) -> bytes | None:
    """The bytes of what ``name`` says, or None if there are none.

    Raises:
        TimelineError: this is no base64.
    """
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True)  # type: ignore[arg-type]
    except (binascii.Error, TypeError, ValueError):
        raise TimelineError(f"The {name} is damaged: it is not base64. Remove it, or save the project again.") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(prompt: str) -> bool:
    """False for half of a character, which no file and no tokenizer takes."""
    try:
        prompt.encode()
    except UnicodeEncodeError:
        return False
    return True
