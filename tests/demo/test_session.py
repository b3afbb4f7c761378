from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from demo.session import Sessions
from tests.demo.conftest import story
from tests.demo.test_store import add


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(tmp_path, {}, max_days=1, max_bytes=1e9, max_total_bytes=1e9)


def test_a_browser_finds_its_session_again_even_after_a_restart(sessions: Sessions, tmp_path: Path) -> None:
    mine = sessions.open()
    add(mine.store, "a")
    mine.shown = story("a fox")
    assert sessions.open(mine.token) is mine
    again = Sessions(tmp_path, {}, 1, 1e9, 1e9).open(mine.token)
    assert "a" in again.store and again.shown == story("a fox")


@pytest.mark.parametrize("token", [None, 5, "", "../..", "a/b", "x" * 22, "..", "x" * 500])
def test_a_token_that_was_never_given_out_opens_nothing(sessions: Sessions, tmp_path: Path, token: object) -> None:
    session = sessions.open(token)
    assert session.token != token and len(session.token) == 22
    assert [path.name for path in tmp_path.iterdir()] == [session.folder.name]


def test_the_address_of_a_clip_does_not_open_its_session(sessions: Sessions) -> None:
    session = sessions.open()
    assert session.token not in str(session.new_folder())
    assert sessions.open(session.folder.name) is not session
    assert sessions.open(session.folder.name[:22]) is not session


def test_a_session_of_nobody_leaves_nothing_behind(sessions: Sessions, tmp_path: Path) -> None:
    with sessions.passing() as session:
        session.shown = story("a fox")
        assert session.shown == story("a fox")
    assert not session.folder.exists() and not list(tmp_path.iterdir())


def test_sessions_do_not_see_each_other(sessions: Sessions) -> None:
    mine, other = sessions.open(), sessions.open()
    add(mine.store, "a")
    assert mine.token != other.token and "a" not in other.store


def test_old_sessions_go_and_busy_ones_stay(sessions: Sessions) -> None:
    old, busy, new = sessions.open(), sessions.open(), sessions.open()
    for session in (old, busy):
        os.utime(session.folder, (time.time() - 90_000,) * 2)
    sessions.clean({busy.token})
    assert [s.folder.exists() for s in (old, busy, new)] == [False, True, True]
    assert sessions.open(old.token).token != old.token


def test_all_sessions_together_keep_to_their_limit(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path, {}, 1, 1e9, max_total_bytes=1)
    old, new = sessions.open(), sessions.open()
    for session in (old, new):
        add(session.store, "a")
    os.utime(old.folder, (time.time() - 100,) * 2)
    sessions.clean(set())
    assert not old.folder.exists() and new.folder.exists()


def test_files_that_were_handed_out_do_not_stay_for_ever(sessions: Sessions) -> None:
    session = sessions.open()
    old, new = session.new_folder(), session.new_folder()
    os.utime(old, (time.time() - 90_000,) * 2)
    sessions.clean(set())
    assert not old.exists() and new.exists()
