"""What is generated: a schema with a request in one sentence, which is put to the model as `constrain gen` does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from masks.sample import read_rows

__all__ = ["ORDER", "Case", "read_cases"]

ORDER = "order.json"
ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("schemas.txt")


@dataclass(frozen=True)
class Case:
    """One constraint with its request."""

    name: str
    schema: str
    request: str


def read_cases(data: Path | None, only: str = "", listed: Path = LIST) -> list[Case]:
    """The cases of the list whose names contain a text; without data, those of the schemas that this repository has.

    Raises:
        ValueError: a schema of the list is not in the data.
    """
    rows = {} if data is None else {row.id: row.schema for row in read_rows(data)[1]}
    cases = []
    for line in listed.read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, request = (part.strip() for part in line.split("|", 1))
        if only not in name:
            continue
        if name == ORDER:
            cases.append(Case(name, (ROOT / "examples" / ORDER).read_text("utf-8"), request))
        elif name in rows:
            cases.append(Case(name, json.dumps(rows[name], ensure_ascii=False), request))
        elif data is not None:
            raise ValueError(f"{data} has no schema {name}")
    return cases
