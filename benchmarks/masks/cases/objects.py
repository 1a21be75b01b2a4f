"""JSON Schemas whose difficulty is no string: many optional properties, divisibility, recursion."""

from __future__ import annotations

import json
import random
from typing import Any

from masks.cases.case import Case
from masks.cases.words import word
from masks.constraint import Constraint

__all__ = ["object_cases"]


def object_cases() -> list[Case]:
    """All cases of this file."""
    return [optional_properties(), multiple_of(), tree()]


def optional_properties() -> Case:
    """300 properties, none of them required, in the schema's order."""
    source = random.Random("optional properties")
    names: dict[str, None] = {}
    while len(names) < 300:
        names[word(source)] = None
    kinds: list[tuple[dict[str, Any], Any]] = [
        ({"type": "string"}, "a text"),
        ({"type": "integer"}, 12),
        ({"type": "boolean"}, True),
    ]
    properties = {name: kinds[index % 3] for index, name in enumerate(names)}
    schema = {
        "type": "object",
        "properties": {name: kind for name, (kind, _) in properties.items()},
        "additionalProperties": False,
    }
    document = {name: value for name, (_, value) in properties.items()}
    some = {name: document[name] for name in list(document)[::7]}
    last = list(document)[-1]
    invalid = [{**some, "undeclared": 1}, {**some, last: None}, {next(iter(document)): 1}]
    return Case(
        "300 optional properties",
        Constraint("json_schema", schema),
        [json.dumps(valid) for valid in (document, some, {last: document[last]}, {})],
        [json.dumps(one) for one in invalid],
    )


def multiple_of() -> Case:
    """Divisibility: a million remainders."""
    schema = {"type": "integer", "multipleOf": 999_999}
    return Case(
        "multipleOf 999,999",
        Constraint("json_schema", schema),
        [str(999_999 * factor) for factor in (0, 1, 2, -7, 12_345, 123_456_789)],
        [str(number) for number in (1, 999_998, 1_000_000, 999_999 * 12_345 + 1)],
    )


def tree(depth: int = 200) -> Case:
    """A schema that refers to itself, in a document that nests ``depth`` times."""
    node = {
        "type": "object",
        "properties": {
            "value": {"type": "integer"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        },
        "required": ["value", "children"],
        "additionalProperties": False,
    }
    schema = {"$ref": "#/$defs/node", "$defs": {"node": node}}
    leaf = '{"value": 1, "children": []}'
    opening = '{"value": 1, "children": [' + leaf + ", "
    deep = opening * depth + leaf + "]}" * depth
    wrong = opening * depth + '{"value": "1", "children": []}' + "]}" * depth
    return Case(f"recursive schema, {depth} deep", Constraint("json_schema", schema), [deep, leaf], [wrong, deep[:-1]])
