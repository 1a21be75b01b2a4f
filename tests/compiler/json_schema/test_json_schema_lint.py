"""Lint: the corpus says what is found where; jsonschema-rs and ``re`` confirm what can be confirmed."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from json_schema_random import Writer

from constrain.compiler.json_schema.lint import CODES, LintWarning, lint
from constrain.compiler.json_schema.lint.texts import open_ends
from constrain.errors import InputError, RegexError, SchemaError, UnsupportedError

CASES = tomllib.loads((Path(__file__).parents[2] / "data/json_schema_lint.toml").read_text("utf-8"))["case"]


def found(warnings: list[LintWarning]) -> list[str]:
    return [f"{warning.code} {warning.pointer}" for warning in warnings]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_corpus(case: dict[str, Any]) -> None:
    assert found(lint(case["schema"], draft=case.get("draft"))) == case["finds"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_parsed_schema_is_judged_like_its_text(case: dict[str, Any]) -> None:
    assert found(lint(json.loads(case["schema"]), draft=case.get("draft"))) == case["finds"]


def test_the_corpus_shows_every_kind_of_finding() -> None:
    shown = {line.partition(" ")[0] for case in CASES for line in case["finds"]}
    # which keywords are not implemented changes; the test below asks the reader
    assert shown == set(CODES) - {"unsupported"}
    assert sorted(CODES) == list(CODES)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_warning_has_words(case: dict[str, Any]) -> None:
    for warning in lint(case["schema"], draft=case.get("draft")):
        assert warning.code in CODES
        assert warning.message
        assert warning.mend
        assert "Decimal" not in warning.message


def test_errors_are_what_the_metaschema_refuses() -> None:
    """A finding counts as an error exactly where the schema is invalid, or where nothing satisfies it."""
    for case in CASES:
        warnings = lint(case["schema"], draft=case.get("draft"))
        document = json.loads(case["schema"])
        if isinstance(document, dict) and case.get("draft") == "4":
            document["$schema"] = "http://json-schema.org/draft-04/schema#"
        invalid = not jsonschema_rs.meta.is_valid(document)
        assert any(w.error and w.code != "unsatisfiable" for w in warnings) == invalid, case["name"]


def test_what_is_not_implemented_is_told() -> None:
    schema = '{"type": "array", "items": {"type": "string"}, "maxItems": 3, "not": {"uniqueItems": true}}'
    (warning,) = [w for w in lint(schema) if w.code == "unsupported"]
    assert warning.pointer == "/not"
    assert "uniqueItems" in warning.message


@pytest.mark.parametrize(
    ("schema", "error"),
    [
        ('{"type": "strin"}', SchemaError),
        ('{"required": true, "type": "strin"}', SchemaError),
        ('{"pattern": "("}', RegexError),
        ('{"$schema": "https://example.com/mine"}', UnsupportedError),
        ("[1]", SchemaError),
        ("{", SchemaError),
    ],
)
def test_schemas_that_are_none(schema: str, error: type[InputError]) -> None:
    with pytest.raises(error):
        lint(schema)


def test_a_contradiction_is_one_for_the_validator() -> None:
    told = 0
    for seed in range(400):
        writer = Writer(seed, drafts=("2020-12",))
        schema = writer.schema()
        if not isinstance(schema, dict):
            continue
        try:
            codes = {(w.code, w.pointer) for w in lint(schema)}
        except InputError:
            continue
        if ("unsatisfiable", "") in codes:
            told += 1
            validator = jsonschema_rs.validator_for(schema)
            assert not any(validator.is_valid(writer.value()) for _ in range(200)), schema
    assert told > 5


PATTERNS = [
    *("a", "^a", "a$", "^a$", "^a|b$", "^(a|b)$", "(^a$)", "(?:^a|^b)$", "^a\\$", "^a\\\\$", "^[$]", "[|]$"),
    *("^(?:a)(?:b)$", "(^a|^b)c$", "^a(b$|c$)", "(^a)?b$", "^a|(^b$)", "^a$|^b$", "(?<n>^a$)", "^", "$", ""),
    "^(?!b)a$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_open_ends(pattern: str) -> None:
    """An end is open where any text may stand there; Python's own engine tells, over all short texts."""
    expression = re.compile(pattern.replace("(?<n>", "(?P<n>"))
    matching = [text for text in words("ab$\\|", 3) if expression.search(text)]
    before = any(expression.search("#" + text) for text in matching)
    after = any(expression.search(text + "#") for text in matching)
    assert open_ends(pattern) == (before, after)


def words(letters: str, longest: int) -> list[str]:
    return ["".join(word) for n in range(longest + 1) for word in itertools.product(letters, repeat=n)]


def test_the_schemas_of_the_wild(shared_data: Path) -> None:
    """No crash, and every pointer leads somewhere."""
    import gzip

    with gzip.open(shared_data / "maskbench" / "sample.jsonl.gz", "rt", encoding="utf-8") as lines:
        schemas = [record["schema"] for record in map(json.loads, lines) if "schema" in record]
    for schema in schemas:
        try:
            warnings = lint(schema)
        except InputError:
            continue
        for warning in warnings:
            value = schema
            for token in warning.pointer.split("/")[1:]:
                name = token.replace("~1", "/").replace("~0", "~")
                value = value[int(name)] if isinstance(value, list) else value[name]
