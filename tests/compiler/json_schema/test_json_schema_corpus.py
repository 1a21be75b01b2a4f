"""The corpus: schemas with texts, judged by the engine, the reference recogniser, and jsonschema-rs."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from constrain.compiler import json_schema, reference

CASES = tomllib.loads((Path(__file__).parents[2] / "data/json_schema.toml").read_text())["case"]
BY_NAME = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
REFERENCE_SIZE = 60
"""Symbols of the largest grammar that the reference recogniser is given: it is slow on purpose."""


@BY_NAME
def test_engine(case: dict[str, Any], compiled: Any, takes: Any) -> None:
    grammar = compiled(case["schema"])
    assert {text: takes(grammar, text) for text in case["accepts"]} == dict.fromkeys(case["accepts"], True)
    refused = case.get("rejects", []) + case.get("spelled", [])
    assert {text: takes(grammar, text) for text in refused} == dict.fromkeys(refused, False)


@BY_NAME
def test_parsed_schema_is_read_like_its_text(case: dict[str, Any], compiled: Any, takes: Any) -> None:
    grammar = compiled(json.loads(case["schema"]))
    assert all(takes(grammar, text) for text in case["accepts"])
    assert not any(takes(grammar, text) for text in case.get("rejects", []))


@BY_NAME
def test_validator_agrees_with_the_corpus(case: dict[str, Any]) -> None:
    schema = json.loads(case["schema"])
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    for text in case["accepts"] + case.get("spelled", []):
        assert validator.is_valid(json.loads(text)), text
    for text in case.get("rejects", []):
        assert not validator.is_valid(json.loads(text)), text


@BY_NAME
def test_reference_recogniser(case: dict[str, Any]) -> None:
    grammar = json_schema.build(case["schema"], formats="annotate", whitespace="compact")
    if len(grammar.symbols) > REFERENCE_SIZE or "format" in case["schema"]:
        pytest.skip("too large a grammar for the reference recogniser")
    for text in case["accepts"][:3]:
        assert reference.matches(grammar, text.encode()), text
    for text in (case.get("rejects", []) + case.get("spelled", []))[:3]:
        assert not reference.matches(grammar, text.encode()), text


@BY_NAME
def test_completions_are_valid(case: dict[str, Any], compiled: Any) -> None:
    schema = json.loads(case["schema"])
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    for text in case["accepts"]:
        data = text.encode()
        for cut in range(0, len(data), 3):
            matcher = compiled(case["schema"]).matcher()
            assert matcher.accept_bytes(data[:cut])
            whole = data[:cut] + matcher.shortest_completion()
            assert validator.is_valid(json.loads(whole)), whole
