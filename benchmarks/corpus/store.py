"""Results of one engine in a file, one walk a line, so that a run that was stopped goes on where it was.

The first line says how walks were made. Each other line has the row's id, a digest of its schema and instances, and the
result; what was measured of other data under the same id counts for nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

from masks.results import SchemaResult, schema_result
from masks.sample import Row

__all__ = ["Store", "StoreError", "digest"]


class StoreError(Exception):
    """The file holds results that were made another way, or is no file of results; the message says which."""


def digest(row: Row) -> str:
    """What tells a row from another under the same id."""
    tests = [[instance.valid, instance.data] for instance in row.instances]
    return hashlib.sha256(json.dumps([row.schema, tests]).encode()).hexdigest()[:16]


class Store:
    """The file of one engine.

    Attributes:
        about: what the engine says about itself, once its first walk was made: version, set-up time, clock.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        """Read what is there.

        Args:
            path: the file; it need not exist.
            settings: how walks are made. Walks made another way can't be mixed with these.

        Raises:
            StoreError: the file's walks were made another way.
        """
        self.path, self.settings = path, settings
        self.about: dict[str, Any] = {}
        self._walks: dict[tuple[str, str], list[SchemaResult]] = defaultdict(list)
        if path.exists():
            self._read()

    def walks(self, row: Row, key: str) -> list[SchemaResult]:
        """The walks of a row; ``key`` is its digest."""
        return self._walks[row.id, key]

    def begin(self, about: dict[str, Any]) -> None:
        """Say what the engine is, before its first walk in this run.

        Raises:
            StoreError: the walks that are there were another version's.
        """
        if not self.about:
            self.about = about
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._append({"settings": self.settings, "about": about})
        elif self.about["version"] != about["version"]:
            self._refuse("version", self.about["version"], about["version"])

    def add(self, key: str, result: SchemaResult) -> None:
        """Keep a walk."""
        self._walks[result.id, key].append(result)
        self._append({"id": result.id, "digest": key, "result": asdict(result)})

    def _read(self) -> None:
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):  # the run was stopped while it wrote
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
        try:
            lines = [json.loads(line) for line in whole.splitlines()]
            if lines:
                self.about, found = lines[0]["about"], lines[0]["settings"]
                for line in lines[1:]:
                    self._walks[line["id"], line["digest"]].append(schema_result(line["result"]))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{self.path} is no file of results ({error!r}); remove it or name another --out"
            ) from None
        for name, value in self.settings.items():
            if lines and found.get(name) != value:
                self._refuse(name, found.get(name), value)

    def _refuse(self, name: str, found: Any, wanted: Any) -> None:
        raise StoreError(
            f"{self.path} holds results with {name} {found}, and this run has {wanted}: "
            f"name another --out, or remove the file"
        )

    def _append(self, document: dict[str, Any]) -> None:
        with self.path.open("ab") as file:
            file.write(json.dumps(document, separators=(",", ":")).encode() + b"\n")
