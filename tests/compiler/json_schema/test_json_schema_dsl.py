"""The concise form: what it means, what its mistakes are told, and that its schemas are usable."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from constrain.compiler import json_schema
from constrain.compiler.json_schema import dsl
from constrain.compiler.json_schema.dsl import parse_schema, schema_text
from constrain.compiler.json_schema.dsl.grammar import NAMES
from constrain.compiler.json_schema.dsl.parse import _parser
from constrain.errors import LimitError, SchemaError, Span

CORPUS = tomllib.loads((Path(__file__).parents[2] / "data/json_schema_dsl.toml").read_text("utf-8"))
GOOD, BAD = CORPUS["good"], CORPUS["bad"]
BY_NAME = pytest.mark.parametrize("case", GOOD, ids=[case["name"] for case in GOOD])


@BY_NAME
def test_schemas(case: dict[str, Any]) -> None:
    schema = parse_schema(case["text"])
    assert schema.pop("$schema") == "https://json-schema.org/draft/2020-12/schema"
    expected = json.loads(case["schema"])
    # order counts: it is the order in which a model writes
    assert json.dumps(schema) == json.dumps(expected)


@BY_NAME
def test_schemas_are_valid_and_compile(case: dict[str, Any]) -> None:
    text = schema_text(case["text"])
    assert jsonschema_rs.meta.is_valid(json.loads(text))
    assert json_schema.build(text).symbols


@BY_NAME
def test_instances(case: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(parse_schema(case["text"]), validate_formats=True)
    assert [validator.is_valid(json.loads(text)) for text in case.get("valid", [])] == [True] * len(
        case.get("valid", [])
    )
    assert not any(validator.is_valid(json.loads(text)) for text in case.get("invalid", []))


@pytest.mark.parametrize("case", BAD, ids=[repr(case["text"]) for case in BAD])
def test_mistakes(case: dict[str, Any]) -> None:
    with pytest.raises(SchemaError) as caught:
        parse_schema(case["text"])
    assert caught.value.span == Span(*case["place"])
    assert caught.value.expected
    for words in case["says"]:
        assert words in str(caught.value)


def test_the_documentation_is_right() -> None:
    lines = [line[4:] for line in (dsl.__doc__ or "").splitlines() if line.startswith("    ")]
    forms = [line[:22].strip() for line in lines]
    assert len(forms) > 10
    assert parse_schema("\n".join(form for form in forms if not form.startswith(("code", "age"))))
    for form in forms:
        assert parse_schema(form)["type"] == "object"


def test_every_terminal_has_a_name() -> None:
    terminals = {terminal.name for terminal in _parser().terminals} - set(_parser().ignore_tokens)
    assert terminals | {"$END"} == set(NAMES)


def test_depth_is_bounded() -> None:
    assert parse_schema("a {" * 50 + "b" + "}" * 50)
    with pytest.raises(LimitError, match="nests too deeply"):
        parse_schema("a {" * 5000 + "b" + "}" * 5000)


@given(st.text(alphabet='ab1.|?:,[]{}*#"/\\ \n-intsr', max_size=30))
def test_any_text_is_a_schema_or_a_mistake_with_a_place(text: str) -> None:
    problem = None
    try:
        schema = parse_schema(text)
    except SchemaError as error:
        problem = error
    if problem is None:
        assert jsonschema_rs.meta.is_valid(schema)
        return
    assert problem.span is not None
    lines = text.split("\n")
    assert 1 <= problem.span.line <= len(lines)
    assert 1 <= problem.span.column <= len(lines[problem.span.line - 1]) + 1
