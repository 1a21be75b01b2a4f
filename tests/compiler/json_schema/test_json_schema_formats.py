"""Formats: the language that is generated, its negation, and the decision about one text, on a corpus of strings."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from constrain.compiler import json_schema
from constrain.compiler.json_schema.formats import FORMATS, UNRESTRICTED, key_of
from constrain.compiler.json_schema.formats.exact import conforms
from constrain.errors import UnsatisfiableError, UnsupportedError

CASES = tomllib.loads((Path(__file__).parents[2] / "data/json_schema_formats.toml").read_text())["format"]
BY_FORMAT = pytest.mark.parametrize("case", CASES, ids=[f"{case['name']} {case.get('draft', '')}" for case in CASES])


def key(case: dict[str, Any]) -> str:
    found = key_of(case["name"], case.get("draft", "2020-12"))
    assert found is not None
    return found


def spelled(texts: list[str]) -> dict[str, str]:
    return {text: json.dumps(text, ensure_ascii=False) for text in texts}


@BY_FORMAT
def test_language(case: dict[str, Any], compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "string", "format": case["name"]}, draft=case.get("draft"))
    found = {text: takes(grammar, shown) for text, shown in spelled(case["valid"]).items()}
    assert found == dict.fromkeys(case["valid"], True)
    refused = case["invalid"] + case.get("beyond", [])
    assert {text: takes(grammar, shown) for text, shown in spelled(refused).items()} == dict.fromkeys(refused, False)


@BY_FORMAT
def test_decision(case: dict[str, Any]) -> None:
    valid = case["valid"] + case.get("beyond", [])
    assert {text: conforms(key(case), text) for text in valid} == dict.fromkeys(valid, True)
    assert {text: conforms(key(case), text) for text in case["invalid"]} == dict.fromkeys(case["invalid"], False)


@BY_FORMAT
def test_negation(case: dict[str, Any], compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "string", "not": {"format": case["name"]}}, draft=case.get("draft"))
    assert not any(takes(grammar, shown) for shown in spelled(case["valid"] + case.get("beyond", [])).values())
    found = {text: takes(grammar, shown) for text, shown in spelled(case["invalid"]).items()}
    if FORMATS[key(case)].superset is None:
        assert all(found.values()), found
    else:
        assert any(found.values())


@BY_FORMAT
def test_given_values_are_decided(case: dict[str, Any], compiled: Any, takes: Any) -> None:
    valid = case["valid"] + case.get("beyond", [])
    options = {"draft": case.get("draft")}
    grammar = compiled({"enum": valid + case["invalid"], "format": case["name"]}, **options)
    assert all(takes(grammar, shown) for shown in spelled(valid).values())
    assert not any(takes(grammar, shown) for shown in spelled(case["invalid"]).values())
    grammar = compiled({"enum": valid + case["invalid"], "not": {"format": case["name"]}}, **options)
    assert all(takes(grammar, shown) for shown in spelled(case["invalid"]).values())
    assert not any(takes(grammar, shown) for shown in spelled(valid).values())


def test_every_format_is_in_the_corpus() -> None:
    assert {key(case) for case in CASES} == set(FORMATS)


@BY_FORMAT
def test_subsets_say_what_they_leave_out(case: dict[str, Any]) -> None:
    known = FORMATS[key(case)]
    assert (known.superset is None) == (known.reason is None) == ("beyond" not in case)


def test_a_value_that_does_not_conform(compiled: Any) -> None:
    with pytest.raises(UnsatisfiableError):
        compiled({"const": "2023-02-29", "format": "date"})


@pytest.mark.parametrize("name", ["colour", "ip-address", "host-name", "hostname of draft 4", "utc-millisec"])
def test_unknown_names(name: str) -> None:
    with pytest.raises(UnsupportedError, match=name) as caught:
        json_schema.build({"format": name}, draft="4")
    assert caught.value.pointer == "/format"
    with pytest.raises(KeyError):
        conforms("colour", "red")


def test_later_formats_are_known_under_older_drafts(compiled: Any, takes: Any) -> None:
    grammar = compiled({"type": "string", "format": "uuid"}, draft="4")
    assert not takes(grammar, '"x"')


@pytest.mark.parametrize("name", sorted(UNRESTRICTED))
def test_formats_that_restrict_nothing(name: str) -> None:
    assert json_schema.build({"format": name}) == json_schema.build({})
    assert conforms(name, "x")


def test_integers(compiled: Any, takes: Any) -> None:
    for name, bits in (("int32", 31), ("int64", 63)):
        grammar = compiled({"type": ["number", "string"], "format": name})
        assert takes(grammar, str(2**bits - 1))
        assert takes(grammar, str(-(2**bits)))
        assert takes(grammar, '"x"')
        assert conforms(name, "x")
        assert not takes(grammar, str(2**bits))
        assert not takes(grammar, "1.5")


def test_other_types_are_free(compiled: Any, takes: Any) -> None:
    for case in CASES:
        assert takes(compiled({"type": ["null", "string"], "format": case["name"]}), "null")
