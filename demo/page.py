"""One open tab: the document that is edited there, and the film that its player shows."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from demo.document import Document
from demo.session import Session
from demo.store import ClipFiles
from phenaki import PlannedClip

Plan = Sequence[PlannedClip]
NOTICE_SECONDS = 5.0  # so long a notice is shown in place of what is said of a job


@dataclass
class Notice:
    """A line that is not about a job, until the next one."""

    text: str
    state: Literal["ready", "finished", "stopped", "failed"] = "ready"
    until: float = 0.0  # when a job's line may take its place

    @property
    def is_fresh(self) -> bool:
        """Whether nobody has had the time to read it."""
        return time.monotonic() < self.until


@dataclass(frozen=True)
class Draft:
    """A document and the clips that it plans, which another thread finds together or not at all."""

    document: Document
    plan: Plan = ()  # empty while the document cannot be made


@dataclass
class Takes:
    """Variations of one segment: a seed and a plan for each."""

    segment: str
    seeds: list[int]
    plans: list[Plan]
    keys: list[list[str]]  # of the segment's own clips, for each take


@dataclass(eq=False)
class Page:
    """What the server knows of one open tab."""

    session: Session
    edited: Draft  # as the tab last told it
    shown: Draft | None = None  # whose film the player shows
    film: str = field(default_factory=lambda: secrets.token_hex(6))  # another one makes the player start over
    notice: Notice = field(default_factory=lambda: Notice("Ready"))
    takes: Takes | None = None
    refused_takes: int = 0  # how often there were none to make
    revision: int = 0
    exports: int = 0  # how often one was begun; the last one counts
    is_large: bool = False  # more than its browser can keep
    watched: bool = False  # a tab listens; a page of another program's film has none
    touched: float = field(default_factory=time.monotonic)  # when it was asked for last
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    # the clip that was last seen at each place, by segment and number, to fill the place until there is a new one
    last_seen: dict[tuple[str, int], tuple[PlannedClip, ClipFiles]] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        """What is edited."""
        return self.edited.document

    @property
    def plan(self) -> Plan:
        """The clips of what is edited."""
        return self.edited.plan

    @property
    def shown_plan(self) -> Plan:
        """The clips of the film that the player shows."""
        return () if self.shown is None else self.shown.plan

    def show(self, draft: Draft) -> None:
        """Let the player show the film of this document from now on."""
        self.shown = draft
        self.session.shown = draft.document
        self.revision += 1

    def remember(self, draft: Draft) -> None:
        """Show the film that this session showed last, though another document is edited by now."""
        self.shown = draft
        self.revision += 1

    def show_another_film(self) -> None:
        """The film to come has nothing to do with the one before."""
        self.film = secrets.token_hex(6)
        self.shown = None
        self.last_seen.clear()
        self.revision += 1

    def say(self, text: str, state: Literal["ready", "finished", "stopped", "failed"] = "ready") -> None:
        """Put a line on the status bar."""
        self.notice = Notice(text, state, time.monotonic() + NOTICE_SECONDS)
        self.session.last_job = None
        self.revision += 1

    def hush(self) -> None:
        """Something was asked for that the line of a job answers at once."""
        self.notice.until = 0.0
