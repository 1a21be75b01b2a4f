"""The normal form says what the schema says: jsonschema-rs reads both, and must not see a difference."""

from __future__ import annotations

import gzip
import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from json_schema_random import Writer

from constrain.compiler.json_schema.arrays import Items
from constrain.compiler.json_schema.clauses import Clause
from constrain.compiler.json_schema.model import ArrayFacet, NumberFacet, ObjectFacet, Schema, StringFacet
from constrain.compiler.json_schema.objects import Members
from constrain.compiler.json_schema.show import normalised, normalised_text
from constrain.compiler.json_schema.show.facets import FIELDS, conjoined, fragments
from constrain.compiler.json_schema.show.text import json_text
from constrain.errors import InputError, LimitError, SchemaError

CASES = tomllib.loads((Path(__file__).parents[2] / "data/json_schema.toml").read_text("utf-8"))["case"]
HEAD = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def validator(schema: Any) -> Any:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_corpus_keeps_its_meaning(case: dict[str, Any]) -> None:
    text = normalised_text(case["schema"])
    assert "refused" not in text
    shown = validator(json.loads(text))
    for instance in case["accepts"] + case.get("spelled", []):
        assert shown.is_valid(json.loads(instance)), instance
    for instance in case.get("rejects", []):
        assert not shown.is_valid(json.loads(instance)), instance


def test_random_schemas_keep_their_meaning() -> None:
    compared = 0
    for seed in range(600):
        writer = Writer(seed, drafts=("2020-12",))
        schema = writer.schema()
        try:
            text = normalised_text(json.dumps(schema))
        except InputError:
            continue
        if "refused" in text:
            continue
        before, after = validator(schema), validator(json.loads(text))
        for _ in range(30):
            value = writer.value()
            compared += 1
            assert before.is_valid(value) == after.is_valid(value), (schema, value, text)
    assert compared > 9000


@pytest.mark.parametrize("draft", ["4", "6", "7", "2019-09", "2020-12"])
def test_the_official_suite_keeps_its_meaning(draft: str, shared_data: Path) -> None:
    """Formats are left to their own tests: there, the suite and jsonschema-rs disagree with the specification."""
    path = shared_data / "json-schema-test-suite" / f"jsts-draft{draft}.jsonl.gz"
    same = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        groups = [group for group in map(json.loads, lines) if "schema" in group]
    for group in groups:
        if "format" in group["id"] or group["id"].startswith(_NOT_OURS):
            continue
        try:
            text = normalised_text(json.dumps(group["schema"]), draft=draft)
        except InputError:
            continue
        if "refused" in text:
            continue
        shown = validator(json.loads(text))
        for test in group["tests"]:
            same += 1
            assert shown.is_valid(test["data"]) == test["valid"], (group["id"], test, text)
    assert same > 500


_NOT_OURS = ("vocabulary", "optional/content", "optional/zeroTerminatedFloats")
"""Metaschemas of one's own, which need other documents; annotations; a reading of 1.0 that draft 4 alone allows."""


@pytest.mark.parametrize("facet", [StringFacet, NumberFacet, Items, Members])
def test_every_field_is_written(facet: Any) -> None:
    """A field that is new to the compiler is not left out here silently: the table has to say what it becomes."""
    assert set(FIELDS[facet]) == set(facet._fields)


def test_every_facet_has_a_table() -> None:
    """Arrays and objects are written as the conjunction of their facets."""
    kinds = {"string": StringFacet, "number": NumberFacet, "array": ArrayFacet, "object": ObjectFacet}
    known = {"types", "values", "excluded", "refusals", "reference", "not_reference"}
    combinators = {"all_of", "any_of", "one_of", "nots", "unevaluated"}
    assert set(Schema._fields) == kinds.keys() | known | combinators
    assert set(Clause._fields) == {"types", "values", "excluded", "leaves", "choices"}
    assert set(FIELDS) == {StringFacet, NumberFacet, Items, Members}


