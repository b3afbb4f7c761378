from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from demo.store import ClipFiles, ClipStore
from phenaki import FramesReady

FRAMES = np.random.default_rng(0).integers(0, 255, (6, 16, 16, 3), dtype=np.uint8)
CLIP = FramesReady(0, 0, 0, FRAMES, 8, np.arange(48, dtype=np.int32).reshape(3, 4, 4))


def add(store: ClipStore, key: str) -> None:
    store.add(key, CLIP, 32, lambda frames: frames)


def test_a_clip_comes_back_as_the_model_made_it(tmp_path: Path) -> None:
    store = ClipStore(tmp_path, {})
    assert "a" not in store and store.find("a") is None
    add(store, "a")
    files = store.find("a")
    assert "a" in store and files is not None
    assert np.array_equal(files.read(), FRAMES) and np.array_equal(files.read_end(), CLIP.end_token_ids)
    assert files.movie.stat().st_size and files.thumbnail.stat().st_size


def test_clips_outlive_the_program(tmp_path: Path) -> None:
    add(ClipStore(tmp_path, {}), "a")
    assert "a" in ClipStore(tmp_path, {})


def test_a_clip_that_was_cut_short_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"half of it")
    (tmp_path / "a.part").write_bytes(b"half of it")
    assert "a" not in ClipStore(tmp_path, {})


def test_clips_of_earlier_versions_make_room(tmp_path: Path) -> None:
    add(ClipStore(tmp_path, {}), "a")
    for name in ("b.npy", "b.mp4", "b.webp"):
        (tmp_path / name).write_bytes(b"a clip without tokens")
    assert "a" in ClipStore(tmp_path, {}) and not list(tmp_path.glob("b.*"))


def test_shipped_clips_are_there_from_the_start(tmp_path: Path) -> None:
    shipped = ClipFiles(tmp_path / "x.mp4", tmp_path / "x.webp", lambda: FRAMES, lambda: CLIP.end_token_ids)
    store = ClipStore(tmp_path / "mine", {"a": shipped})
    assert "a" in store and store.find("a") is shipped


def test_the_clips_used_longest_ago_go_first(tmp_path: Path) -> None:
    store = ClipStore(tmp_path, {})
    for age, key in enumerate("abc"):
        add(store, key)
        os.utime(tmp_path / f"{key}.npz", (1000 + age, 1000 + age))
    store.touch("a")
    one = sum(path.stat().st_size for path in tmp_path.glob("a.*"))
    store.shrink(1.5 * one)
    assert [key for key in "abc" if key in store] == ["a"]
    assert not list(tmp_path.glob("b.*")) and "b" not in ClipStore(tmp_path, {})


def test_takes_count_and_go_with_their_clips(tmp_path: Path) -> None:
    store = ClipStore(tmp_path, {})
    for age, key in enumerate("ab"):
        add(store, key)
        os.utime(tmp_path / f"{key}.npz", (1000 + age, 1000 + age))
    one = sum(path.stat().st_size for path in tmp_path.glob("b.*"))
    store.take("a").write_bytes(bytes(one))
    store.take("shipped").write_bytes(bytes(one))  # of a clip that lies elsewhere
    os.utime(store.take("shipped"), (999, 999))
    store.shrink(3.5 * one)
    assert "a" in store and store.take("a").is_file() and not store.take("shipped").exists()
    store.shrink(2.5 * one)
    assert not list(tmp_path.glob("a.*")) and "b" in store
