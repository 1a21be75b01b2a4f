"""The official suite's tests of formats: nothing invalid is accepted, and all that is valid, but for the subsets."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from constrain.compiler.json_schema.formats import FORMATS, key_of
from constrain.compiler.json_schema.formats.exact import conforms

DRAFTS = ("4", "6", "7", "2019-09", "2020-12")


def groups(folder: Path, draft: str) -> Iterator[dict[str, Any]]:
    """Groups of the draft's ``optional/format`` folder, but for the one of unknown names."""
    with gzip.open(folder / f"json-schema-test-suite/jsts-draft{draft}.jsonl.gz", "rt") as lines:
        for line in list(lines)[1:]:
            group = json.loads(line)
            if group["split"].startswith("optional/format/") and group["split"] != "optional/format/unknown":
                yield group


@pytest.mark.parametrize("draft", DRAFTS)
def test_language(draft: str, shared_data: Path, compiled: Any, takes: Any) -> None:
    wrong = []
    for group in groups(shared_data, draft):
        schema = {name: value for name, value in group["schema"].items() if name != "$schema"}
        grammar = compiled(schema, draft=draft)
        subset = FORMATS[key_of(schema["format"], draft)].superset is not None
        for test in group["tests"]:
            got = isinstance(test["data"], int | float) or takes(grammar, json.dumps(test["data"], ensure_ascii=False))
            if got != test["valid"] and not (subset and test["valid"]):
                wrong.append((group["id"], test["description"]))
    assert wrong == []


@pytest.mark.parametrize("draft", DRAFTS)
def test_decision(draft: str, shared_data: Path) -> None:
    tests = [
        (key_of(group["schema"]["format"], draft), test)
        for group in groups(shared_data, draft)
        for test in group["tests"]
        if isinstance(test["data"], str)
    ]
    assert len(tests) > 150
    assert [(key, test["data"]) for key, test in tests if conforms(key, test["data"]) != test["valid"]] == []


@pytest.mark.parametrize("draft", DRAFTS)
def test_negation(draft: str, shared_data: Path, compiled: Any, takes: Any) -> None:
    for group in groups(shared_data, draft):
        grammar = compiled({"type": "string", "not": {"format": group["schema"]["format"]}}, draft=draft)
        texts = [json.dumps(test["data"], ensure_ascii=False) for test in group["tests"] if test["valid"]]
        assert not any(takes(grammar, text) for text in texts), group["id"]


def test_unknown_names_are_annotations(shared_data: Path, compiled: Any, takes: Any) -> None:
    grammar = compiled({"format": "unknown"}, ignore_formats="unknown")
    assert all(takes(grammar, text) for text in ('"string"', "[]", "null", "12"))
