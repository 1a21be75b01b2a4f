"""The cache folder: entries appear whole, are bounded, and survive several processes at once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from constrain.runtime.cache import UNFINISHED, Cache


def key(name: str) -> str:
    """A key that is as easy to tell apart as a name."""
    return hashlib.sha256(name.encode()).hexdigest()


def add(cache: Cache, name: str, size: int, used: float | None = None) -> Path:
    with cache.add("models", key(name)) as folder:
        (folder / "weights").write_bytes(b"x" * size)
    path = cache.path("models", key(name))
    if used is not None:
        os.utime(path, (used, used))
    return path


def test_nothing_is_made_before_something_is_added(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert cache.entries() == []
    assert cache.find("models", key("a")) is None
    assert cache.clear() == 0
    assert not (tmp_path / "cache").exists()


def test_the_default_is_the_platforms_folder() -> None:
    assert "constrain" in str(Cache().folder)
    assert Cache().folder.is_absolute()


def test_an_entry_is_found_and_listed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    path = add(cache, "a", 100, used=1000.0)
    cache.add_bytes("digests", key("b"), b"123")
    first, second = cache.entries()
    assert (first.kind, first.key, first.path, first.bytes, first.last_use) == ("models", key("a"), path, 100, 1000.0)
    assert (second.kind, second.key, second.bytes) == ("digests", key("b"), 3)
    assert cache.find("models", key("a")) == path
    assert cache.entries()[1].last_use > 1000.0 or cache.entries()[0].key == key("b")  # finding is using


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def fail() -> None:
        with cache.add("models", key("a")) as folder:
            (folder / "half").write_bytes(b"x")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert cache.find("models", key("a")) is None
    assert list((tmp_path / "models").iterdir()) == []


def test_the_first_of_two_makers_wins(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.add("models", key("a")) as slow:
        (slow / "weights").write_bytes(b"slow")
        with cache.add("models", key("a")) as fast:
            (fast / "weights").write_bytes(b"fast")
    assert (cache.path("models", key("a")) / "weights").read_bytes() == b"fast"
    assert [entry.key for entry in cache.entries()] == [key("a")]


def test_least_recently_used_entries_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=250)
    add(cache, "old", 100, used=1000.0)
    add(cache, "older", 100, used=500.0)
    add(cache, "new", 100)
    assert [entry.key for entry in cache.entries()] == [key("old"), key("new")]
    add(cache, "huge", 1000)  # larger than the bound: it alone stays
    assert [entry.key for entry in cache.entries()] == [key("huge")]


def test_clearing_takes_all_or_one_kind(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    add(cache, "a", 100)
    cache.add_bytes("digests", key("b"), b"123")
    assert cache.clear("digests") == 3
    assert cache.clear() == 100
    assert cache.entries() == []


def test_what_is_not_an_entry_is_nobodys_business(tmp_path: Path) -> None:
    """Whoever names a folder full of other things as the cache still has them afterwards."""
    cache = Cache(tmp_path, max_bytes=10)
    others = [
        tmp_path / name
        for name in ("notes.txt", "photos/a.jpg", ".git/config", "models/my-model/weights", ".unfinished-novel")
    ] + [tmp_path / "models" / f"{key('a')}.txt", tmp_path / "other" / key("a"), tmp_path / "other" / UNFINISHED]
    for path in others:
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(b"x" * 100)
        os.utime(path, (1000.0, 1000.0))
        os.utime(path.parent, (1000.0, 1000.0))
    add(cache, "old", 100, used=2000.0)
    add(cache, "new", 100)
    assert [entry.key for entry in cache.entries()] == [key("new")]
    assert cache.clear() == 100
    assert all(path.read_bytes() == b"x" * 100 for path in others)


@pytest.mark.parametrize(("kind", "name"), [("photos", key("a")), ("models", "a"), ("models", f"../{key('a')}")])
def test_only_what_can_be_recognised_is_added(tmp_path: Path, kind: str, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a cache entry"):
        Cache(tmp_path).add_bytes(kind, name, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for act in (Cache(tmp_path / "file").entries, Cache(tmp_path / "file").clear):
        with pytest.raises(NotADirectoryError):
            act()


def test_abandoned_work_is_removed_and_work_in_progress_is_not(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    abandoned, fresh = tmp_path / "models" / f"{UNFINISHED}1", tmp_path / "models" / f"{UNFINISHED}2"
    for folder in (abandoned, fresh):
        folder.mkdir(parents=True)
    os.utime(abandoned, (1000.0, 1000.0))
    assert cache.entries() == []
    cache.clear()
    assert not abandoned.exists()
    assert fresh.exists()


PROCESS = """
import sys
from constrain.runtime.cache import Cache
cache = Cache(sys.argv[1], max_bytes=2000)
for number in range(60):
    key = str(number % 7) * 64
    if cache.find("models", key) is None:
        with cache.add("models", key) as folder:
            for part in range(3):
                (folder / str(part)).write_bytes(b"x" * 150)
    cache.add_bytes("digests", "d" * 64, b"y" * 64)
    for entry in cache.entries():
        assert entry.kind == "digests" or entry.bytes in (0, 150, 300, 450), entry
    if number % 20 == 19:
        cache.clear()
"""


def test_processes_share_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROCESS, str(tmp_path)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in running:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    cache = Cache(tmp_path)
    for entry in cache.entries():
        if entry.kind == "models":
            assert sorted(file.name for file in entry.path.iterdir()) == ["0", "1", "2"]
            assert entry.bytes == 450