def test_an_unknown_field_is_an_error() -> None:
    class Wider(Items):
        _fields = (*Items._fields, "surprise")

    with pytest.raises(LookupError):
        list(fragments(Wider((), (), 0, None), lambda schemas: True))


FORMS = [
    ("true", True),
    ("false", False),
    ('{"type": ["string", "integer"]}', {"type": ["string", "integer"]}),
    ('{"type": "integer", "minimum": 2.50}', {"type": "integer", "minimum": Decimal("2.50")}),
    ('{"not": {"type": ["object", "array", "number"]}}', {"type": ["string", "boolean", "null"]}),
    ('{"type": "number", "not": {"type": "integer"}}', {"type": "number", "not": {"type": "integer"}}),
    ('{"anyOf": [{"type": "string"}, {"maxLength": 2, "type": "string"}]}', {"type": "string"}),
    ('{"enum": [1, 1.0, "a"]}', {"type": ["string", "integer"], "enum": [1, "a"]}),
    (
        '{"type": "object", "allOf": [{"properties": {"a": {"maxLength": 3}}}], "properties": {"a": {"minLength": 1}}}',
        {"type": "object", "properties": {"a": {"minLength": 1, "maxLength": 3}}},
    ),
    (
        '{"pattern": "a", "allOf": [{"pattern": "b"}, {"not": {"pattern": "c"}}]}',
        {
            "anyOf": [
                {"type": "string", "pattern": "a", "not": {"pattern": "c"}, "allOf": [{"pattern": "b"}]},
            ]
        },
    ),
    (
        '{"patternProperties": {"^a": {"type": "null"}}, "additionalProperties": false, "type": "object"}',
        {"type": "object", "patternProperties": {"^a": {"type": "null"}}, "additionalProperties": False},
    ),
]


@pytest.mark.parametrize(("schema", "form"), FORMS, ids=[schema for schema, _ in FORMS])
def test_forms(schema: str, form: Any) -> None:
    if isinstance(form, dict):
        form = {**HEAD, **(form["anyOf"][0] if "anyOf" in form else form)}
    assert normalised(schema) == form


def test_references_are_kept() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"a": {"$ref": "#/definitions/tree"}, "b": {"$ref": "#"}},
        "definitions": {"tree": {"type": "array", "items": [{"$ref": "#/definitions/tree"}], "additionalItems": False}},
    }
    assert normalised(schema) == {
        **HEAD,
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/tree"}, "b": {"$ref": "#"}},
        "$defs": {"tree": {"type": "array", "prefixItems": [{"$ref": "#/$defs/tree"}], "items": False, "maxItems": 1}},
    }


def test_names_of_definitions_are_distinct_and_escaped() -> None:
    schema = {"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": {"items": {"$ref": "#/$defs/x/$defs/a~1b%25"}}}}
    schema["$defs"]["x"] = {"$defs": {"a/b%": {"type": "null"}}}  # type: ignore[index]
    shown = normalised(schema)
    assert isinstance(shown, dict)
    assert list(shown["$defs"]) == ["a/b%", "a/b%-2"]
    assert validator(json.loads(json_text(shown))).is_valid([None])
    assert not validator(json.loads(json_text(shown))).is_valid([1])


def test_a_recursion_that_no_reference_alone_closes() -> None:
    schema = '{"type": "array", "items": {"$ref": "#", "maxItems": 2}}'
    shown = validator(json.loads(normalised_text(schema)))
    for text in ("[]", "[[]]", "[[[],[]]]"):
        assert shown.is_valid(json.loads(text))
    for text in ("[1]", "[[[],[],[]]]", "[[],[[[[],[],[]]]]]"):
        assert not shown.is_valid(json.loads(text))


def test_what_is_refused_is_noted() -> None:
    shown = normalised('{"type": "string", "format": "colour"}')
    assert shown == {**HEAD, "type": "string", "$comment": "refused: format 'colour' (at /format)"}


