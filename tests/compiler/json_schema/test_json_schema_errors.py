"""What is refused: class, place and a part of the message, from the corpus; and options."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from constrain import errors
from constrain.compiler import json_schema
from constrain.errors import SchemaError, UnsupportedError

CASES = tomllib.loads((Path(__file__).parents[2] / "data/json_schema_errors.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_refusal(case: dict[str, Any], compiled: Any) -> None:
    with pytest.raises(errors.ConstrainError) as caught:
        compiled(case["schema"])
    error = caught.value
    assert type(error).__name__ == case["error"]
    assert case.get("message", "") in error.message
    assert case.get("expected", "") in (error.expected or "")
    if "pointer" in case:
        assert error.pointer == case["pointer"]
    if "span" in case:
        assert error.span is not None
        assert [error.span.line, error.span.column] == case["span"]


def test_bytes_that_are_not_utf_8() -> None:
    with pytest.raises(SchemaError) as caught:
        json_schema.build(b'{\n"a": "\xff"}')
    assert str(caught.value.span) == "line 2, column 7"


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1, 2}, b"x", object()], ids=["nan", "infinity", "set", "bytes", "object"]
)
def test_values_that_are_not_json(value: object) -> None:
    with pytest.raises(SchemaError) as caught:
        json_schema.build({"const": value})
    assert caught.value.pointer in ("/const", "")


def test_names_that_are_not_text() -> None:
    with pytest.raises(SchemaError):
        json_schema.build({"properties": {1: {}}})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"draft": "3"}, UnsupportedError),
        ({"order": "some"}, SchemaError),
        ({"numbers": "roman"}, SchemaError),
        ({"escapes": "all"}, SchemaError),
        ({"formats": "perhaps"}, SchemaError),
        ({"whitespace": "pretty"}, SchemaError),
        ({"whitespace": "pretty:99"}, SchemaError),
        ({"whitespace": "loose"}, SchemaError),
        ({"ignore_formats": [1]}, SchemaError),
        ({"references": [{}]}, SchemaError),
        ({"references": {1: {}}}, SchemaError),
        ({"references": {"#": {}}}, SchemaError),
        ({"references": {"http://x.test/#a": {}}}, SchemaError),
        ({"references": {"http://x.test/": 1}}, SchemaError),
    ],
    ids=str,
)
def test_options(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        json_schema.build({}, **options)
    assert next(iter(options)).removesuffix("s") in str(caught.value)


def test_unknown_formats_can_be_annotations(compiled: Any, takes: Any) -> None:
    schema = {"type": "string", "format": "colour"}
    for options in ({"ignore_formats": "unknown"}, {"ignore_formats": ["colour"]}, {"formats": "annotate"}):
        assert takes(compiled(schema, **options), '"x"')


def test_known_formats_can_be_annotations(compiled: Any, takes: Any) -> None:
    schema = {"type": "string", "format": "date"}
    assert takes(compiled(schema, ignore_formats=["date"]), '"x"')
    assert not takes(compiled(schema, ignore_formats="unknown"), '"x"')


def test_draft_option_wins(compiled: Any, takes: Any) -> None:
    schema = {"type": "integer", "minimum": 1, "const": 3}
    assert takes(compiled(schema, draft="4"), "2")
    assert not takes(compiled(schema), "2")


def test_what_no_reference_reaches_is_not_refused(compiled: Any, takes: Any) -> None:
    schema = {"type": "null", "$defs": {"a": {"contains": True}}, "contains": True}
    assert takes(compiled(schema), "null")
