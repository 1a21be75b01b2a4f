"""Hostile and large schemas: a clear error or a result, never a crash."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from constrain.compiler import json_schema
from constrain.errors import LimitError


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"properties": {"a": schema}}
    return schema


def test_deep_parsed_schema() -> None:
    with pytest.raises(LimitError, match="nest"):
        json_schema.build(nested(10_000))


@pytest.mark.parametrize(
    "text",
    ['{"not":' * 10_000 + "{}" + "}" * 10_000, '{"const":' + "[" * 10_000 + "]" * 10_000 + "}", "[" * 100_000],
    ids=["schemas", "values", "never closed"],
)
def test_deep_text(text: str) -> None:
    with pytest.raises(LimitError, match="deeper"):
        json_schema.build(text)


def test_deep_value() -> None:
    value: list[Any] = []
    for _ in range(5_000):
        value = [value]
    with pytest.raises(LimitError, match="deeper"):
        json_schema.build({"const": value})


DEEP = """
from constrain import LimitError, Vocabulary, compile_json_schema

def wrapped(wrap, value):
    for _ in range(20_000):
        value = wrap(value)
    return value

itself = {"type": "array"}
itself["items"] = itself
examples = []
examples.append({"a": examples})
for schema in (
    wrapped(lambda inner: {"items": inner}, {}),
    {"const": wrapped(lambda inner: [inner], 0)},
    {"enum": [wrapped(lambda inner: (inner,), 0)]},
    {"anyOf": wrapped(lambda inner: [{"anyOf": inner}], [])},
    itself,
    {"examples": examples},
):
    try:
        compile_json_schema(schema, Vocabulary.bytes())
    except LimitError as error:
        print(error)
