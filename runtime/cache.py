"""The folder in which constrain keeps what is dear to make: converted models and compiled grammars.

Layout: ``<folder>/<kind>/<key>`` is one entry, a file or a folder named by the hash of what it was made from. Entries
appear by one rename of a finished temporary folder, so other processes see all of an entry or nothing, and two that
make the same one at once both succeed: the first to finish wins. The modification time of an entry is its last use.

The folder may hold other things, since anybody can name any folder as the cache. What is not an entry, by kind and by
name, is neither counted nor removed.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_dir

__all__ = ["Cache", "CacheEntry"]

DEFAULT_MAX_BYTES = 32 * 1000**3
"""32 GB: a few converted models."""

KINDS = ("attention", "compiled", "digests", "models")
"""All kinds of entries there are; another kind is added here."""

KEY = re.compile(r"[0-9a-f]{64}(-[0-9]+)?")
"""How entries are called: a SHA-256, and the version of what made it."""

UNFINISHED = ".unfinished-"
"""Names of things in the making start so; they are no entries, and are removed when abandoned."""

ABANDONED_SECONDS = 6 * 3600.0
"""An unfinished entry untouched for so long belongs to a process that died."""

PUT_ATTEMPTS = 5
"""So often, the entry that was in another one's way may be gone when it is looked for."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One thing in the cache.

    Attributes:
        kind: what it is, for example ``models``.
        key: the hash it is found by.
        path: file or folder.
        bytes: size on disk.
        last_use: seconds since the epoch.
    """

    kind: str
    key: str
    path: Path
    bytes: int
    last_use: float


class Cache:
    """A bounded, content-addressed cache that several processes share."""

    def __init__(self, folder: str | Path | None = None, *, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        """Open a cache; nothing is created before something is added.

        Args:
            folder: where; by default the platform's cache folder for ``constrain``.
            max_bytes: least recently used entries are removed beyond this.
        """
        self.folder = Path(folder) if folder is not None else Path(user_cache_dir("constrain", appauthor=False))
        self.max_bytes = max_bytes

    def path(self, kind: str, key: str) -> Path:
        """Where an entry is, or would be.

        Raises:
            ValueError: a kind or key that the cache could not tell from other people's files.
        """
        if kind not in KINDS or not KEY.fullmatch(key):
            raise ValueError(f"{kind}/{key} cannot be a cache entry")
        return self.folder / kind / key

    def find(self, kind: str, key: str) -> Path | None:
        """The entry's path, noting its use; None when there is none."""
        path = self.path(kind, key)
        if not path.exists():
            return None
        with suppress(OSError):  # a read-only cache still serves
            os.utime(path)
        return path

    @contextmanager
    def add(self, kind: str, key: str) -> Iterator[Path]:
        """Make a folder entry: fill the yielded temporary folder; on success it becomes the entry.

        Raises:
            OSError: the cache cannot be written.
        """
        path = self.path(kind, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=path.parent))
        try:
            yield unfinished
            unfinished.chmod(0o755)
            _put(unfinished, path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self.evict(keep=path)

    def add_bytes(self, kind: str, key: str, content: bytes) -> Path:
        """Make, or replace, a file entry.

        Raises:
            OSError: the cache cannot be written.
        """
        path = self.path(kind, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
        return path

    def entries(self, kind: str | None = None) -> list[CacheEntry]:
        """Everything in the cache, or all of one kind, least recently used first.

        Raises:
            OSError: the cache cannot be read, or is no folder.
        """
        found = []
        for path in self._paths(kind):
            if KEY.fullmatch(path.name):
                with suppress(FileNotFoundError):  # removed by another process meanwhile
                    used = path.stat().st_mtime
                    found.append(CacheEntry(path.parent.name, path.name, path, _size(path), used))
        return sorted(found, key=lambda entry: (entry.last_use, entry.kind, entry.key))

    def evict(
        self,
        *,
        keep: Path | None = None,
        kind: str | None = None,
        max_bytes: int | None = None,
        max_entries: int | None = None,
    ) -> int:
        """Remove least recently used entries until the rest fits; bytes freed.

        Args:
            keep: an entry that stays.
            kind: count and remove entries of this kind alone.
            max_bytes: what the rest must fit, by default the cache's own bound.
            max_entries: how many may stay, by default any number.
        """
        self._remove_abandoned(kind)
        entries = self.entries(kind)
        excess = sum(entry.bytes for entry in entries) - (self.max_bytes if max_bytes is None else max_bytes)
        surplus = 0 if max_entries is None else len(entries) - max_entries
        freed = 0
        for entry in entries:
            if freed >= excess and surplus <= 0:
                break
            if entry.path != keep:
                _remove(entry.path)
                freed += entry.bytes
                surplus -= 1
        return freed

    def clear(self, kind: str | None = None) -> int:
        """Remove all entries, or all of one kind; bytes freed."""
        self._remove_abandoned(kind)
        freed = 0
        for entry in self.entries(kind):
            _remove(entry.path)
            freed += entry.bytes
        return freed

    def _paths(self, kind: str | None) -> Iterator[Path]:
        """What lies where entries of a kind, or of all kinds, lie; not all of it need be ours."""
        if self.folder.exists() and not self.folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self.folder))
        for home in (self.folder / name for name in KINDS if kind in (None, name)):
            if home.is_dir():
                yield from sorted(home.iterdir())

    def _remove_abandoned(self, kind: str | None) -> None:
        limit = time.time() - ABANDONED_SECONDS
        for path in list(self._paths(kind)):
            with suppress(FileNotFoundError):
                if path.name.startswith(UNFINISHED) and path.stat().st_mtime < limit:
                    _remove(path)


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _put(folder: Path, path: Path) -> None:
    """Make a folder the entry at a path, unless another process finished first: its entry is as good."""
    for _ in range(PUT_ATTEMPTS):
        try:
            folder.rename(path)
        except OSError as error:
            if path.exists():
                return
            failure = error  # there is none, or none any more
        else:
            return
    raise OSError(f"the cache entry {path} could not be put in place") from failure


def _remove(path: Path) -> None:
    """Take an entry out of sight with one rename, then delete it, so that nobody finds half of it."""
    doomed = path.with_name(f"{UNFINISHED}removed-{os.getpid()}-{path.name}")
    try:
        path.rename(doomed)
    except FileNotFoundError:
        return  # removed by another process meanwhile
    except OSError:
        if path.is_dir():
            return
        raise
    if doomed.is_dir() and not doomed.is_symlink():
        shutil.rmtree(doomed, ignore_errors=True)
    else:
        doomed.unlink(missing_ok=True)
