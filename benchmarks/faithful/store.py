"""Results in one file, written anew after each: the same command goes on where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["Store"]


class Store:
    """Results by part, name and method, each with the settings that it was made with."""

    def __init__(self, path: Path) -> None:
        """Read what is there; nothing where there is no file."""
        self._path = path
        read = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.setting: dict[str, str] = read.get("setting", {})
        self._rows: dict[tuple[str, str, str], dict[str, Any]] = {
            (row["part"], row["name"], row["method"]): row for row in read.get("results", [])
        }

    def has(self, part: str, name: str, method: str, settings: dict[str, Any]) -> bool:
        """Is there a result that was made so?"""
        row = self._rows.get((part, name, method))
        return row is not None and row["settings"] == settings

    def get(self, part: str, name: str, method: str) -> dict[str, Any] | None:
        """A result, however it was made."""
        row = self._rows.get((part, name, method))
        return None if row is None else dict(row["result"])

    def settings(self, part: str) -> list[dict[str, Any]]:
        """Those of a part's results, each once."""
        found: list[dict[str, Any]] = []
        for (of_part, _, _), row in self._rows.items():
            if of_part == part and row["settings"] not in found:
                found.append(row["settings"])
        return found

    def add(self, part: str, name: str, method: str, settings: dict[str, Any], result: dict[str, Any]) -> None:
        """Keep a result in the place of another one, and write the file."""
        self._rows[part, name, method] = {
            "part": part,
            "name": name,
            "method": method,
            "settings": settings,
            "result": result,
        }
        self.write()

    def write(self) -> None:
        """Write the file, whole or not at all."""
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in self._rows.values())
        setting = json.dumps(self.setting, ensure_ascii=False)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".unfinished")
        unfinished.write_text(f'{{"setting": {setting},\n"results": [\n{rows}\n]}}\n', encoding="utf-8")
        unfinished.replace(self._path)
