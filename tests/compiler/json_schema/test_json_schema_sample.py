"""Samples are valid, short, repeatable, and of every kind that the schema allows."""

from __future__ import annotations

import json
import random
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from constrain.compiler.json_schema.read_text import read_schema_text
from constrain.compiler.json_schema.sample import sample

CASES = tomllib.loads((Path(__file__).parents[2] / "data/json_schema.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_samples_are_valid(case: dict[str, Any], compiled: Any) -> None:
    grammar = compiled(case["schema"])
    validator = jsonschema_rs.validator_for(json.loads(case["schema"]), validate_formats=True)
    source = random.Random(1)
    for _ in range(10):
        text = sample(grammar, source, length=60)
        # the last of two equal names counts, and each is checked: see json_schema/__init__.py
        assert validator.is_valid(read_schema_text(text, repeated_keys="last")) or _repeats_a_name(text), text


def _repeats_a_name(text: bytes) -> bool:
    found = []
    json.loads(text, object_pairs_hook=lambda pairs: found.append(len(dict(pairs)) != len(pairs)))
    return any(found)


def test_equal_seeds_give_equal_texts(compiled: Any) -> None:
    grammar = compiled("true")
    texts = [[sample(grammar, source) for _ in range(20)] for source in (random.Random(5), random.Random(5))]
    assert texts[0] == texts[1]
    assert len(set(texts[0])) > 10


def test_every_type_has_a_chance(compiled: Any) -> None:
    grammar, source = compiled("true"), random.Random(2)
    kinds = Counter(type(json.loads(sample(grammar, source))).__name__ for _ in range(400))
    assert set(kinds) == {"str", "int", "float", "bool", "NoneType", "list", "dict"}
    assert min(kinds.values()) > 10


def test_every_branch_and_member_has_a_chance(compiled: Any) -> None:
    schema = {
        "type": "object",
        "properties": {
            "kind": {
                "anyOf": [{"enum": ["red", "green", "rose"]}, {"type": "integer"}, {"type": "string", "format": "date"}]
            },
            "a": {"type": "boolean"},
            "b": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
            "c": {"type": "null"},
        },
        "required": ["kind"],
        "additionalProperties": False,
    }
    grammar, source = compiled(schema), random.Random(3)
    values = [json.loads(sample(grammar, source)) for _ in range(400)]
    assert {len(value.get("b", ())) for value in values} == {0, 1, 2, 3}
    assert {frozenset(value) - {"kind"} for value in values} == {
        frozenset(names) for names in ("", "a", "b", "c", "ab", "ac", "bc", "abc")
    }
    kinds = Counter(
        value["kind"] if value["kind"] in ("red", "green", "rose") else type(value["kind"]) for value in values
    )
    assert set(kinds) == {"red", "green", "rose", int, str}


@pytest.mark.parametrize(
    "schema", ["true", '{"type": "string"}', '{"items": {"$ref": "#"}, "type": "array"}', '{"type": "number"}']
)
def test_samples_of_unbounded_languages_are_short(schema: str, compiled: Any) -> None:
    grammar, source = compiled(schema), random.Random(4)
    for length in (1, 10, 100):
        assert max(len(sample(grammar, source, length=length)) for _ in range(200)) < 2 * length + 20


def test_what_must_be_long_is_whole(compiled: Any) -> None:
    grammar = compiled('{"type": "array", "items": {"const": "abc"}, "minItems": 100}')
    assert len(json.loads(sample(grammar, random.Random(1), length=5))) == 100
