"""What belongs to one browser: a folder that its token leads to, with its clips and its last film."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from demo.document import Document
from demo.jobs import Job
from demo.store import ClipFiles, ClipStore

DAY = 86_400.0


class Session:
    """The state that pages of one browser share, and that outlives them and the server.

    ``revision`` grows whenever a page may have something new to show, ``ticks`` when only progress has moved.
    """

    def __init__(self, token: str, folder: Path, shipped: Mapping[str, ClipFiles]) -> None:
        self.token = token
        self.folder = folder
        self.store = ClipStore(folder / "clips", shipped)
        self.revision = 0
        self.ticks = 0
        self.last_job: Job | None = None  # that ended
        self.preview: dict[str, object] = {}  # of the clip at work
        self.seams: dict[tuple[str, str], float] = {}
        self._shown_file = folder / "shown.json"

    def change(self) -> None:
        """Something to show is new."""
        self.revision += 1

    @property
    def shown(self) -> Document | None:
        """The document of the film that the player showed last."""
        with contextlib.suppress(OSError, ValueError):
            return json.loads(self._shown_file.read_text(encoding="utf-8"))
        return None

    @shown.setter
    def shown(self, document: Document) -> None:
        part = self._shown_file.with_suffix(f".{secrets.token_hex(4)}")
        part.write_text(json.dumps(document), encoding="utf-8")
        os.replace(part, self._shown_file)

    def new_folder(self) -> Path:
        """An empty folder for files that are handed to one page."""
        folder = self.folder / "files" / secrets.token_urlsafe(12)
        folder.mkdir(parents=True)
        return folder


class Sessions:
    """All sessions, each in a folder of its own; old and large ones are cleaned up.

    A token opens a session and stays between its browser and the server. The folder's name, which stands in the address
    of every clip, follows from the token and does not lead back to it.

    Args:
        folder: parent of their folders.
        shipped: clips that every session has.
        max_days: sessions that nobody has opened for so long are removed.
        max_bytes: of the clips of one session.
        max_total_bytes: of all sessions together.
    """

    def __init__(
        self, folder: Path, shipped: Mapping[str, ClipFiles], max_days: float, max_bytes: float, max_total_bytes: float
    ) -> None:
        self.folder = folder
        self._shipped = shipped
        self._max_seconds, self._max_bytes, self._max_total_bytes = max_days * DAY, max_bytes, max_total_bytes
        self._open: dict[str, Session] = {}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def open(self, token: object = None) -> Session:
        """The session with this token, or a new one where there is none."""
        with self._lock:
            known = isinstance(token, str) and re.fullmatch(r"[A-Za-z0-9_-]{22}", token)
            if not known or not (self.folder / folder_name(str(token))).is_dir():
                token = secrets.token_urlsafe(16)
            assert isinstance(token, str)
            folder = self.folder / folder_name(token)
            if token not in self._open:
                folder.mkdir(exist_ok=True)
                self._open[token] = Session(token, folder, self._shipped)
            os.utime(folder)
            return self._open[token]

    @contextlib.contextmanager
    def passing(self) -> Iterator[Session]:
        """A session of nobody, which leaves nothing behind."""
        with TemporaryDirectory() as folder:
            yield Session("", Path(folder), self._shipped)

    def find(self, token: str) -> Session | None:
        """The session with this token, if it is open."""
        return self._open.get(token)

    def clean(self, busy: set[str]) -> None:
        """Remove what is too old or too much; sessions whose tokens are ``busy`` are spared."""
        with self._lock:
            ages = sorted((folder.stat().st_mtime, folder) for folder in self.folder.iterdir() if folder.is_dir())
            spared, opened = set(map(folder_name, busy)), {session.folder: session for session in self._open.values()}
            now, total = time.time(), 0.0
            for used, folder in reversed(ages):  # the newest first
                session = opened.get(folder)
                if folder.name not in spared and (now - used > self._max_seconds or total > self._max_total_bytes):
                    if session is not None:
                        del self._open[session.token]
                    shutil.rmtree(folder, ignore_errors=True)
                    continue
                store = ClipStore(folder / "clips", {}) if session is None else session.store
                store.shrink(self._max_bytes)
                self._remove_old_files(folder / "files", now)
                total += bytes_in(folder)

    def _remove_old_files(self, folder: Path, now: float) -> None:
        """Exports and saved projects have been downloaded long before."""
        for old in folder.glob("*") if folder.is_dir() else ():
            if now - old.stat().st_mtime > DAY:
                shutil.rmtree(old, ignore_errors=True)


def folder_name(token: str) -> str:
    """The name of a session's folder."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def bytes_in(folder: Path) -> int:
    """Size of all files in a folder; what vanishes meanwhile counts for nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.stat(os.path.join(place, name)).st_size
    return total
