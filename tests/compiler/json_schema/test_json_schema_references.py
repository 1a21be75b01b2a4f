"""References within a schema: which name leads where, draft by draft; and to other documents that are given."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from constrain.errors import LimitError, SchemaError, UnsupportedError

TEXTS = ["1", '"a"', "null", "true", "[]", "{}", "[1]", '["a"]', '{"a":1}', '{"a":"a"}', '{"a":null}', '{"a":{"a":1}}']
DRAFTS = {
    "4": jsonschema_rs.Draft4Validator,
    "6": jsonschema_rs.Draft6Validator,
    "7": jsonschema_rs.Draft7Validator,
    "2019-09": jsonschema_rs.Draft201909Validator,
    "2020-12": jsonschema_rs.Draft202012Validator,
}
OLD, NEW = ("4", "6", "7"), ("2019-09", "2020-12")

# schemas, with the drafts that read them; ID stands for the draft's identifier keyword
LOCAL: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "a pointer": (OLD + NEW, {"items": {"$ref": "#/definitions/a"}, "definitions": {"a": {"type": "null"}}}),
    "the root": (OLD + NEW, {"type": "object", "properties": {"a": {"$ref": "#"}}}),
    "escapes": (
        OLD + NEW,
        {
            "definitions": {"a/b~c%d": {"type": "null"}, "é f": {"type": "string"}},
            "anyOf": [{"$ref": "#/definitions/a~1b~0c%25d"}, {"$ref": "#/definitions/%C3%A9%20f"}],
        },
    ),
    "an unknown keyword": (OLD + NEW, {"items": {"$ref": "#/x/y/0"}, "x": {"y": [{"type": "null"}]}}),
    "an identifier": (
        OLD + NEW,
        {"allOf": [{"$ref": "b"}], "ID": "http://x.test/a", "definitions": {"q": {"ID": "b", "type": "null"}}},
    ),
    "an identifier below another": (
        OLD + NEW,
        {
            "ID": "http://x.test/a/b",
            "definitions": {"q": {"ID": "c/d", "definitions": {"r": {"ID": "e", "type": "null"}}}},
            "anyOf": [{"$ref": "http://x.test/a/c/e"}],
        },
    ),
    "a pointer across an identifier": (
        OLD + NEW,
        {
            "ID": "http://x.test/a/b",
            "definitions": {
                "q": {"ID": "c/d", "definitions": {"r": {"anyOf": [{"$ref": "e"}]}, "s": {"ID": "e", "type": "null"}}}
            },
            "anyOf": [{"$ref": "#/definitions/q/definitions/r"}],
        },
    ),
    "a name of one's own": (
        OLD + NEW,
        {"ID": "own://h/a/b", "definitions": {"q": {"ID": "own://h/a/c", "type": "null"}}, "items": {"$ref": "c"}},
    ),
    "an identifier that is a value": (
        OLD + NEW,
        {
            "enum": [{"ID": "http://x.test/b", "type": "string"}, 1, "a"],
            "allOf": [{"$ref": "http://x.test/b"}],
            "definitions": {"q": {"ID": "http://x.test/b", "type": "integer"}},
        },
    ),
    "an anchor by identifier": (OLD, {"items": {"$ref": "#q"}, "definitions": {"q": {"ID": "#q", "type": "null"}}}),
    "an anchor": (NEW, {"items": {"$ref": "#q"}, "$defs": {"q": {"$anchor": "q", "type": "null"}}}),
    "anchors of two resources": (
        NEW,
        {
            "$id": "http://x.test/a",
            "items": {"$ref": "#q"},
            "$defs": {
                "q": {"$anchor": "q", "type": "null"},
                "r": {"$id": "b", "$defs": {"q": {"$anchor": "q", "type": "string"}}},
            },
        },
    ),
    "siblings": (NEW, {"$ref": "#/$defs/q", "type": "array", "$defs": {"q": {"maxItems": 0}}}),
    "siblings that do not count": (
        OLD,
        {"allOf": [{"$ref": "#/definitions/q", "maxItems": 0}], "definitions": {"q": {"type": "array"}}},
    ),
    "an identifier beside a reference": (
        OLD,
        {
            "ID": "http://x.test/a/",
            "definitions": {
                "q": {"ID": "http://x.test/q", "type": "string"},
                "r": {"ID": "q", "type": "null"},
            },
            "allOf": [{"ID": "http://x.test/", "$ref": "q"}],
        },
    ),
}


def in_draft(schema: Any, draft: str) -> Any:
    return json.loads(json.dumps(schema).replace('"ID"', '"id"' if draft == "4" else '"$id"'))


@pytest.mark.parametrize(("draft", "name"), [(draft, name) for name in LOCAL for draft in LOCAL[name][0]])
def test_within_a_schema(draft: str, name: str, compiled: Any, takes: Any) -> None:
    schema = in_draft(LOCAL[name][1], draft)
    validator = DRAFTS[draft](schema)
    grammar = compiled(schema, draft=draft)
    verdicts = {text: validator.is_valid(json.loads(text)) for text in TEXTS}
    assert {text: takes(grammar, text) for text in TEXTS} == verdicts
    assert len(set(verdicts.values())) == 2


@pytest.mark.parametrize("draft", DRAFTS)
def test_an_empty_reference(draft: str, compiled: Any, takes: Any) -> None:
    """RFC 3986, section 4.4: the same document. jsonschema-rs takes it for nothing at all."""
    grammar = compiled({"type": "object", "properties": {"a": {"$ref": ""}}}, draft=draft)
    assert [text for text in TEXTS if takes(grammar, text)] == ["{}"]
    assert takes(grammar, '{"a":{"a":{}}}')


DOCUMENTS: dict[str, Any] = {
    "http://x.test/number.json": {"type": "integer"},
    "http://x.test/text.json": '{"$id": "http://y.test/text", "type": "string", "$defs": {"n": {"$ref": "other"}}}',
    "http://y.test/other": b'{"type": "null"}',
    "http://x.test/tree.json": {"type": "object", "properties": {"a": {"$ref": "#"}}, "additionalProperties": False},
    "http://x.test/back.json": {"properties": {"a": {"$ref": "main#/$defs/q"}}, "type": "object"},
    "http://x.test/embedded.json": {"$defs": {"q": {"$id": "urn:example:q", "type": "boolean"}}},
    "http://x.test/list.json": [{"type": "null"}],
    "relative.json": {"items": {"$ref": "number.json"}, "type": "array"},
    "number.json": {"type": "integer"},
}


@pytest.mark.parametrize(
    ("reference", "accepted"),
    [
        ("number.json", ["1"]),
        ("http://x.test/number.json#", ["1"]),
        ("text.json", ['"a"']),
        ("http://y.test/text", ['"a"']),
        ("text.json#/$defs/n", ["null"]),
        ("tree.json", ["{}", '{"a":{}}']),
        ("back.json", ["{}", '{"a":null}']),
        ("urn:example:q", ["true"]),
        ("list.json#/0", ["null"]),
    ],
)
def test_other_documents(reference: str, accepted: list[str], compiled: Any, takes: Any) -> None:
    schema = {"$id": "http://x.test/main", "$ref": reference, "$defs": {"q": {"type": "null"}}}
    grammar = compiled(schema, references=DOCUMENTS)
    assert [text for text in [*TEXTS, '{"a":{}}'] if takes(grammar, text)] == accepted


def test_relative_names_of_documents(compiled: Any, takes: Any) -> None:
    grammar = compiled({"$ref": "relative.json"}, references=DOCUMENTS)
    assert [text for text in TEXTS if takes(grammar, text)] == ["[]", "[1]"]


@pytest.mark.parametrize("uri", ["https://json-schema.org/draft/2020-12/meta/content", "http://json-schema.org/schema"])
def test_documents_that_are_not_given(uri: str, compiled: Any, takes: Any) -> None:
    """Vocabularies' metaschemas are known, too; nothing else is."""
    if "meta" in uri:
        grammar = compiled({"$ref": uri}, formats="annotate")
        assert takes(grammar, '{"contentEncoding":"base64"}')
        assert not takes(grammar, '{"contentEncoding":1}')
    else:
        with pytest.raises(UnsupportedError, match=f"{uri}, which is not given"):
            compiled({"$ref": uri})


