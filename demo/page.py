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


@dataclass
class Notice:
    """A line that is not about a job, until the next one."""

    text: str
    state: Literal["ready", "finished", "stopped", "failed"] = "ready"


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
    document: Document  # as the tab last told it
    plan: Plan = ()  # of the document; empty while it cannot be made
    shown_document: Document | None = None  # whose film the player shows
    shown_plan: Plan = ()
    film: str = field(default_factory=lambda: secrets.token_hex(6))  # another one makes the player start over
    notice: Notice = field(default_factory=lambda: Notice("Ready"))
    takes: Takes | None = None
    refused_takes: int = 0  # how often there were none to make
    revision: int = 0
    exports: int = 0  # how often one was begun; the last one counts
    watched: bool = False  # a tab listens; a page of another program's film has none
    touched: float = field(default_factory=time.monotonic)  # when it was asked for last
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    # the clip that was last seen at each place, by segment and number, to fill the place until there is a new one
    last_seen: dict[tuple[str, int], tuple[PlannedClip, ClipFiles]] = field(default_factory=dict)

    def show(self, document: Document, plan: Plan) -> None:
        """Let the player show the film of this document from now on."""
        self.shown_document, self.shown_plan = document, plan
        self.session.shown = document
        self.revision += 1

    def remember(self, document: Document, plan: Plan) -> None:
        """Show the film that this session showed last, though another document is edited by now."""
        self.shown_document, self.shown_plan = document, plan
        self.revision += 1

    def show_another_film(self) -> None:
        """The film to come has nothing to do with the one before."""
        self.film = secrets.token_hex(6)
        self.shown_document, self.shown_plan = None, ()
        self.last_seen.clear()
        self.revision += 1

    def say(self, text: str, state: Literal["ready", "finished", "stopped", "failed"] = "ready") -> None:
        """Put a line on the status bar."""
        self.notice = Notice(text, state)
        self.session.last_job = None
        self.revision += 1
