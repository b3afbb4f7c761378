"""A project: the timeline and everything else that a film is made from, as one JSON text.

It is the story file of the command line, what the app saves, and what an exported film carries in its metadata.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from phenaki.config import SamplingConfig, from_dict
from phenaki.errors import ProjectError, shown
from phenaki.timeline import Timeline

PROJECT_VERSION = 2
MAX_PROJECT_BYTES = 16 * 2**20
MAX_TITLE_CHARS = 120


@dataclass(frozen=True)
class Project:
    """What is needed to make a film again.

    Raises:
        ProjectError: the title or the name of the model is not a text, or the title is too long.
    """

    timeline: Timeline
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    model: str = "toy-64"
    title: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.model, str):
            raise ProjectError(
                f'The project\'s model is {shown(self.model)}; use the name of a model, such as "toy-64".'
            )
        if not isinstance(self.title, str) or len(self.title) > MAX_TITLE_CHARS:
            raise ProjectError(
                f"The project's title is {shown(self.title)}; use a text of at most {MAX_TITLE_CHARS} characters."
            )

    def to_json(self) -> str:
        """One line of JSON.

        Raises:
            ProjectError: it would be too large to be read back.
        """
        data: dict[str, Any] = {"phenaki_project": PROJECT_VERSION, "model": self.model}
        if self.title:
            data["title"] = self.title
        data |= self.timeline.to_dict() | {"sampling": dataclasses.asdict(self.sampling)}
        text = json.dumps(data, ensure_ascii=False)
        size = len(text.encode())
        if size > MAX_PROJECT_BYTES:
            raise ProjectError(
                f"The project has {size} bytes; {MAX_PROJECT_BYTES} are accepted. "
                "Use a smaller start image or a shorter video."
            )
        return text

    @classmethod
    def from_json(cls, text: str | bytes) -> Project:
        """Read what ``to_json`` of this or an earlier version wrote, or a story written by hand.

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
        data = _migrate(data)
        return cls(
            timeline=Timeline.from_dict(data),
            sampling=from_dict(SamplingConfig, data.get("sampling", {})),
            model=data.get("model", "toy-64"),
            title=data.get("title", ""),
        )


def _migrate(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A project of any version as one of this version; a story without a version may be of either form."""
    version = data.get("phenaki_project", 1)
    if isinstance(version, bool) or not isinstance(version, int) or not 1 <= version <= PROJECT_VERSION:
        raise ProjectError(
            f"The project has version {shown(version)}; this program reads up to {PROJECT_VERSION}. Update the program."
        )
    if version == 1:
        data = _move_start_image(data)
    return data


def _move_start_image(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Version 1 had one start image, that of the film."""
    image, rows = data.get("start_image"), data["segments"]
    if image is None or not isinstance(rows, list) or not rows or not isinstance(rows[0], Mapping):
        return data
    return {**data, "segments": [{**rows[0], "start_image": image}, *rows[1:]]}
