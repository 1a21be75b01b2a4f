"""Which keywords count: the draft option, vocabularies of a metaschema of one's own, OpenAPI's dialects."""

from __future__ import annotations

from typing import Any

import pytest

from constrain.errors import SchemaError, UnsupportedError

META = "http://x.test/meta"
OLD, NEW = "https://json-schema.org/draft/2019-09", "https://json-schema.org/draft/2020-12"
TEXTS = ["null", "0", "5", '"a"', '"abc"', "[]", "[1,2]", '{"a":1}', '{"a":"b"}', '{"b":1}']


def metaschema(home: str, *names: str, **optional: bool) -> dict[str, Any]:
    return {"$schema": f"{home}/schema", "$vocabulary": {f"{home}/vocab/{name}": True for name in names} | optional}


def accepted(grammar: Any, takes: Any) -> list[str]:
    return [text for text in TEXTS if takes(grammar, text)]


@pytest.mark.parametrize("home", [OLD, NEW])
def test_keywords_of_vocabularies_that_are_left_out_are_annotations(home: str, compiled: Any, takes: Any) -> None:
    schema = {"$schema": META, "type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}, "not": {}}
    without = {key: value for key, value in schema.items() if key not in ("$schema", "not")}
    for names, kept in (
        (["core"], []),
        (["core", "validation"], ["type", "required"]),
        (["core", "applicator"], ["properties", "not"]),
        (["core", "applicator", "validation"], ["type", "required", "properties", "not"]),
    ):
        there = {**schema, "not": False}
        plain = {key: value for key, value in {**without, "not": False}.items() if key in kept}
        if "validation" not in names and "properties" in plain:
            plain["properties"] = {"a": {}}
        grammar = compiled(there, references={META: metaschema(home, *names)})
        assert accepted(grammar, takes) == accepted(compiled(plain), takes), names


@pytest.mark.parametrize(
    ("home", "vocabulary", "asserts"),
    [
        (NEW, {"format-annotation": True}, {"assert": True, "annotate": False}),
        (NEW, {"format-assertion": True}, {"assert": True, "annotate": True}),
        (NEW, {"format-assertion": False}, {"assert": True, "annotate": True}),
        (NEW, {}, {"assert": False, "annotate": False}),
        (OLD, {"format": True}, {"assert": True, "annotate": True}),
        (OLD, {"format": False}, {"assert": True, "annotate": False}),
        (OLD, {}, {"assert": False, "annotate": False}),
    ],
)
def test_formats(home: str, vocabulary: dict[str, bool], asserts: dict[str, bool], compiled: Any, takes: Any) -> None:
    uris = {f"{home}/vocab/{name}": required for name, required in vocabulary.items()}
    references = {META: metaschema(home, "core", **uris)}
    for formats, expected in asserts.items():
        grammar = compiled({"$schema": META, "format": "date"}, references=references, formats=formats)
        assert takes(grammar, '"abc"') != expected
        assert takes(grammar, '"2024-02-29"')


def test_vocabularies_that_are_not_known(compiled: Any, takes: Any) -> None:
    schema = {"$schema": META, "type": "null"}
    optional = metaschema(NEW, "core", "validation", **{"http://x.test/own": False})
    assert accepted(compiled(schema, references={META: optional}), takes) == ["null"]
    required = metaschema(NEW, "core", **{"http://x.test/own": True})
    with pytest.raises(UnsupportedError, match=r"the vocabulary .*own is not supported") as caught:
        compiled(schema, references={META: required})
    assert caught.value.pointer == f"{META}#/$vocabulary/http:~1~1x.test~1own"
    with pytest.raises(SchemaError) as wrong:
        compiled(schema, references={META: {"$schema": f"{NEW}/schema", "$vocabulary": [1]}})
    assert wrong.value.pointer == f"{META}#/$vocabulary"


def test_metaschemas_name_their_draft(compiled: Any, takes: Any) -> None:
    schema = {"$schema": META, "items": [{"type": "null"}]}
    seven = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "urn:example:meta"}
    assert not takes(compiled(schema, references={META: seven}), "[1,2]")
    assert not takes(compiled({**schema, "$schema": "urn:example:meta"}, references={META: seven}), "[1,2]")
    assert not takes(compiled({**schema, "$schema": "urn:example:meta"}, draft="7"), "[1,2]")
    further = {META: {"$schema": "http://x.test/next"}, "http://x.test/next": seven}
    assert not takes(compiled(schema, references=further), "[1,2]")
    for nothing in ({}, {"$schema": META}, {"$schema": "http://x.test/other"}):
        with pytest.raises(UnsupportedError):
            compiled(schema, references={META: nothing})


def test_the_option_beats_the_schema(compiled: Any, takes: Any) -> None:
    schema = {"$schema": f"{NEW}/schema", "items": [{"type": "null"}]}
    assert not takes(compiled(schema, draft="7"), "[1,2]")
    with pytest.raises(SchemaError):
        compiled(schema)
    own = {"$schema": META, "type": "null"}
    references = {META: metaschema(NEW, "core")}
    assert accepted(compiled(own, references=references, draft="2020-12"), takes) == TEXTS
    assert accepted(compiled(own, references=references, draft="7"), takes) == ["null"]


