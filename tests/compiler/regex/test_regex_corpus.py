"""The corpora: Python patterns judged by ``re`` itself, ECMA-262 patterns by the standard."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from constrain import ConstrainError
from constrain import errors as errors_module
from constrain.compiler.regex import build, ecma, python_re

DATA = Path(__file__).resolve().parents[2] / "data"


def cases(name: str) -> list[Any]:
    loaded = tomllib.loads((DATA / name).read_text(encoding="utf-8"))["case"]
    return [pytest.param(case, id=case["pattern"].encode("unicode_escape").decode()[:40]) for case in loaded]


@pytest.mark.parametrize("case", cases("regex_python.toml"))
def test_python_patterns_match_as_re_fullmatch_does(case: dict[str, Any], language: Any) -> None:
    pattern = case["pattern"]
    accepts = language(python_re.parse(pattern))
    expected = {text: re.fullmatch(pattern, text) is not None for text in case["texts"]}
    assert {text: accepts(text) for text in case["texts"]} == expected


@pytest.mark.parametrize("case", cases("regex_ecma.toml"))
def test_ecma_patterns_are_found_where_the_standard_finds_them(case: dict[str, Any], language: Any) -> None:
    accepts = language(ecma.search_language(case["pattern"]))
    assert [text for text in case["found"] if not accepts(text)] == []
    assert [text for text in case["not_found"] if accepts(text)] == []


def error_cases() -> list[Any]:
    loaded = tomllib.loads((DATA / "regex_errors.toml").read_text(encoding="utf-8"))["case"]
    return [
        pytest.param(case, syntax, id=f"{case['pattern']}-{syntax}")
        for case in loaded
        for syntax in (("python", "ecma") if case["syntax"] == "both" else (case["syntax"],))
    ]


@pytest.mark.parametrize(("case", "syntax"), error_cases())
def test_refusals_name_the_construct_and_its_place(case: dict[str, Any], syntax: Any) -> None:
    with pytest.raises(getattr(errors_module, case["error"])) as caught:
        build(case["pattern"], syntax=syntax)
    error: ConstrainError = caught.value
    assert re.search(case["says"], error.message)
    assert error.span is not None
    assert error.span.line == case["line"]
    if "column" in case:
        assert error.span.column == case["column"]
