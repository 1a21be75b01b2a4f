"""``examples/order.json`` bounds everything, so that its longest instance fits the default budget."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from constrain import Vocabulary, compile_json_schema
from constrain.runtime.decoding.options import GenerationOptions

KEYWORDS = {
    *("$schema", "$defs", "$ref", "type", "properties", "required", "additionalProperties", "enum"),
    *("pattern", "minLength", "maxLength", "minimum", "maximum", "items", "minItems", "maxItems"),
}


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "examples" / "order.json").read_text("utf-8")


@pytest.fixture(scope="module")
def schema(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value


def longest(schema: dict[str, Any], document: dict[str, Any]) -> str:
    """The longest instance: each kind of schema that the example uses, by its own argument."""
    if "$ref" in schema:
        return longest(document["$defs"][schema["$ref"].removeprefix("#/$defs/")], document)
    if "enum" in schema:
        return max((json.dumps(value) for value in schema["enum"]), key=len)
    if schema["type"] == "boolean":
        return "false"
    if schema["type"] == "integer":
        assert schema["minimum"] >= 0
        return str(schema["maximum"])
    if schema["type"] == "array":
        return "[" + ", ".join([longest(schema["items"], document)] * schema["maxItems"]) + "]"
    if schema["type"] == "object":
        assert schema["additionalProperties"] is False
        members = (f'"{name}": {longest(part, document)}' for name, part in schema["properties"].items())
        return "{" + ", ".join(members) + "}"
    assert schema["type"] == "string"
    assert schema["pattern"].startswith("^")
    assert schema["pattern"].endswith("$")
    return json.dumps(longest_match(schema["pattern"][1:-1], schema.get("maxLength")))


def longest_match(pattern: str, limit: int | None) -> str:
    """The longest match of a sequence of literals and classes with counts, in ASCII."""
    parts = re.findall(r"\[([^]]+)\](?:\{(?:\d+,)?(\d+)\}|(\*))?|([^][{}*])", pattern)
    text = ""
    for members, count, star, literal in parts:
        letter = literal or next(c for c in "aA0." if re.fullmatch(f"[{members}]", c))
        assert letter.isascii()
        assert letter not in '"\\'
        assert not re.search(r'["\\]|[^ -~]', members)  # no character that takes more than one byte in JSON
        if star:
            assert limit is not None
            text += letter * (limit - len(text))
        else:
            text += letter * int(count or 1)
    return text


def test_the_longest_instance_fits_the_default_budget(text: str, schema: dict[str, Any]) -> None:
    instance = longest(schema, schema)

    assert jsonschema_rs.validator_for(schema).is_valid(json.loads(instance))
    matcher = compile_json_schema(text, Vocabulary.bytes()).matcher()
    assert matcher.accept_bytes(instance.encode())
    assert matcher.is_accepting()
    # at worst every byte is a token of its own; where blanks are too, what has no room for them is closed
    compact = json.dumps(json.loads(instance), separators=(",", ":"))
    assert len(compact.encode()) <= GenerationOptions().max_tokens


def test_the_automaton_agrees_that_nothing_is_longer(text: str) -> None:
    """Where a string or array has its longest form, the automaton offers nothing but its end."""
    matcher = compile_json_schema(text, Vocabulary.bytes()).matcher()
    start = b'{"order_id": "ORD-123456", "status": "cancelled", "customer": {"name": "A'
    assert matcher.accept_bytes(start + b"a" * 29)
    assert matcher.next_bytes() == b'"'
    assert matcher.accept_bytes(b'", "email": "' + b"a" * 20)
    assert matcher.next_bytes() == b"@"
    assert matcher.accept_bytes(b"@" + b"a" * 14)
    assert matcher.next_bytes() == b"."
    assert matcher.accept_bytes(b'.abcd"}, "items": [')
    item = b'{"sku": "ABC-1234", "name": "' + b"a" * 24 + b'", "quantity": 99, "unit_price_cents": 999999}'
    assert matcher.accept_bytes(b", ".join([item] * 3))
    assert matcher.next_bytes() == b"]"


def test_it_uses_only_plain_keywords(schema: dict[str, Any]) -> None:
    used: set[str] = set()

    def visit(part: dict[str, Any]) -> None:
        used.update(part)
        for name in ("properties", "$defs"):
            for inner in part.get(name, {}).values():
                visit(inner)
        if isinstance(part.get("items"), dict):
            visit(part["items"])

    visit(schema)
    assert used <= KEYWORDS


def test_check_knows_a_good_order_from_a_bad_one(cli: Callable[..., Any], root: Path, schema: dict[str, Any]) -> None:
    good = longest(schema, schema)
    arguments = ("check", "--schema", str(root / "examples" / "order.json"), "-")

    assert cli(*arguments, stdin=good).code == 0
    bad = cli(*arguments, stdin=good.replace("EUR", "DEM"))
    assert (bad.code, "at /currency" in bad.out) == (1, True)