@pytest.mark.parametrize("draft", ["2019-09", "2020-12"])
def test_dependencies_are_heeded_in_later_drafts(draft: str, compiled: Any, takes: Any) -> None:
    grammar = compiled({"dependencies": {"a": ["b"], "b": {"maxProperties": 1}}}, draft=draft)
    assert not takes(grammar, '{"a":1}')
    assert takes(grammar, '{"b":1}')
    assert not takes(grammar, '{"a":1,"b":1}')


# -- OpenAPI -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, ['"a"', '"abc"']),
        ({"type": "string", "nullable": True}, ["null", '"a"', '"abc"']),
        ({"type": "string", "nullable": False}, ['"a"', '"abc"']),
        ({"type": "string", "nullable": True, "enum": ["a"]}, ['"a"']),
        ({"type": "string", "nullable": True, "enum": ["a", None]}, ["null", '"a"']),
        ({"nullable": True, "enum": ["a", 5]}, ["5", '"a"']),
        ({"type": "object", "nullable": True, "allOf": [{"type": "object"}]}, ['{"a":1}', '{"a":"b"}', '{"b":1}']),
        ({"not": {"type": "object", "nullable": True}}, ["0", "5", '"a"', '"abc"', "[]", "[1,2]"]),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": True}, ["5"]),
        ({"type": "integer", "minimum": 0, "exclusiveMinimum": False}, ["0", "5"]),
        ({"type": "array", "items": {"$ref": "#/x", "maximum": 1}, "x": {"type": "integer"}}, ["[]", "[1,2]"]),
        (
            {
                "type": "object",
                "required": ["a"],
                "discriminator": {"propertyName": "a"},
                "xml": {"name": "x"},
                "example": 5,
                "externalDocs": {"url": "http://x.test/"},
                "deprecated": True,
                "readOnly": True,
                "id": "a#b",
            },
            ['{"a":1}', '{"a":"b"}'],
        ),
    ],
)
def test_openapi_30(schema: dict[str, Any], expected: list[str], compiled: Any, takes: Any) -> None:
    assert accepted(compiled(schema, draft="openapi-3.0"), takes) == expected


@pytest.mark.parametrize(
    ("schema", "error", "pointer"),
    [
        ({"type": ["string", "null"]}, SchemaError, "/type"),
        ({"type": "null"}, SchemaError, "/type"),
        ({"type": "string", "nullable": "yes"}, SchemaError, "/nullable"),
        ({"items": [{}]}, SchemaError, "/items"),
        ({"minimum": 0, "exclusiveMinimum": 1}, SchemaError, "/exclusiveMinimum"),
        ({"const": 1}, UnsupportedError, "/const"),
        ({"patternProperties": {}}, UnsupportedError, "/patternProperties"),
        ({"if": {}, "then": {"type": "string"}}, UnsupportedError, "/if"),
    ],
)
def test_what_openapi_30_does_not_have(schema: Any, error: type[Exception], pointer: str, compiled: Any) -> None:
    with pytest.raises(error) as caught:
        compiled(schema, draft="openapi-3.0")
    assert caught.value.pointer == pointer  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "options",
    [
        {"draft": "openapi-3.1"},
        {"uri": "https://spec.openapis.org/oas/3.1/dialect/base"},
        {"uri": "https://spec.openapis.org/oas/3.1/dialect/2024-11-10"},
    ],
    ids=str,
)
def test_openapi_31(options: dict[str, str], compiled: Any, takes: Any) -> None:
    schema: dict[str, Any] = {
        "type": ["object", "null"],
        "nullable": True,
        "discriminator": {"propertyName": "a"},
        "$ref": "#/components/schemas/A",
        "components": {"schemas": {"A": {"properties": {"a": {"const": 1}}}}},
    }
    if "uri" in options:
        schema["$schema"] = options["uri"]
    grammar = compiled(schema, draft=options.get("draft"))
    assert accepted(grammar, takes) == ["null", '{"a":1}', '{"b":1}']


@pytest.mark.parametrize(("version", "accepts_null"), [("3.0.3", True), ("3.1.0", False)])
def test_schemas_in_an_openapi_description(version: str, accepts_null: bool, compiled: Any, takes: Any) -> None:
    """The document around them says what they are read by; it is no schema itself."""
    description = {
        "openapi": version,
        "info": {"title": "t", "version": "1"},
        "components": {"schemas": {"A": {"type": "string", "nullable": True}, "B": {"$ref": "#/components/schemas/A"}}},
    }
    schema = {"$ref": "http://x.test/api.json#/components/schemas/B"}
    grammar = compiled(schema, references={"http://x.test/api.json": description})
    assert takes(grammar, "null") == accepts_null
    with pytest.raises(UnsupportedError) as caught:
        compiled(schema, references={"http://x.test/api.json": {**description, "openapi": "4.0.0"}})
    assert caught.value.pointer == "http://x.test/api.json#/openapi"