@pytest.mark.parametrize("draft", DRAFTS)
def test_metaschemas_are_known(draft: str, compiled: Any) -> None:
    place = "definitions/nonNegativeInteger" if draft in ("6", "7") else "definitions/positiveInteger"
    if draft in NEW:
        place = "$defs/nonNegativeInteger"
    home = "https://json-schema.org/draft/" if draft in NEW else "http://json-schema.org/draft-0"
    uri = f"{home}{draft}/{'meta/validation' if draft in NEW else 'schema'}#/{place}"
    matcher = compiled({"allOf": [{"$ref": uri}]}, draft=draft).matcher()
    assert not matcher.fork().accept_bytes(b"-1")
    assert matcher.accept_bytes(b"1")


@pytest.mark.parametrize(
    ("document", "error", "pointer"),
    [
        ('{"a": 1,}', SchemaError, "http://x.test/d#"),
        ('{"a": 1, "a": 2}', SchemaError, "http://x.test/d#"),
        ("[" * 1000, LimitError, "http://x.test/d#"),
        ({"properties": {"a": {"type": "text"}}}, SchemaError, "http://x.test/d#/properties/a/type"),
        ({"properties": {"a": {"$ref": "#/b"}}}, SchemaError, "http://x.test/d#/properties/a/$ref"),
        ({"properties": {"a": {"$ref": "e"}}}, UnsupportedError, "http://x.test/d#/properties/a/$ref"),
        ({"items": {"$ref": "#"}, "format": "colour"}, UnsupportedError, "http://x.test/d#/format"),
        ({"$schema": "http://x.test/f"}, UnsupportedError, "http://x.test/d#/$schema"),
        ({"anyOf": [{"$ref": "#"}]}, SchemaError, "http://x.test/d#"),
        ([], SchemaError, "/$ref"),
    ],
)
def test_errors_in_documents_name_them(document: Any, error: type[Exception], pointer: str, compiled: Any) -> None:
    references = {"http://x.test/d": document}
    with pytest.raises(error) as caught:
        compiled({"$ref": "http://x.test/d"}, references=references)
    assert caught.value.pointer == pointer  # type: ignore[attr-defined]
    assert compiled({"$ref": "#/$defs/a", "$defs": {"a": {}, "b": {"$ref": "http://x.test/d"}}}, references=references)


