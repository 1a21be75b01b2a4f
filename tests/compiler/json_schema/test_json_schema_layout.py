"""Whitespace: Python's own printer is the oracle."""

from __future__ import annotations

import json
from itertools import permutations, product
from typing import Any

import jsonschema_rs
import pytest

from constrain.compiler.json_schema.layout import MAXIMUM_BLANKS, MAXIMUM_PRETTY_DEPTH

VALUES = [
    None,
    [],
    {},
    [1, [2, []], {}],
    {"a": {"b": {}, "c": []}, "d": ["x", {"e": None}]},
    [{"a": [1, 2, 3]}, '\n"\\é'],
]


@pytest.mark.parametrize("indent", [0, 1, 2, 4])
@pytest.mark.parametrize("value", VALUES, ids=str)
def test_pretty(value: object, indent: int, compiled: Any, takes: Any) -> None:
    grammar = compiled(True, whitespace=f"pretty:{indent}")
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    assert takes(grammar, text)
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert takes(grammar, compact) == (compact == text)


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_on_one_line(value: object, compiled: Any, takes: Any) -> None:
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    spaced = json.dumps(value, ensure_ascii=False)
    pretty = json.dumps(value, ensure_ascii=False, indent=3)
    assert takes(compiled(True), compact)
    assert takes(compiled(True), spaced) == (spaced == compact)
    assert takes(compiled(True, whitespace="spaced"), spaced)
    assert takes(compiled(True, whitespace="spaced"), compact) == (spaced == compact)
    flexible = compiled(True, whitespace="flexible")
    assert takes(flexible, compact)
    assert takes(flexible, spaced)
    assert takes(flexible, pretty)


@pytest.mark.parametrize("whitespace", ["compact", "spaced", "pretty:1", "flexible", "any"])
@pytest.mark.parametrize("order", ["schema", "any"])
@pytest.mark.parametrize(
    "schema",
    [
        {"patternProperties": {"^[ab]$": {"type": "integer"}}, "additionalProperties": False},
        {"propertyNames": {"enum": ["a", "b", "c"]}, "minProperties": 2},
        {"propertyNames": {"pattern": "^[a-c]$"}, "properties": {"a": {"type": "string"}}, "required": ["b"]},
        {"propertyNames": {"maxLength": 1}, "maxProperties": 2, "additionalProperties": {"type": "integer"}},
    ],
    ids=json.dumps,
)
def test_layouts_hold_the_same_objects(
    schema: dict[str, Any], order: str, whitespace: str, compiled: Any, takes: Any
) -> None:
    """Where there are few names, it is tried whether an object can be completed, whatever stands between its parts."""
    schema = {"type": "object", **schema}
    is_valid = jsonschema_rs.validator_for(schema).is_valid
    grammar = compiled(schema, whitespace=whitespace, order=order)
    layout: dict[str, Any] = {
        "compact": {"separators": (",", ":")},
        "pretty:1": {"indent": 1},
    }.get(whitespace, {})
    for count in range(4):
        for names in permutations("abc", count):
            for values in product((1, "x"), repeat=count):
                value = dict(zip(names, values, strict=True))
                if order == "schema" and "properties" in schema:
                    value = dict(sorted(value.items()))  # declared, then required, then other names
                assert takes(grammar, json.dumps(value, **layout)) == is_valid(value), value


def test_flexible_is_bounded(compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "object"}, whitespace="flexible")
    for pattern in ("{%s}", '{%s"a":1}', '{"a"%s:1}', '{"a":%s1}', '{"a":1%s}', '{"a":1%s,"b":2}', '{"a":1,%s"b":2}'):
        for blank in " \t\n\r":
            assert takes(grammar, pattern % (blank * MAXIMUM_BLANKS))
            assert not takes(grammar, pattern % (blank * (MAXIMUM_BLANKS + 1)))
    assert not takes(grammar, " {}")
    assert not takes(grammar, "{} ")


def test_any_is_not_bounded(compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "object"}, whitespace="any")
    for pattern in ("{%s}", '{%s"a":1}', '{"a"%s:1}', '{"a":%s1}', '{"a":1%s}', '{"a":1%s,"b":2}', '{"a":[%s]}'):
        for blanks in ("", " ", " \t\n\r" * 1_000):
            assert takes(grammar, pattern % blanks)
        assert not takes(grammar, pattern % "\f")
    assert not takes(grammar, " {}")
    assert not takes(grammar, "{} ")


def test_pretty_ends_at_its_depth(compiled: Any, takes: Any) -> None:
    value: list[Any] = []
    for _ in range(MAXIMUM_PRETTY_DEPTH):
        value = [value]
    grammar = compiled({"type": "array", "items": {"$ref": "#"}}, whitespace="pretty:1")
    assert takes(grammar, json.dumps(value, indent=1))
    assert not takes(grammar, json.dumps([value], indent=1))
