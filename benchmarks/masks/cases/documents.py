"""Long documents: what a token costs at the end beside what it costs at the start."""

from __future__ import annotations

import json
import random
from typing import Any

from masks.cases.case import Case
from masks.cases.words import sentence, word
from masks.constraint import Constraint

__all__ = ["document", "document_cases"]


def document_cases() -> list[Case]:
    """All cases of this file."""
    text = document(100_000)
    return [Case("any JSON, 100 KB", Constraint("json_schema", {}), [text], [text[:-2] + ",]}"])]


def document(size: int) -> str:
    """A JSON document of about ``size`` bytes (at least one record), records of every type in a list."""
    source = random.Random("document")
    records: list[dict[str, Any]] = []
    length = 0
    while length < size:
        records.append(
            {
                "id": source.randint(1, 10**9),
                "name": word(source).capitalize(),
                "note": sentence(source, source.randint(10, 200)),
                "price": source.randint(1, 10**6) / 100,
                "stock": {"here": source.random() < 0.5, "places": [word(source) for _ in range(source.randint(0, 5))]},
                "replaced_by": None,
            }
        )
        length += len(json.dumps(records[-1])) + 2
    return json.dumps({"records": records})
