"""Values that a model writes have bounds: always a part of the language, never nothing where there is something.

What is left of small languages is enumerated and held against all values there are, judged by jsonschema-rs. Of larger
ones random texts are looked at, and at each byte of them, what may come next is held against the whole language.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import tomllib
from collections.abc import Callable, Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from json_schema_random import Writer

from constrain import CompiledGrammar, Sizes
from constrain.compiler import json_schema
from constrain.compiler.json_schema import depth, strings
from constrain.compiler.json_schema.formats import FORMATS
from constrain.compiler.json_schema.model import PatternTerm, StringFacet
from constrain.compiler.json_schema.sample import sample
from constrain.compiler.sameness import is_same
from constrain.compiler.sizes import MAXIMUM_SIZE, UNBOUNDED
from constrain.errors import ConstrainError

Compile = Callable[..., CompiledGrammar]

TIGHT = Sizes(max_string=3, max_digits=2, max_items=2, max_depth=2)
MEASURED = ("max_string", "max_digits", "max_items", "max_depth")
CASES = tomllib.loads((Path(__file__).parents[2] / "data/json_schema.toml").read_text("utf-8"))["case"]
TREE = {
    "$ref": "#/$defs/tree",
    "$defs": {"tree": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/tree"}, {"const": 0}]}}},
}
NUMBER = re.compile(r"-?(\d+)(?:\.(\d+))?(?:[eE].*)?")


class Numeral(str):
    """A number as it was written."""


def measure(value: Any) -> tuple[int, int, int, int]:
    """Characters of the longest string or name, digits of the longest number, most items, deepest nesting."""
    if isinstance(value, Numeral):
        return 0, max(len(digits or "") for digits in NUMBER.fullmatch(value).groups()), 0, 0  # type: ignore[union-attr]
    if isinstance(value, str):
        return len(value), 0, 0, 0
    if not isinstance(value, dict | list):
        return 0, 0, 0, 0
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    inner = [max(each) for each in zip(*map(measure, parts), strict=True)] or [0, 0, 0, 0]
    return inner[0], inner[1], max(inner[2], len(value)), inner[3] + 1


def parsed(text: bytes) -> Any:
    return json.loads(text, parse_int=Numeral, parse_float=Numeral)


def walks(narrow: CompiledGrammar, seed: int, count: int, length: int = 120) -> Iterator[bytes]:
    source = random.Random(seed)
    for _ in range(count):
        yield sample(narrow, source, length=length)


def check_within(whole: CompiledGrammar, narrow: CompiledGrammar, text: bytes) -> None:
    """A text is in both languages, and nothing may follow in the narrower that may not in the whole one."""
    both = whole.matcher(), narrow.matcher()
    for byte in text:
        allowed, narrowed = (frozenset(matcher.next_bytes()) for matcher in both)
        assert narrowed <= allowed, text
        for matcher in both:
            assert matcher.accept_bytes(bytes([byte])), text
    assert all(matcher.is_accepting() for matcher in both), text


# -- all texts of small languages ----------------------------------------------------------------------------------


def texts_of(grammar: CompiledGrammar, most: int = 5_000) -> set[str]:
    """Every text of a finite language."""
    found: set[str] = set()
    open_ = [(grammar.matcher(), b"")]
    while open_:
        matcher, text = open_.pop()
        if matcher.is_accepting():
            found.add(text.decode())
        for byte in matcher.next_bytes():
            fork = matcher.fork()
            fork.accept_bytes(bytes([byte]))
            open_.append((fork, text + bytes([byte])))
        assert len(found) + len(open_) <= most
    return found


def values(scalars: list[Any], names: list[str], items: int, levels: int) -> Iterator[Any]:
    """Every value of so many levels over some scalars and names."""
    yield from scalars
    if levels:
        inner = list(values(scalars, names, items, levels - 1))
        for count in range(items + 1):
            yield from (list(each) for each in product(inner, repeat=count))
        for chosen in product([None, *([value] for value in inner)], repeat=len(names)):
            yield {name: given[0] for name, given in zip(names, chosen, strict=True) if given}


def text_of(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def in_order(text: str) -> str:
    return json.dumps(json.loads(text), sort_keys=True)


AB = {"type": "string", "pattern": "^[ab]*$"}
ENUMERATED: list[tuple[Any, Sizes, list[Any]]] = [
    (AB, Sizes(max_string=3), ["".join(t) for n in range(6) for t in product("ab", repeat=n)]),
    ({**AB, "minLength": 2}, Sizes(max_string=3), ["".join(t) for n in range(6) for t in product("ab", repeat=n)]),
    ({**AB, "not": {"enum": ["", "aa"]}}, Sizes(max_string=2), ["", "a", "b", "ab", "ba", "aa", "bb", "aab"]),
    ({**AB, "not": {"maxLength": 1}}, Sizes(max_string=2), ["", "a", "b", "ab", "ba", "aa", "bb", "aab"]),
    ({"type": "integer"}, Sizes(max_digits=2), list(range(-120, 121))),
    ({"type": "integer", "minimum": 95}, Sizes(max_digits=2), list(range(90, 120))),
    ({"type": "integer", "multipleOf": 7, "not": {"const": 0}}, Sizes(max_digits=2), list(range(-120, 121))),
    ({"items": {"type": "boolean"}, "type": "array"}, Sizes(max_items=2), list(values([True, False], [], 3, 1))),
    (
        {"items": {"type": "boolean"}, "type": "array", "contains": {"const": True}},
        Sizes(max_items=2),
        list(values([True, False], [], 3, 1)),
    ),
    (
        {"items": {"type": "boolean"}, "type": "array", "uniqueItems": True},
        Sizes(max_items=1),
        list(values([True, False], [], 3, 1)),
    ),
    (
        {"prefixItems": [{"const": 0}, {"const": 0}], "items": {"const": 1}, "type": "array"},
        Sizes(max_items=3),
        list(values([0, 1], [], 4, 1)),
    ),
    (TREE, Sizes(max_items=2, max_depth=2), list(values([0], [], 2, 3))),
    (
        {
            "type": "object",
            "properties": {"a": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "b": {"const": 0}},
            "additionalProperties": False,
        },
        Sizes(max_depth=2),
        list(values([None, 0], ["a", "b"], 0, 3)),
    ),
    (
        {
            "type": "object",
            "patternProperties": {"^[xy]+$": {"const": 0}},
            "additionalProperties": False,
            "properties": {"x": {"const": 1}},
        },
        Sizes(max_string=1),
        list(values([0, 1], ["x", "y", "xx"], 0, 1)),
    ),
    (
        {"type": "object", "patternProperties": {"^[xyz]$": {"const": 0}}, "additionalProperties": False},
        Sizes(max_items=2),
        list(values([0], ["x", "y", "z"], 0, 1)),
    ),
]


@pytest.mark.parametrize(("schema", "sizes", "universe"), ENUMERATED)
def test_small_languages_are_what_is_left_of_all_values(
    schema: Any, sizes: Sizes, universe: list[Any], compiled: Compile
) -> None:
    validator = jsonschema_rs.validator_for(schema)
    limits = [getattr(sizes, name) or MAXIMUM_SIZE for name in MEASURED]
    expected = {
        text_of(value)
        for value in universe
        if validator.is_valid(value)
        and all(size <= limit for size, limit in zip(measure(parsed(text_of(value).encode())), limits, strict=True))
    }
    found = texts_of(compiled(schema, order="any", sizes=sizes))
    assert {in_order(text) for text in found} == {in_order(text) for text in expected}


# -- what must be larger, what may be ------------------------------------------------------------------------------

CHAIN: Any = {"type": "string"}
for _ in range(6):
    CHAIN = {"type": "object", "properties": {"a": CHAIN}, "required": ["a"], "additionalProperties": False}

NEEDS: list[tuple[Any, tuple[int, int, int, int]]] = [
    ({"type": "string", "minLength": 5}, (5, 0, 0, 0)),
    ({"type": "string", "pattern": "^a{7,}$"}, (7, 0, 0, 0)),
    ({"type": "string", "pattern": "^(a|b{9,})$", "minLength": 2}, (9, 0, 0, 0)),
    ({"type": "string", "format": "uri"}, (3, 0, 0, 0)),
    ({"type": "string", "format": "uuid"}, (36, 0, 0, 0)),
    ({"const": "abcdef"}, (6, 0, 0, 0)),
    ({"enum": ["abcdef"]}, (6, 0, 0, 0)),
    ({"type": "string", "maxLength": 8, "pattern": "^a{8}"}, (8, 0, 0, 0)),
    ({"type": "integer", "minimum": 12345}, (0, 5, 0, 0)),
    ({"type": "integer", "exclusiveMinimum": 99999, "multipleOf": 10}, (0, 8, 0, 0)),
    ({"type": "integer", "minimum": 10**30, "maximum": 10**30}, (0, 31, 0, 0)),
    ({"type": "number", "exclusiveMinimum": 0.1234, "exclusiveMaximum": 0.1235}, (0, 8, 0, 0)),
    ({"const": 123456}, (0, 6, 0, 0)),
    ({"type": "array", "items": {"const": 0}, "minItems": 5}, (0, 1, 5, 1)),
    ({"type": "array", "items": {"const": 0}, "contains": {"const": 0}, "minContains": 4}, (0, 1, 4, 1)),
    ({"type": "array", "prefixItems": [{"const": 0}] * 4, "minItems": 4}, (3, 2, 4, 2)),
    ({"type": "object", "minProperties": 4}, (3, 2, 4, 2)),
    ({"type": "object", "required": ["long name"]}, (9, 2, 3, 2)),
    (CHAIN, (3, 0, 1, 6)),
    (
        {
            "$ref": "#/$defs/x",
            "$defs": {
                "x": {
                    "type": "array",
                    "items": {"anyOf": [{"$ref": "#/$defs/x"}, CHAIN]},
                    "minItems": 1,
                }
            },
        },
        (3, 0, 2, 7),
    ),
    (
        # strings of one letter differ by their length alone: four of three letters at most
        {
            "type": "array",
            "items": {"type": "string", "pattern": "^a*$"},
            "uniqueItems": True,
            "minItems": 5,
            "maxItems": 5,
        },
        (1000, 0, 5, 1),
    ),
    (
        {"type": "object", "patternProperties": {"^a*$": {"const": 0}}, "additionalProperties": False}
        | {"minProperties": 6, "maxProperties": 6},
        (1000, 1, 6, 1),
    ),
]


@pytest.mark.parametrize(("schema", "most"), NEEDS)
def test_values_are_as_large_as_they_must_be(schema: Any, most: tuple[int, ...], compiled: Compile) -> None:
    whole, narrow = compiled(schema), compiled(schema, sizes=TIGHT)
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    for text in walks(narrow, 1, 30, length=300):
        check_within(whole, narrow, text)
        assert validator.is_valid(json.loads(text))
        assert all(size <= limit for size, limit in zip(measure(parsed(text)), most, strict=True)), text


OWN_BOUNDS: list[Any] = [
    {"type": "string", "maxLength": 5_000},
    {"type": "string", "pattern": "^[a-z]{1,5000}$"},
    {"type": "string", "format": "date"},
    {"type": "integer", "minimum": 0, "maximum": 10**30},
    {"type": "array", "items": {"type": "boolean"}, "maxItems": 5_000},
    {"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": False},
    {
        "type": "object",
        "additionalProperties": {"type": "null"},
        "propertyNames": {"maxLength": 3},
        "maxProperties": 999,
    },
    {"enum": ["a" * 99, 10**25, [[[[[]]]]]]},
    {"type": ["boolean", "null"]},
    {"items": {"items": {"items": {"type": "null"}, "maxItems": 3, "type": "array"}, "maxItems": 3, "type": "array"}}
    | {"maxItems": 3, "type": "array"},
]


@pytest.mark.parametrize("schema", OWN_BOUNDS)
def test_bounds_of_the_schema_count(schema: Any) -> None:
    assert is_same(json_schema.build(schema), json_schema.build(schema, sizes=TIGHT))


@pytest.mark.parametrize("name", MEASURED)
def test_each_bound_is_one_of_its_own(name: str, compiled: Compile) -> None:
    """With one of them, values of the other three sizes get larger than with it."""
    only = Sizes(**{other: getattr(TIGHT, name) if other == name else None for other in MEASURED})
    narrow = compiled(True, sizes=only)
    place = MEASURED.index(name)
    largest = [
        max(sizes) for sizes in zip(*(measure(parsed(text)) for text in walks(narrow, 3, 300, 300)), strict=True)
    ]
    assert [size <= 3 for size in largest] == [other == place for other in range(4)]


def test_every_format_has_a_short_text(compiled: Compile) -> None:
    for name in FORMATS:
        facet = StringFacet(patterns=(PatternTerm("format", name),))
        assert strings._least_bound(facet, strings._SOME_TEXT, ()) == strings._SOME_TEXT


# -- part of the language ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_corpus(case: dict[str, Any], compiled: Compile) -> None:
    whole = compiled(case["schema"])
    for sizes in (TIGHT, Sizes()):
        narrow = compiled(case["schema"], sizes=sizes)
        for text in walks(narrow, 2, 4):
            check_within(whole, narrow, text)


SPELLINGS: list[dict[str, str]] = [
    {"whitespace": "any", "order": "any", "numbers": "any", "escapes": "any"},
    {"whitespace": "flexible"},
    {"whitespace": "pretty:2"},
    {"numbers": "any"},
    {"numbers": "any", "draft": "4"},
]
SPELLED: list[Any] = [
    {},
    {"type": "integer"},
    {"type": "number"},
    {"type": "number", "minimum": 1, "maximum": 2},
    {"type": "integer", "minimum": 3},
    {"type": "number", "multipleOf": 0.5},
    {"type": "number", "not": {"type": "integer"}},
    {"not": {"multipleOf": 3}, "type": "integer"},
    {"enum": [1, 2.5, "a/b", None]},
    {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["b"]},
    TREE,
]


@pytest.mark.parametrize("options", SPELLINGS, ids=lambda options: " ".join(options.values()))
@pytest.mark.parametrize("schema", SPELLED, ids=json.dumps)
def test_every_spelling(schema: Any, options: dict[str, str], compiled: Compile) -> None:
    schema = json.loads(json.dumps(schema).replace("$defs", "definitions"))
    whole, narrow = compiled(schema, **options), compiled(schema, **options, sizes=TIGHT)
    for text in walks(narrow, 5, 15):
        check_within(whole, narrow, text)


@pytest.mark.parametrize(("name", "begin"), [("date-time", '"2024-02-29T10:00:00.'), ("time", '"23:59:60.')])
def test_fractions_of_seconds_end(name: str, begin: str, compiled: Compile) -> None:
    schema = {"type": "string", "format": name}
    text = f'{begin}{"0" * 9}Z"'.encode()
    for sizes, longest in ((Sizes(), len(begin) + 9), (UNBOUNDED, len(begin) + 99)):
        narrow = compiled(schema, sizes=sizes)
        assert narrow.matcher().viable_prefix((begin + "0" * 99).encode()) == longest
        check_within(compiled(schema), narrow, text)


def test_blanks_end(compiled: Compile) -> None:
    matcher = compiled({"type": "array"}, whitespace="any", sizes=Sizes()).matcher()
    assert matcher.viable_prefix(b"[" + b" " * 100) == 65
    assert compiled({"type": "array"}, whitespace="any").matcher().viable_prefix(b"[" + b" " * 100) == 101
    for whitespace, most, longest in [("any", 7, 7), ("any", None, 99), ("flexible", 7, 7), ("flexible", None, 64)]:
        matcher = compiled({"type": "array"}, whitespace=whitespace, sizes=Sizes(max_blanks=most)).matcher()
        assert matcher.viable_prefix(b"[" + b" " * 99) == 1 + longest


def outcome(schema: Any, compiled: Compile, **options: Any) -> CompiledGrammar | type[ConstrainError]:
    try:
        return compiled(schema, **options)
    except ConstrainError as error:
        return type(error)


@pytest.mark.parametrize("block", range(4))
def test_random_schemas(block: int, compiled: Compile) -> None:
    judged = 0
    for seed in range(block * 60, block * 60 + 60):
        schema = Writer(seed).document()
        whole = outcome(schema, compiled)
        for sizes in (TIGHT, Sizes(1, 1, 1, 1)):
            narrow = outcome(schema, compiled, sizes=sizes)
            if isinstance(whole, type):
                assert narrow == whole, schema
                continue
            assert not isinstance(narrow, type), schema
            for text in walks(narrow, seed, 3, length=60):
                check_within(whole, narrow, text)
                judged += 1
    assert judged > 150


def real_schemas(folder: Path) -> Iterator[Any]:
    for path in [folder / "maskbench/sample.jsonl.gz", *sorted(folder.glob("json-schema-test-suite/*.jsonl.gz"))]:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)["schema"] for line in list(lines)[1:])


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in (1, 2))])
def test_real_schemas_and_the_official_suite(part: int, shared_data: Path, compiled: Compile) -> None:
    judged = 0
    for schema in islice(real_schemas(shared_data), part, None, 3):
        whole = outcome(schema, compiled)
        if isinstance(whole, type):
            continue
        for sizes in (TIGHT, Sizes()):
            narrow = compiled(schema, sizes=sizes)
            for text in walks(narrow, 1, 1, length=200):
                check_within(whole, narrow, text)
                judged += 1
    assert judged > 1_300


# -- limits of the limits ------------------------------------------------------------------------------------------


def test_a_recursion_that_is_too_large_keeps_its_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth, "MAXIMUM_COPIES", 3)
    only = Sizes(None, None, None, 5)
    assert is_same(json_schema.build(TREE), json_schema.build(TREE, sizes=only))


@pytest.mark.parametrize("name", Sizes.__slots__)
@pytest.mark.parametrize("value", [0, -1, MAXIMUM_SIZE + 1, 1.0, "3", True])
def test_bad_sizes(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        Sizes(**{name: value})


def test_no_sizes_are_the_whole_language() -> None:
    assert is_same(json_schema.build(True), json_schema.build(True, sizes=UNBOUNDED))
    assert Sizes(**dict.fromkeys(Sizes.__slots__)) == UNBOUNDED
    assert not is_same(json_schema.build(True), json_schema.build(True, sizes=Sizes()))
