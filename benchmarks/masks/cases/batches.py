"""256 texts at once, of one schema and of a schema each."""

from __future__ import annotations

import json
import random
from typing import Any

from masks.cases.case import BatchCase
from masks.cases.words import sentence, word
from masks.constraint import Constraint

__all__ = ["batch_cases", "order"]

ROWS = 256


def batch_cases() -> list[BatchCase]:
    """All cases of this file."""
    cases = []
    for count in (1, ROWS):
        orders = [order(random.Random(f"order {row % count}"), random.Random(f"text {row}")) for row in range(ROWS)]
        constraints = [Constraint("json_schema", schema) for schema, _ in orders[:count]]
        name = f"batch of {ROWS}, {count} schema{'s' if count > 1 else ''}"
        cases.append(BatchCase(name, constraints, [text for _, text in orders]))
    return cases


def order(names: random.Random, values: random.Random) -> tuple[dict[str, Any], str]:
    """A schema of an order, whose keys and choices come from ``names``, and a document for it from ``values``."""
    keys = list(dict.fromkeys(word(names) for _ in range(12)))[:6]
    choices = sorted({word(names) for _ in range(5)})
    item = {
        "type": "object",
        "properties": {keys[3]: {"type": "string", "maxLength": 40}, keys[4]: {"type": "integer", "minimum": 1}},
        "required": [keys[3], keys[4]],
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {
            keys[0]: {"type": "string"},
            keys[1]: {"enum": choices},
            keys[2]: {"type": "array", "items": item, "minItems": 1},
            keys[5]: {"type": "boolean"},
        },
        "required": keys[:3],
        "additionalProperties": False,
    }
    items = [{keys[3]: sentence(values, 20), keys[4]: values.randint(1, 50)} for _ in range(values.randint(1, 5))]
    document: dict[str, Any] = {
        keys[0]: sentence(values, values.randint(5, 60)),
        keys[1]: values.choice(choices),
        keys[2]: items,
    }
    if values.random() < 0.5:
        document[keys[5]] = True
    return schema, json.dumps(document)
