"""Random small schemas against jsonschema-rs, in both directions, with fixed seeds.

An instance that the validator takes is taken in some order of its members, and one that it refuses in none; what a
random walk through the masks writes is valid.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from constrain import Matcher
from constrain.errors import LimitError, SchemaError, UnsatisfiableError, UnsupportedError

SEEDS = range(600)
NAMES = ["a", "b", "c"]
PATTERNS = ["^a", "b$", "a|b", "^[a-c]*$", "\\d", "^$", '^x?"?$', "\\\\"]
SCALARS = [None, True, False, 0, 1, 2, -1, 10, 0.5, 1.25, -0.5, 3.75, "", "a", "ab", "abc", 'x"', "\\", "1", "éé", "\n"]
KEYWORDS = [
    *("type", "type", "enum", "const", "properties", "properties", "required", "additionalProperties", "items"),
    *("patternProperties", "prefixItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "minimum"),
    *(
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "anyOf",
        "allOf",
        "oneOf",
        "not",
        "if",
        "$ref",
        "propertyNames",
    ),
    *("minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "multipleOf"),
    *("contains", "contains", "unevaluatedProperties", "unevaluatedItems"),
]


class Writer:
    """Writes random schemas and values."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def schema(self, depth: int = 0) -> Any:
        choose = self.random.choice
        if depth > 2 or self.random.random() < 0.05:
            return choose([True, False, {}, {"type": "string"}, {"type": "integer"}])
        schema: dict[str, Any] = {}
        for keyword in self.random.choices(KEYWORDS, k=choose([1, 1, 2, 2, 3])):
            schema[keyword] = self.keyword(keyword, depth + 1)
            if keyword == "contains":
                schema |= {
                    key: self.random.randint(0, 2)
                    for key in ("minContains", "maxContains")
                    if self.random.random() < 0.4
                }
            if keyword == "if":
                schema |= {key: self.schema(depth + 1) for key in ("then", "else") if self.random.random() < 0.7}
        return schema

    def keyword(self, keyword: str, depth: int) -> Any:
        choose, count = self.random.choice, self.random.randint
        match keyword:
            case "type":
                names = ["string", "integer", "number", "object", "array", "null", "boolean"]
                return choose([*names, ["string", "null"], ["array", "number"]])
            case "enum":
                return [self.value() for _ in range(count(1, 4))]
            case "const":
                return self.value()
            case "properties":
                return {name: self.schema(depth) for name in self.random.sample(NAMES, count(1, 3))}
            case "patternProperties":
                return {p: self.schema(depth) for p in self.random.sample(["^a", "b", "^.$", "c$"], count(1, 2))}
            case "dependentSchemas":
                return {choose(NAMES): self.schema(depth)}
            case "dependentRequired":
                return {choose(NAMES): [choose(NAMES)]}
            case "required":
                return self.random.sample(NAMES, count(0, 2))
            case "propertyNames":
                return choose([{"pattern": "^[ab]"}, {"enum": ["a", "c"]}, {"maxLength": 1}, {"not": {"const": "b"}}])
            case "prefixItems" | "anyOf" | "allOf" | "oneOf":
                return [self.schema(depth) for _ in range(count(1, 3))]
            case (
                "additionalProperties"
                | "items"
                | "not"
                | "if"
                | "contains"
                | "unevaluatedProperties"
                | "unevaluatedItems"
            ):
                return self.schema(depth)
            case "pattern":
                return choose(PATTERNS)
            case "$ref":
                return choose(["#/$defs/x", "#/$defs/y"])
            case "multipleOf":
                return choose([1, 0.5, 0.25, 0.1, 2, 3, 7, 1.5, 0.75])
            case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
                return choose([0, 1, -1, 2, 0.5, -0.5, 1.25, 10, -3])
        return count(0, 3)

    def value(self, depth: int = 0) -> Any:
        kind = self.random.random()
        if depth < 2 and kind < 0.2:
            return {n: self.value(depth + 1) for n in self.random.sample([*NAMES, "ab"], self.random.randint(0, 2))}
        if depth < 2 and kind < 0.35:
            return [self.value(depth + 1) for _ in range(self.random.randint(0, 3))]
        return self.random.choice(SCALARS)

    def walk(self, matcher: Matcher) -> bytes:
        text = b""
        for _ in range(self.random.randint(5, 50)):
            possible = matcher.next_bytes()
            if not possible or (matcher.is_accepting() and self.random.random() < 0.5):
                break
            plain = [byte for byte in possible if byte in b'"]},:0123456789abc'] or list(possible)
            byte = bytes([self.random.choice(plain if self.random.random() < 0.8 else list(possible))])
            assert matcher.accept_bytes(byte)
            text += byte
        return text + matcher.shortest_completion()


