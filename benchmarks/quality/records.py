"""Outputs in a file, one JSON line each, added as they come."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Record", "Records"]


@dataclass(frozen=True, slots=True)
class Record:
    """An output, and what it is worth.

    Attributes:
        method: key of the method.
        number: of the question.
        question: its text.
        gold: the right answer.
        text: the output.
        tokens: how many it has.
        seconds: what it took; of several decoded together, the same share.
        marks: as the task gives them.
        is_json: could it be read?
        is_valid: under the schema?
    """

    method: str
    number: int
    question: str
    gold: Any
    text: str
    tokens: int
    seconds: float
    marks: dict[str, float]
    is_json: bool
    is_valid: bool


class Records:
    """Those of one task."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a line that was cut at the end of the file is dropped."""
        self._path = path
        self.found: dict[tuple[str, int], Record] = {}
        self.failed: dict[str, str] = {}
        """Why methods were not run."""
        text = path.read_text("utf-8") if path.exists() else ""
        whole, _, cut = text.rpartition("\n")
        if cut:
            path.write_text(f"{whole}\n" if whole else "", encoding="utf-8")
        for line in whole.splitlines():
            value = json.loads(line)
            if "failed" in value:
                self.failed[value["method"]] = value["failed"]
            else:
                record = Record(**value)
                self.found[record.method, record.number] = record

    def of(self, method: str, count: int) -> list[Record]:
        """A method's records of the first questions, in order; empty where one is missing."""
        records = [self.found.get((method, number)) for number in range(count)]
        return [] if None in records else [record for record in records if record is not None]

    def add(self, record: Record) -> None:
        """Write one."""
        self.found[record.method, record.number] = record
        self._write(asdict(record))

    def fail(self, method: str, reason: str) -> None:
        """Write why a method was not run."""
        self.failed[method] = reason
        self._write({"method": method, "failed": reason})

    def _write(self, value: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(value, ensure_ascii=False) + "\n")
