"""Distinct items and keys, exactly: each prefix of each text of finite languages, listed by another validator."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import permutations, product
from typing import Any

import jsonschema_rs
import pytest

from constrain import Vocabulary, allocate_token_bitmask
from constrain.compiler import compile_grammar, json_schema
from constrain.errors import UnsatisfiableError

SCALARS: tuple[Any, ...] = (1, 2, 11, True, "", "a", "ab")

TOKENS = [
    *(bytes([byte]) for byte in range(256)),
    *(
        b',"a"',
        b'","',
        b'"a","a"',
        b'"a","ab"',
        b"1,1",
        b"1,2",
        b",1",
        b"11,1",
        b"[1,1]",
        b"]]",
        b"],[",
        b"[[",
        b'"a":',
    ),
    *(
        b'{"a":1,"a":1}',
        b'{"a":1,"b":',
        b'":1,"',
        b',"a":',
        b'{"',
        b"1},{",
        b'a"',
        b'ab"',
        b'a",',
        b"true,",
        b"1]",
        b'b"]',
    ),
]
"""A byte vocabulary with tokens that hold separators, whole items and whole members."""


def arrays(items: tuple[Any, ...], longest: int) -> Iterator[list[Any]]:
    for length in range(longest + 1):
        yield from map(list, product(items, repeat=length))


def objects(names: str, values: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    """Every order of members counts as an object of its own."""
    for count in range(len(names) + 1):
        for keys in permutations(names, count):
            for chosen in product(values, repeat=count):
                yield dict(zip(keys, chosen, strict=True))


FLAT = tuple(arrays(SCALARS, 3))
NESTED = tuple(arrays(tuple(arrays((1, 2), 2)), 2))
OBJECTS = tuple(objects("abc", (1, 2)))
ITEMS = tuple(arrays(tuple(objects("ab", (1, 2))), 2))

ONE_TWO = {"enum": [1, 2]}
SCALAR = {"enum": list(SCALARS)}
PAIR = {"type": "array", "items": ONE_TWO, "maxItems": 2}
SMALL = {"type": "object", "patternProperties": {"^[ab]$": ONE_TWO}, "additionalProperties": False}

CASES: dict[str, tuple[Any, Iterable[Any]]] = {
    "scalars": ({"type": "array", "uniqueItems": True, "items": SCALAR, "maxItems": 3}, FLAT),
    "too few values": ({"type": "array", "uniqueItems": True, "items": {"enum": ["a", "ab"]}}, FLAT),
    "exactly enough": ({"type": "array", "uniqueItems": True, "items": {"enum": ["a", "ab", 1]}, "minItems": 3}, FLAT),
    "tuple": (
        {
            "type": "array",
            "uniqueItems": True,
            "prefixItems": [{"enum": [1, 11]}, {"enum": [1, "a"]}, {"enum": ["a", 2]}],
            "items": False,
            "minItems": 2,
        },
        FLAT,
    ),
    "a later item forbids an earlier one": (
        {
            "type": "array",
            "uniqueItems": True,
            "prefixItems": [SCALAR, {"const": "a"}],
            "minItems": 2,
            "maxItems": 3,
            "items": SCALAR,
        },
        FLAT,
    ),
    "unique or not": (
        {
            "type": "array",
            "anyOf": [
                {"uniqueItems": True, "items": {"enum": [1, 2, 11]}, "maxItems": 3},
                {"items": {"enum": [1, "a"]}, "maxItems": 2},
            ],
        },
        FLAT,
    ),
    "one letter": (
        {
            "type": "array",
            "uniqueItems": True,
            "items": {"type": "string", "pattern": "^a?b?$"},
            "maxItems": 3,
            "minItems": 2,
        },
        tuple(arrays(("", "a", "b", "ab"), 3)),
    ),
    "inner arrays": ({"type": "array", "uniqueItems": True, "items": PAIR, "maxItems": 2}, NESTED),
    "inner arrays of fixed length": (
        {"type": "array", "uniqueItems": True, "items": PAIR | {"minItems": 2}, "maxItems": 2, "minItems": 2},
        NESTED,
    ),
    "unique in unique": (
        {"type": "array", "uniqueItems": True, "items": PAIR | {"uniqueItems": True}, "maxItems": 2},
        NESTED,
    ),
    "unique in repeated": (
        {"type": "array", "items": PAIR | {"uniqueItems": True, "minItems": 2}, "maxItems": 2},
        NESTED,
    ),
    "objects as items": ({"type": "array", "uniqueItems": True, "items": SMALL, "maxItems": 2}, ITEMS),
    "objects of one member": (
        {
            "type": "array",
            "uniqueItems": True,
            "items": SMALL | {"minProperties": 1, "maxProperties": 1},
            "maxItems": 2,
        },
        ITEMS,
    ),
    "undeclared keys": (
        {"type": "object", "patternProperties": {"^[abc]$": ONE_TWO}, "additionalProperties": False},
        OBJECTS,
    ),
    "as many keys as there are": (
        {
            "type": "object",
            "patternProperties": {"^[abc]$": ONE_TWO},
            "additionalProperties": False,
            "minProperties": 3,
        },
        OBJECTS,
    ),
    "families of keys": (
        {
            "type": "object",
            "patternProperties": {"^[ab]$": ONE_TWO, "^[bc]$": {"const": 2}},
            "additionalProperties": False,
            "minProperties": 2,
        },
        OBJECTS,
    ),
    "a declared key that is needed": (
        {
            "type": "object",
            "properties": {"a": ONE_TWO},
            "patternProperties": {"^[bc]$": ONE_TWO},
            "additionalProperties": False,
            "minProperties": 3,
        },
        OBJECTS,
    ),
    "names": (
        {"type": "object", "propertyNames": {"enum": ["a", "c"]}, "additionalProperties": ONE_TWO, "maxProperties": 2},
        OBJECTS,
    ),
}


def in_schema_order(schema: Any, value: Any) -> bool:
    """Whether declared members come first."""
    if isinstance(value, list):
        return all(in_schema_order(schema.get("items", {}), item) for item in value)
    if isinstance(value, dict):
        declared = [name in schema.get("properties", {}) for name in value]
        return declared == sorted(declared, reverse=True)
    return True


def texts_of(schema: Any, candidates: Iterable[Any]) -> set[bytes]:
    """The language: valid candidates, as they are written without blanks."""
    validator = jsonschema_rs.Draft202012Validator(schema)
    return {
        json.dumps(value, separators=(",", ":")).encode()
        for value in candidates
        if in_schema_order(schema, value) and validator.is_valid(value)
    }


@pytest.fixture(scope="module")
def rich_vocabulary() -> Vocabulary:
    return Vocabulary([*TOKENS, None], [len(TOKENS)])


@pytest.mark.parametrize("name", CASES)
def test_every_prefix_is_exact(name: str, rich_vocabulary: Vocabulary) -> None:
    schema, candidates = CASES[name]
    texts = texts_of(schema, candidates)
    prefixes = {text[:end] for text in texts for end in range(len(text) + 1)}
    grammar = compile_grammar(json_schema.build(schema, whitespace="compact"), rich_vocabulary)
    bitmask = allocate_token_bitmask(1, len(TOKENS) + 1)
    matchers = {b"": grammar.matcher()}
    while matchers:
        prefix, matcher = matchers.popitem()
        assert matcher.is_accepting() == (prefix in texts), prefix
        following = {byte for byte in range(256) if prefix + bytes([byte]) in prefixes}
        assert set(matcher.next_bytes()) == following, prefix
        matcher.fill_next_token_bitmask(bitmask)
        allowed = {token for token in range(len(TOKENS)) if bitmask[0, token >> 5] >> (token & 31) & 1}
        assert allowed == {token for token, text in enumerate(TOKENS) if prefix + text in prefixes}, prefix
        assert prefix + matcher.shortest_completion() in texts
        for byte in range(256):
            fork = matcher.fork()
            assert fork.accept_bytes(bytes([byte])) == (byte in following), (prefix, byte)
            if byte in following:
                matchers[prefix + bytes([byte])] = fork


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "uniqueItems": True, "items": {"enum": ["a", "b"]}, "minItems": 3},
        {"type": "array", "uniqueItems": True, "prefixItems": [{"const": 1}, {"const": 1}], "minItems": 2},
        {"type": "array", "uniqueItems": True, "items": {"type": "array", "maxItems": 0}, "minItems": 2},
        {
            "type": "object",
            "patternProperties": {"^[ab]$": {"const": 1}},
            "additionalProperties": False,
            "minProperties": 3,
        },
        {
            "type": "array",
            "uniqueItems": True,
            "minItems": 2,
            "items": {
                "anyOf": [{"const": 1}, {"type": "array", "items": {"const": 2}, "minItems": 2, "uniqueItems": True}]
            },
        },
    ],
    ids=json.dumps,
)
def test_too_few_values(schema: Any, rich_vocabulary: Vocabulary) -> None:
    with pytest.raises(UnsatisfiableError):
        compile_grammar(json_schema.build(schema, whitespace="compact"), rich_vocabulary)
    either = {"anyOf": [schema, {"type": "null"}]}
    grammar = compile_grammar(json_schema.build(either, whitespace="compact"), rich_vocabulary)
    assert grammar.matcher().next_bytes() == b"n"