def test_drafts_of_documents(compiled: Any, takes: Any) -> None:
    seven = "http://json-schema.org/draft-07/schema#"
    references = {
        "http://x.test/7": {"$schema": seven, "items": [{"type": "null"}], "additionalItems": False},
        "http://x.test/same": {"items": {"$ref": "#/$defs/a", "type": "null"}, "$defs": {"a": {"type": "integer"}}},
        "http://x.test/inside": {"$defs": {"a": {"$id": "urn:example:a", "$schema": seven, "items": [False]}}},
    }
    for reference, good, bad in (
        ("7", "[null]", "[null,1]"),
        ("same", "[]", "[1]"),
        ("inside#/$defs/a", "[]", "[1]"),
    ):
        for schema in (
            {"$ref": f"http://x.test/{reference}"},
            {"$schema": seven, "allOf": [{"$ref": f"http://x.test/{reference}"}]},
        ):
            grammar = compiled(schema, references=references)
            assert takes(grammar, good)
            assert takes(grammar, bad) == (reference == "same" and "$schema" in schema)


def test_embedded_resource_of_another_draft(compiled: Any, takes: Any) -> None:
    """Its own metaschema is for it: the outer one would not allow the list."""
    inner = {"$id": "a", "$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "null"}]}
    grammar = compiled({"items": inner, "type": "array"})
    assert takes(grammar, "[[null]]")
    assert not takes(grammar, "[[1]]")
    with pytest.raises(SchemaError) as caught:
        compiled({"items": {**inner, "items": [{"type": "text"}]}})
    assert caught.value.pointer == "/items/items"


def test_documents_that_nothing_needs_are_not_read(compiled: Any) -> None:
    assert compiled({"$ref": "http://x.test/number.json"}, references={**DOCUMENTS, "http://x.test/bad": "{"})
