"""Results one a line, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["Store", "StoreError"]


class StoreError(Exception):
    """The file's results were made another way; the message says how."""


class Store:
    """The results of one part, by schema, engine and round."""

    def __init__(self, path: Path | None, settings: dict[str, Any]) -> None:
        """Read what is there.

        Args:
            path: the file; it need not exist. None keeps nothing.
            settings: how results are made; those made another way can't be mixed with these.

        Raises:
            StoreError: the file's were made another way.
        """
        self._path = path
        self._results: dict[tuple[str, str, int], dict[str, Any]] = {}
        if path is None:
            return
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._append({"settings": settings})
            return
        text = path.read_text("utf-8")
        if not text.endswith("\n"):  # the run was stopped while it wrote
            text = text[: text.rfind("\n") + 1]
            path.write_text(text, encoding="utf-8")
        lines = text.splitlines()
        made = json.loads(lines[0])["settings"]
        if made != settings:
            differing = [name for name in {**made, **settings} if made.get(name) != settings.get(name)]
            raise StoreError(f"{path} was made with other settings: {', '.join(differing)}")
        for row in map(json.loads, lines[1:]):
            self._results[row["schema"], row["engine"], row["round"]] = row["result"]

    def __contains__(self, key: tuple[str, str, int]) -> bool:
        return key in self._results

    def schemas(self) -> list[str]:
        """Of which there are results."""
        return sorted({schema for schema, _, _ in self._results})

    def get(self, schema: str, engine: str, number: int) -> dict[str, Any]:
        """A result; nothing where there is none."""
        return self._results.get((schema, engine, number), {})

    def add(self, schema: str, engine: str, number: int, result: dict[str, Any]) -> None:
        """Keep a result."""
        self._results[schema, engine, number] = result
        if self._path is not None:
            self._append({"schema": schema, "engine": engine, "round": number, "result": result})

    def of(self, schema: str, engine: str) -> list[dict[str, Any]]:
        """The results of all rounds."""
        return [result for (a, b, _), result in sorted(self._results.items()) if (a, b) == (schema, engine)]

    def _append(self, line: dict[str, Any]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