def test_what_references_share_is_written_once() -> None:
    """Written out, each level would double what the next one holds."""
    levels: dict[str, Any] = {"l30": {"maxProperties": 1}}
    for i in range(30):
        level = {"$ref": f"#/$defs/l{i + 1}", "minProperties": 1}
        levels[f"l{i}"] = {"properties": {"a": level, "b": level}}
    text = normalised_text({"$ref": "#/$defs/l0", "$defs": levels})
    assert len(text) < 20_000
    shown = validator(json.loads(text))
    assert shown.is_valid({"a": {"b": {"a": {"b": 1}}}})
    assert not shown.is_valid({"a": {"b": {"a": {}}}})


COUNTED = [
    '{"contains": {"type": "integer"}, "minContains": 2, "maxContains": 3}',
    '{"allOf": [{"contains": {"const": 1}}, {"contains": {"const": "a"}}]}',
    '{"not": {"prefixItems": [{"const": 1}], "items": {"type": "string"}}}',
    '{"not": {"items": {"type": "string"}}, "type": ["array", "string"]}',
    '{"not": {"not": {"prefixItems": [{"const": 1}], "items": {"type": "string"}}}}',
    '{"not": {"properties": {"a": {"const": 1}}, "patternProperties": {"b": {}}, "additionalProperties": false}}',
    '{"not": {"propertyNames": {"maxLength": 1}}}',
    '{"oneOf": [{"additionalProperties": {"type": "integer"}}, {"propertyNames": {"const": "a"}}]}',
    '{"allOf": ['
    + ", ".join(f'{{"anyOf": [{{"required": ["{a}"]}}, {{"properties": {{"{a}b": {{"const": 1}}}}}}]}}' for a in "abcx")
    + "]}",
    '{"prefixItems": [{"const": 1}], "unevaluatedItems": {"const": 2}, "contains": {"const": 3}}',
]


@pytest.mark.parametrize("schema", COUNTED)
def test_what_must_be_there_keeps_its_meaning(schema: str) -> None:
    scalars = [1, 2, 3, "a", "bb", True]
    values: list[Any] = [*scalars, *([a, b][:n] for a in scalars for b in scalars for n in range(3)), [1, 1, 1, 1]]
    values += [{n: a, m: b} for n in ("a", "b", "xb", "c") for m in ("a", "b") for a in scalars for b in scalars]
    values += [{}, {"cc": 1}, {"c": 1}]
    before, after = validator(json.loads(schema)), validator(json.loads(normalised_text(schema)))
    assert [after.is_valid(value) for value in values] == [before.is_valid(value) for value in values]


def test_a_growing_normal_form_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("constrain.compiler.json_schema.show.write.MAXIMUM_PLACES", 10)
    assert normalised({"properties": {str(i): {"type": "null"} for i in range(9)}})
    with pytest.raises(LimitError, match="normal form has more than 10 places"):
        normalised({"properties": {str(i): {"type": "null"} for i in range(10)}})


def test_a_circle_of_references() -> None:
    with pytest.raises(SchemaError, match="leads back to itself"):
        normalised('{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}')


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([], {}),
        ([{"a": 1}, {"a": 1}], {"a": 1}),
        ([{"a": 1}, {"a": 2}, {"a": 2}, {"b": 1}], {"a": 1, "b": 1, "allOf": [{"a": 2}]}),
        ([{"a": 1}, {"a": 1, "b": 2}], {"a": 1, "allOf": [{"a": 1, "b": 2}]}),
        ([{"a": 1}, {"a": True}], {"a": 1, "allOf": [{"a": True}]}),
    ],
)
def test_conjunctions_of_fragments(parts: list[dict[str, Any]], whole: dict[str, Any]) -> None:
    assert conjoined(parts) == whole


def test_numbers_keep_their_digits() -> None:
    value = {"a": [Decimal("0.10"), Decimal("1E-7"), 10**30, True, None], "b": [], "c": {}, "d": [{"e": "ü\n"}]}
    text = json_text(value)
    assert '"a": [0.10, 0.0000001, 1000000000000000000000000000000, true, null]' in text
    assert json.loads(text, parse_float=Decimal) == value