def spellings(value: Any) -> Iterator[str]:
    """The compact texts of a value, with members in every order."""
    if isinstance(value, dict):
        for names in itertools.permutations(value):
            keys = [f"{json.dumps(name, ensure_ascii=False)}:" for name in names]
            for texts in itertools.product(*[list(spellings(value[name])) for name in names]):
                yield "{" + ",".join(map(str.__add__, keys, texts)) + "}"
    elif isinstance(value, list):
        for texts in itertools.product(*[list(spellings(item)) for item in value]):
            yield "[" + ",".join(texts) + "]"
    else:
        yield json.dumps(value, ensure_ascii=False)


def beyond_floats(text: bytes) -> bool:
    """Whether a text has numbers that the validator, which reads floats, could take for others."""
    return any(len(number) > 14 for number in re.findall(rb"[\d.]+", text)) or re.search(rb"\d[eE]", text) is not None


def test_random_schemas(compiled: Any, takes: Any) -> None:
    built = judged = walked = 0
    for seed in SEEDS:
        writer = Writer(seed)
        schema = writer.schema()
        if "$ref" in json.dumps(schema):
            schema = {**schema, "$defs": {"x": writer.schema(1), "y": writer.schema(2)}}
        values = [writer.value() for _ in range(10)]
        try:
            grammar = compiled(schema)
        except (UnsupportedError, LimitError):
            continue
        except SchemaError as error:
            if "leads back to itself" not in error.message:
                raise
            continue
        except UnsatisfiableError:
            validator = jsonschema_rs.validator_for(schema)
            assert not any(validator.is_valid(value) for value in values), (seed, schema)
            continue
        built += 1
        validator = jsonschema_rs.validator_for(schema)
        for value in values:
            taken = any(takes(grammar, text) for text in spellings(value))
            assert taken == validator.is_valid(value), (seed, schema, value)
            judged += 1
        for _ in range(3):
            text = writer.walk(grammar.matcher())
            if not beyond_floats(text):
                assert validator.is_valid(json.loads(text)), (seed, schema, text)
                walked += 1
    assert built > 0.7 * len(SEEDS)
    assert judged > 5 * len(SEEDS)
    assert walked > len(SEEDS)


def test_random_texts_of_patterns() -> None:
    """Names are held against patterns without the engine; Python's ``re`` is the oracle."""
    from constrain.compiler.json_schema.patterns import matches

    patterns = ["^a", "b$", "a|b", "(ab|a)(c|bcd)", "^(a*b?){2,3}$", "^[^a]+$", "^$", "a{2}", "(a?){3}b", "^(?:|a)+c$"]
    for pattern in patterns:
        for length in range(5):
            for letters in itertools.product("abc", repeat=length):
                text = "".join(letters)
                assert matches(text, pattern) == (re.search(pattern, text) is not None), (pattern, text)


@pytest.mark.slow
def test_many_more_random_schemas(compiled: Any, takes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.SEEDS", range(10_000, 16_000))
    test_random_schemas(compiled, takes)
