"""The corpus of tag files, on the engine and on the reference."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from constrain import Vocabulary, compile_structural_tag
from constrain.compiler.reference import matches
from constrain.compiler.structural_tag import SchemaReading, build

DATA = Path(__file__).resolve().parents[2] / "data"


def cases() -> list[Any]:
    found = tomllib.loads((DATA / "structural_tag.toml").read_text(encoding="utf-8"))["case"]
    return [pytest.param(case, id=case["name"]) for case in found]


@pytest.mark.parametrize("case", cases())
def test_texts_are_judged_as_listed(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    compiled = compile_structural_tag(case["tag"], byte_vocabulary, whitespace="compact")
    expected = dict.fromkeys(case["accepts"], True) | dict.fromkeys(case["rejects"], False)
    found = {}
    for text in expected:
        matcher = compiled.matcher()
        found[text] = matcher.accept_bytes(text.encode()) and matcher.is_accepting()
    assert found == expected


@pytest.mark.parametrize("case", cases())
def test_the_reference_agrees(case: dict[str, Any]) -> None:
    grammar = build(case["tag"], reading=SchemaReading(whitespace="compact"))
    for text in case["accepts"]:
        assert matches(grammar, text.encode()), text
    for text in case["rejects"]:
        assert not matches(grammar, text.encode()), text