"""


def test_a_parsed_schema_deeper_than_the_stack() -> None:
    """In a process of its own: what goes wrong here takes the process with it."""
    ran = subprocess.run([sys.executable, "-c", DEEP], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    said = "the schema nests deeper than 400 levels, or holds itself; expected a flatter schema; this limit is fixed"
    assert ran.stdout.splitlines() == [said] * 6


def test_one_object_in_many_places_counts_in_each() -> None:
    """It is looked at once a level to find that out, and would be read from each of them."""
    value: dict[str, Any] = {}
    for _ in range(300):
        value = {"a": value, "b": value}
    with pytest.raises(LimitError, match="each counted in every place"):
        json_schema.build({"default": value})


def test_brackets_in_strings_do_not_nest(compiled: Any, takes: Any) -> None:
    text = "[" * 1_000
    assert takes(compiled(json.dumps({"const": text})), json.dumps(text))


@pytest.mark.parametrize("keyword", ["anyOf", "allOf"])
def test_products_of_alternatives(keyword: str) -> None:
    parts = [
        {"anyOf": [{"contains": {"const": f"a{i}"}}, {"items": {"maxLength": i}, "minItems": i}]} for i in range(20)
    ]
    with pytest.raises(LimitError) as caught:
        json_schema.build({"allOf": [{keyword: [part, {"maxItems": 90 - i}]} for i, part in enumerate(parts)]})
    assert caught.value.expected is not None


def test_products_of_objects_run_in_lockstep(compiled: Any, takes: Any) -> None:
    parts = [{"anyOf": [{"properties": {f"a{i}": {"type": "string"}}}, {"required": [f"b{i}"]}]} for i in range(60)]
    grammar = compiled({"type": "object", "allOf": parts})
    assert takes(grammar, '{"a3":1,"a7":"x","b3":2}')
    assert not takes(grammar, '{"a3":1,"a7":"x"}')
    matcher = grammar.matcher()
    assert matcher.accept_bytes(b'{"a3":1')
    assert matcher.shortest_completion() == b',"b3":0}'


@pytest.mark.parametrize("keyword", ["allOf", "anyOf"])
def test_doubling_references(keyword: str, compiled: Any, takes: Any) -> None:
    definitions: dict[str, Any] = {f"a{i}": {keyword: [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(60)}
    grammar = compiled({"$ref": "#/$defs/a0", "$defs": {**definitions, "a60": {"type": "null"}}})
    assert takes(grammar, "null")
    assert not takes(grammar, "1")


def test_long_chains_of_references(compiled: Any, takes: Any) -> None:
    definitions: dict[str, Any] = {f"a{i}": {"properties": {"x": {"$ref": f"#/$defs/a{i + 1}"}}} for i in range(2_000)}
    grammar = compiled({"$ref": "#/$defs/a0", "$defs": {**definitions, "a2000": {"type": "null"}}})
    assert takes(grammar, '{"x":' * 3 + "1" + "}" * 3)


def test_large_enum(compiled: Any, takes: Any) -> None:
    values = [f"value number {i:06}" for i in range(50_000)]
    text = json.dumps({"enum": values})
    assert len(text) > 1_000_000
    grammar = compiled(text)
    assert takes(grammar, '"value number 049999"')
    assert not takes(grammar, '"value number 050000"')


def test_many_constants(compiled: Any, takes: Any) -> None:
    grammar = compiled({"anyOf": [{"const": i, "title": str(i)} for i in range(5_000)]})
    assert takes(grammar, "4999")
    assert not takes(grammar, "5000")


@pytest.mark.parametrize("required", [False, True])
def test_wide_objects(required: bool, compiled: Any, takes: Any) -> None:
    names = [f"p{i}" for i in range(1_000)]
    schema = {"properties": {name: {"type": "integer"} for name in names}, "type": "object"}
    grammar = compiled({**schema, "required": names} if required else schema)
    whole = "{" + ",".join(f'"{name}":1' for name in names) + "}"
    assert takes(grammar, whole)
    assert takes(grammar, '{"p0":1,"p999":2}') != required
    assert not takes(grammar, '{"p999":1,"p0":2}')


def test_large_counts(compiled: Any) -> None:
    grammar = compiled({"type": "string", "minLength": 3, "maxLength": 1_000_000_000})
    assert grammar.matcher().shortest_completion()[:1] == b'"'


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|a)*b", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_patterns_that_backtrack(pattern: str, compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "string", "pattern": pattern})
    takes(grammar, '"' + "a" * 5_000 + '!"')


def test_too_many_patterns_of_names() -> None:
    with pytest.raises(LimitError, match="patterns"):
        json_schema.build({"type": "object", "patternProperties": {f"a{i}": {"type": "string"} for i in range(20)}})


def test_too_many_digits() -> None:
    with pytest.raises(LimitError):
        json_schema.build({"minimum": 10**5_000})
    with pytest.raises(LimitError):
        json_schema.build('{"minimum": 1' + "0" * 6_000 + "}")


def test_structures_that_need_each_other() -> None:
    names = [f"t{i}" for i in range(40)]
    everything = {"type": "object", "required": names, "properties": {n: {"$ref": f"#/$defs/{n}"} for n in names}}
    schema = {
        "$ref": "#/$defs/t0",
        "$defs": {name: {**everything, "title": name, "minProperties": i} for i, name in enumerate(names)},
    }
    assert json_schema.build(schema).symbols


def test_products_of_members_and_alternatives() -> None:
    names = [f"p{i}" for i in range(1_000)]
    alternatives = [{"required": [a, b]} for a in names[:40] for b in names[40:80]]
    with pytest.raises(LimitError, match=r"members|steps"):
        json_schema.build({"type": "object", "properties": {name: {} for name in names}, "anyOf": alternatives})


def test_many_titled_constants(compiled: Any, takes: Any) -> None:
    grammar = compiled({"oneOf": [{"const": f"c{i}", "title": "t"} for i in range(3_000)]})
    assert takes(grammar, '"c2999"')
    assert not takes(grammar, '"c3000"')


def test_many_exclusive_alternatives() -> None:
    alternatives = [{"required": [f"a{i}"], "minLength": i} for i in range(1_000)]
    with pytest.raises(LimitError):
        json_schema.build({"oneOf": alternatives})


def test_many_tagged_objects(compiled: Any, takes: Any) -> None:
    """Each has a tag of its own; two share one, and there exactly one of them must hold."""
    tags: list[Any] = [{"const": f"k{i}"} for i in range(300)] + [{"enum": ["k7", "more"]}]
    grammar = compiled(
        {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"kind": tag, "value": {"maximum": i}, f"of{i}": {"type": "string"}},
                    "required": ["kind", "value"],
                }
                for i, tag in enumerate(tags)
            ]
        }
    )
    for text, valid in [
        ('{"kind":"k5","value":5}', True),
        ('{"kind":"k5","value":6}', False),
        ('{"kind":"k299","value":1,"of299":""}', True),
        ('{"kind":"k299","value":1,"of299":1}', False),
        ('{"kind":"more","value":300}', True),
        ('{"kind":"k7","value":7}', False),  # both hold
        ('{"kind":"k7","value":8}', True),
        ('{"kind":"k7","value":301}', False),
        ('{"kind":"k300","value":1}', False),
    ]:
        assert takes(grammar, text) == valid, text
