"""Arrays that must hold an item twice: ``uniqueItems`` negated, against jsonschema-rs."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import jsonschema_rs
import pytest

from constrain import CompiledGrammar, UnsatisfiableError, UnsupportedError, Vocabulary, allocate_token_bitmask
from constrain.compiler import compile_grammar, json_schema
from constrain.compiler.reference import matches
from constrain.errors import LimitError

REPEATED = {"type": "array", "not": {"uniqueItems": True}}
TREE = {"anyOf": [{"enum": [1, True]}, {**REPEATED, "items": {"$ref": "#/$defs/tree"}}]}

SCHEMAS: list[dict[str, Any]] = [
    REPEATED,
    {**REPEATED, "items": {"type": "integer"}},
    {**REPEATED, "items": {"enum": [1, True, "a"]}, "maxItems": 3},
    {**REPEATED, "items": {"type": "boolean"}, "maxItems": 3},
    {**REPEATED, "prefixItems": [{"const": "a"}, {"const": 1}], "items": {"const": 1}},
    {**REPEATED, "prefixItems": [{"const": "a"}, {}, {"enum": [1, "a", None]}], "items": False},
    {**REPEATED, "prefixItems": [{"type": "string"}, {"enum": ["a", 1]}], "items": False},
    {**REPEATED, "contains": {"const": 1}, "maxContains": 1},
    {**REPEATED, "contains": {"const": "a"}, "minContains": 2, "maxContains": 2, "items": {"enum": ["a", 1]}},
    {**REPEATED, "items": {"type": "array", "uniqueItems": True}},
    {"type": "array", "uniqueItems": True, "items": {"anyOf": [REPEATED, {"type": "integer"}]}, "maxItems": 3},
    {"anyOf": [{"type": "array", "uniqueItems": True, "maxItems": 2}, {**REPEATED, "items": {"type": "integer"}}]},
    {"oneOf": [{"type": "array", "uniqueItems": True}, {"type": "array", "minItems": 2}]},
    {"type": "array", "if": {"uniqueItems": True}, "then": {"maxItems": 1}, "else": {"items": {"type": "integer"}}},
    {**REPEATED, "items": {"type": "object", "additionalProperties": {"type": "integer"}}},
    {"$defs": {"tree": TREE}, "$ref": "#/$defs/tree"},
    {
        "$defs": {"t": {**REPEATED, "prefixItems": [{"const": "a"}, {"const": "a"}], "items": {"$ref": "#/$defs/t"}}},
        "$ref": "#/$defs/t",
    },
]

ITEMS: list[Any] = [1, 1.0, True, "a", [], [1, 1], [1, True], {}, {"a": 1}, {"a": 1, "b": 2}, {"b": 2, "a": 1}]

TOKENS = [
    *(bytes([byte]) for byte in range(256)),
    b"1]",
    b'"]',
    b"[1,1]",
    b"[1]",
    b'","a"]',
    b"]]",
    b",[",
    b",1,1]",
    b"}]",
]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary([*TOKENS, None], [len(TOKENS)])


def compiled(schema: dict[str, Any], vocabulary: Vocabulary, **options: Any) -> CompiledGrammar:
    return compile_grammar(json_schema.build(schema, **options), vocabulary)


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_short_arrays(schema: dict[str, Any], vocabulary: Vocabulary) -> None:
    """Every array of up to three items, and where it is none of the language: some way on that leads into it."""
    grammar = compiled(schema, vocabulary, order="any", numbers="any", whitespace="compact")
    truth = jsonschema_rs.validator_for(schema)
    accepted = 0
    for length in range(4):
        for items in product(ITEMS, repeat=length):
            text = json.dumps(items, separators=(",", ":")).encode()
            matcher = grammar.matcher()
            viable = matcher.viable_prefix(text)
            assert matcher.accept_bytes(text[:viable])
            valid = viable == len(text) and matcher.is_accepting()
            assert valid == truth.is_valid(list(items)), text
            accepted += valid
            if not valid:
                whole = text[:viable] + matcher.shortest_completion()
                assert truth.is_valid(json.loads(whole)), whole
    assert accepted > 0


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
@pytest.mark.parametrize(
    "text", ["", "[", "[1", "[1,", '["a"', '["a', "[[1,1", "[[1,1]", '[{"a":1', '[{"a":1},{"a":1', "[1,1"]
)
def test_masks(schema: dict[str, Any], text: str, vocabulary: Vocabulary) -> None:
    """A mask holds the tokens that can be taken, and each of them has a completion."""
    grammar = compiled(schema, vocabulary)
    matcher = grammar.matcher()
    matcher.accept_bytes(text.encode()[: matcher.viable_prefix(text.encode())])
    bitmask = allocate_token_bitmask(1, len(TOKENS) + 1)
    matcher.fill_next_token_bitmask(bitmask)
    taken = {token for token in range(len(TOKENS)) if matcher.validate_tokens([token]) == 1}
    assert taken == {token for token in range(len(TOKENS)) if bitmask[0, token // 32] >> token % 32 & 1}
    assert matcher.next_bytes() == bytes(token for token in sorted(taken) if token < 256)
    for token in taken:
        fork = matcher.fork()
        assert fork.accept_token(token)
        assert fork.accept_bytes(fork.shortest_completion())
        assert fork.is_accepting()


@pytest.mark.parametrize("text", ["[1,1]", "[1,2]", "[1,2,1]", '["a","b"]', "[[1],[1]]", "[]"])
def test_reference(text: str) -> None:
    grammar = json_schema.build(REPEATED, whitespace="compact")
    items = json.loads(text)
    assert matches(grammar, text.encode()) == any(item in items[:index] for index, item in enumerate(items))


@pytest.mark.parametrize(
    "schema",
    [
        {**REPEATED, "uniqueItems": True},
        {**REPEATED, "maxItems": 1},
        {**REPEATED, "items": False},
        {**REPEATED, "prefixItems": [{"const": 1}, {"const": 2}], "items": False},
        {**REPEATED, "items": {"type": "string", "minLength": 2, "maxLength": 1}},
        {**REPEATED, "items": {"pattern": "^a$", "type": "string", "not": {"pattern": "a"}}},
        {"$defs": {"tree": {**REPEATED, "items": {"$ref": "#/$defs/tree"}}}, "$ref": "#/$defs/tree"},
        {
            "$defs": {"t": {**REPEATED, "prefixItems": [{"const": 1}, {"const": 2}], "items": {"$ref": "#/$defs/t"}}},
            "$ref": "#/$defs/t",
        },
        {**REPEATED, "items": {**REPEATED, "items": {"type": "string", "pattern": "^a$", "not": {"pattern": "a"}}}},
    ],
    ids=json.dumps,
)
def test_none_can_hold_an_item_twice(schema: dict[str, Any], vocabulary: Vocabulary) -> None:
    with pytest.raises(UnsatisfiableError):
        compiled(schema, vocabulary)


def test_few_items_of_any_number_of_values_are_refused(vocabulary: Vocabulary) -> None:
    with pytest.raises(UnsupportedError, match="negation of uniqueItems") as caught:
        compiled({"properties": {"a": {**REPEATED, "items": {"type": "string"}, "maxItems": 3}}}, vocabulary)
    assert caught.value.pointer == "/properties/a/not"
    assert caught.value.expected is not None


def test_many_values_of_few_items_are_refused(vocabulary: Vocabulary) -> None:
    """Found out before much is written: each value would have an array of its own."""
    with pytest.raises(LimitError, match="2000 values"):
        compiled({**REPEATED, "items": {"enum": list(range(20_000))}, "maxItems": 3}, vocabulary)
