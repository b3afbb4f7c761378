"""A project: the timeline and everything else that a film is made from, as one JSON text.

It is the story file of the command line, what the app saves, and what an exported film carries in its metadata.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from phenaki.config import SamplingConfig, from_dict
from phenaki.errors import ProjectError, shown
from phenaki.timeline import Timeline

PROJECT_VERSION = 1
MAX_PROJECT_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Project:
    """What is needed to make a film again."""

    timeline: Timeline
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    model: str = "toy-64"
    start_image: bytes | None = None  # an image file (PNG, JPEG or WebP) that becomes the first frame

    def to_json(self) -> str:
        """One line of JSON."""
        data: dict[str, Any] = {"phenaki_project": PROJECT_VERSION, "model": self.model}
        data |= self.timeline.to_dict() | {"sampling": dataclasses.asdict(self.sampling)}
        if self.start_image is not None:
            data["start_image"] = base64.b64encode(self.start_image).decode()
        return json.dumps(data, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Project:
        """Read what ``to_json`` writes, or a story written by hand.

        Only ``segments`` (a list of ``{"prompt", "seconds"}``) is needed; the rest has defaults.

        Raises:
            ProjectError: this is no project, or it was saved by a newer version.
            TimelineError, ConfigError: a value in it is out of range.
        """
        if len(text) > MAX_PROJECT_BYTES:
            raise ProjectError(
                f"The project has {len(text)} bytes; {MAX_PROJECT_BYTES} are accepted. Choose one that was saved here."
            )
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ProjectError(
                f"This is not a project file: no JSON can be read ({str(error)[:80]}). Choose a saved project."
            ) from None
        if not isinstance(data, Mapping) or "segments" not in data:
            raise ProjectError("This is not a project file: it has no 'segments'. Choose a saved project or story.")
        version = data.get("phenaki_project", PROJECT_VERSION)
        if not isinstance(version, int) or version > PROJECT_VERSION:
            raise ProjectError(
                f"The project has version {shown(version)}; this program reads up to {PROJECT_VERSION}. "
                "Update the program."
            )
        image = data.get("start_image")
        try:
            start_image = None if image is None else base64.b64decode(image, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise ProjectError(
                "The project's start image is damaged: it is not base64. Remove 'start_image', or save it again."
            ) from None
        model = data.get("model", "toy-64")
        if not isinstance(model, str):
            raise ProjectError(f'The project\'s model is {shown(model)}; use the name of a model, such as "toy-64".')
        return cls(
            timeline=Timeline.from_dict(data),
            sampling=from_dict(SamplingConfig, data.get("sampling", {})),
            model=model,
            start_image=start_image,
        )
