"""Tag files that are refused, with the place; and what hostile ones cost."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from constrain import LimitError, Vocabulary, compile_structural_tag
from constrain import errors as errors_module

DATA = Path(__file__).resolve().parents[2] / "data"


def cases() -> list[Any]:
    found = tomllib.loads((DATA / "structural_tag_errors.toml").read_text(encoding="utf-8"))["case"]
    return [pytest.param(case, id=case["tag"][:60]) for case in found]


@pytest.mark.parametrize("case", cases())
def test_the_place_is_named(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(getattr(errors_module, case["error"])) as raised:
        compile_structural_tag(case["tag"], byte_vocabulary)
    error = raised.value
    assert type(error).__name__ == case["error"]
    assert case["says"] in error.message
    assert error.pointer == case.get("pointer"), error
    for name in ("line", "column"):
        if name in case:
            assert error.span is not None
            assert getattr(error.span, name) == case[name]


def test_deep_files_are_refused(byte_vocabulary: Vocabulary) -> None:
    format: dict[str, Any] = {"type": "any_text"}
    for _ in range(100):
        format = {"type": "optional", "content": format}
    with pytest.raises(LimitError, match="64 deep"):
        compile_structural_tag(format, byte_vocabulary)
    text = '{"type":"optional","content":' * 100_000
    with pytest.raises(LimitError):
        compile_structural_tag(text, byte_vocabulary)


def test_wide_files_are_refused(byte_vocabulary: Vocabulary) -> None:
    elements = [{"type": "const_string", "value": "a"}] * 20_001
    with pytest.raises(LimitError, match="20000 formats"):
        compile_structural_tag({"type": "or", "elements": elements}, byte_vocabulary)
