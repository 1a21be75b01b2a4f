"""Distinct and repeated items, distinct keys: random schemas of infinite languages, both ways against jsonschema-rs."""

from __future__ import annotations

import json
import random
from typing import Any, Literal

import jsonschema_rs
import pytest

from constrain import Matcher, Vocabulary, allocate_token_bitmask
from constrain.compiler import compile_grammar, json_schema
from constrain.errors import UnsatisfiableError, UnsupportedError

TOKENS = [
    *(bytes([byte]) for byte in range(256)),
    *(b'",', b'","', b'"],', b'":', b'":"', b'":{', b'{"', b',"a":', b',"a', b'"a"', b'a"', b'"b":1', b"null", b"},{"),
    *(b"1,1", b",1", b", 1", b"0,", b"00", b"1]", b"[1,", b"[[", b"]]", b"],[", b"true,true", b'"a","a"', b'"","'),
    *(
        b'{"a":1,"a":1}',
        b'{"a":0}',
        b'","a":',
        b"\\u00",
        b"\\n",
        b'\\"',
        "é".encode(),
        b"ab",
        b"aa",
        b": ",
        b", ",
        b"\n  ",
    ),
]

SCALARS: list[Any] = [
    {"type": "string"},
    {"type": "string", "maxLength": 1},
    {"type": "integer"},
    {"type": "integer", "minimum": 0, "maximum": 11},
    {"type": "number"},
    {"type": "boolean"},
    {"enum": ["a", "b", 1, None, True]},
    {},
]
NAMES = ["a", "b", "ab", "\n", "é", ""]


def random_schema(choose: random.Random, depth: int, few_names: bool = False) -> Any:
    kind = choose.randrange(6) if depth else 0
    if kind == 0:
        return choose.choice(SCALARS)
    if kind == 1:
        return {"anyOf": [random_schema(choose, depth - 1, few_names), random_schema(choose, depth - 1, few_names)]}
    if kind < 4:
        draw = choose.random()
        schema: dict[str, Any] = {"type": "array", "uniqueItems": draw < 0.5}
        if draw > 0.7:
            schema["not"] = {"uniqueItems": True}
        schema["items"] = random_schema(choose, depth - 1, few_names)
        if choose.random() < 0.3:
            schema["prefixItems"] = [random_schema(choose, depth - 1, few_names) for _ in range(choose.randint(1, 2))]
        schema["minItems"] = choose.choice([0, 0, 1, 3])
        if draw <= 0.7 or choose.random() < 0.2:
            schema["maxItems"] = choose.choice([3, 5, 9])
        return schema
    schema = {"type": "object"}
    schema["properties"] = {
        name: random_schema(choose, depth - 1, few_names) for name in choose.sample(NAMES, choose.randint(0, 2))
    }
    if choose.random() < 0.4:
        schema["additionalProperties"] = random_schema(choose, depth - 1, few_names)
    if choose.random() < 0.3:
        schema["patternProperties"] = {choose.choice(["^a", "b", "^.?$"]): random_schema(choose, depth - 1, few_names)}
    if few_names and choose.random() < 0.3:
        schema["propertyNames"] = {"enum": choose.sample(NAMES, 3)}
    schema["minProperties"] = choose.choice([0, 0, 1, 3])
    return schema


def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({key for key, _ in members}) == len(members), members
    return dict(members)


def allowed_tokens(matcher: Matcher, bitmask: Any) -> set[int]:
    matcher.fill_next_token_bitmask(bitmask)
    return {token for token in range(len(TOKENS)) if bitmask[0, token >> 5] >> (token & 31) & 1}


@pytest.mark.parametrize("whitespace", ["compact", "pretty:2", "flexible"])
@pytest.mark.parametrize("seed", range(40))
def test_random_walks(seed: int, whitespace: str) -> None:
    choose = random.Random(f"{seed} {whitespace}")
    schema = random_schema(choose, 3)
    validator = jsonschema_rs.Draft202012Validator(schema)
    vocabulary = Vocabulary([*TOKENS, None], [len(TOKENS)])
    try:
        grammar = compile_grammar(json_schema.build(schema, whitespace=whitespace), vocabulary)
    except (UnsatisfiableError, UnsupportedError) as error:
        pytest.skip(str(error))
    bitmask = allocate_token_bitmask(1, len(TOKENS) + 1)
    for _ in range(4):
        matcher = grammar.matcher()
        text = b""
        for _ in range(choose.randint(0, 60)):
            allowed = allowed_tokens(matcher, bitmask)
            assert allowed == {token for token, piece in enumerate(TOKENS) if matcher.fork().accept_bytes(piece)}, text
            assert set(matcher.next_bytes()) == {token for token in allowed if token < 256}
            # texts repeat themselves, if they can
            likely = [token for token in allowed if TOKENS[token] in b'ab01",:[]{}' or token >= 256]
            if not allowed:
                break
            token = choose.choice(sorted(likely or allowed))
            assert matcher.accept_token(token)
            text += TOKENS[token]
            if choose.random() < 0.1:
                matcher.rollback(1)
                text = text[: len(text) - len(TOKENS[token])]
        text += matcher.shortest_completion()
        value = json.loads(text, object_pairs_hook=pairs)
        assert validator.is_valid(value), text
        whole = grammar.matcher()
        assert whole.accept_bytes(text)
        assert whole.is_accepting()


def random_value(choose: random.Random, depth: int) -> Any:
    kind = choose.randrange(8 if depth else 6)
    if kind == 6:
        return [random_value(choose, depth - 1) for _ in range(choose.randint(0, 3))]
    if kind == 7:
        return {name: random_value(choose, depth - 1) for name in choose.sample(NAMES, choose.randint(0, 3))}
    return [None, True, 1, choose.randint(-1, 12), choose.choice(["", "a", "b", "é"]), 1][kind]


LAYOUTS: dict[str, dict[str, Any]] = {
    "compact": {"separators": (",", ":")},
    "spaced": {},
    "pretty:2": {"indent": 2},
    "flexible": {},
}


@pytest.mark.parametrize("order", ["schema", "any"])
@pytest.mark.parametrize("whitespace", LAYOUTS)
@pytest.mark.parametrize("seed", range(20))
def test_random_values(seed: int, whitespace: str, order: Literal["schema", "any"]) -> None:
    choose = random.Random(f"{seed} {whitespace} {order}")
    schema = random_schema(choose, 2, few_names=True)
    validator = jsonschema_rs.Draft202012Validator(schema)
    vocabulary = Vocabulary([bytes([byte]) for byte in range(256)], [256], vocab_size=257)
    try:
        grammar = compile_grammar(json_schema.build(schema, whitespace=whitespace, order=order), vocabulary)
    except (UnsatisfiableError, UnsupportedError) as error:
        pytest.skip(str(error))
    for _ in range(150):
        value = random_value(choose, 3)
        if order == "any" or declared_come_first(value):
            matcher = grammar.matcher()
            text = json.dumps(value, ensure_ascii=False, **LAYOUTS[whitespace]).encode()
            assert (matcher.accept_bytes(text) and matcher.is_accepting()) == validator.is_valid(value), (schema, text)


def declared_come_first(value: Any) -> bool:
    """Whether no object of the value has two members, which might be in another order than that of some schema."""
    if isinstance(value, dict):
        return len(value) < 2 and all(map(declared_come_first, value.values()))
    return not isinstance(value, list) or all(map(declared_come_first, value))
