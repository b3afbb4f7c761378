from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from demo.footage import FootageStore
from phenaki import MediaError, pack_frames


def video(shade: int) -> bytes:
    return pack_frames(np.full((6, 16, 16, 3), shade, np.uint8))


def test_footage_is_found_by_what_the_document_says_of_it(tmp_path: Path) -> None:
    store = FootageStore(tmp_path / "footage", 1e9, 1e9)
    row = store.keep(video(99))
    assert row["num_frames"] == 6 and row["poster"].startswith("data:image/webp;base64,")
    assert store.read(row["id"]) == video(99)
    with pytest.raises(MediaError, match="no longer here"):
        store.read("0" * 64)


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    store = FootageStore(tmp_path, 1e9, max_bytes=2.5 * len(video(1)))
    names = [store.keep(video(shade))["id"] for shade in (1, 2, 3)]
    for age, name in enumerate(names):
        os.utime(tmp_path / f"{name}.webp", (1e9 + age, 1e9 + age))
    store.read(names[0])
    store.clean()
    assert {path.stem for path in tmp_path.iterdir()} == {names[0], names[2]}


def test_what_nobody_uses_goes_though_there_is_room(tmp_path: Path) -> None:
    store = FootageStore(tmp_path, max_seconds=60, max_bytes=1e9)
    old, new = (store.keep(video(shade))["id"] for shade in (1, 2))
    os.utime(tmp_path / f"{old}.webp", (1e9, 1e9))
    store.clean()
    assert [path.stem for path in tmp_path.iterdir()] == [new]
