"""The corpus: texts are judged as it says, by the engine and, after conversion, by lark."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput
from notation_judge import judged

from constrain import InputError, Vocabulary
from constrain import errors as errors_module
from constrain.compiler.notation import build
from constrain.compiler.notation.convert import convert

DATA = Path(__file__).resolve().parents[2] / "data"


def cases(name: str) -> list[Any]:
    found = tomllib.loads((DATA / name).read_text(encoding="utf-8"))["case"]
    return [pytest.param(case, id=case.get("name") or case["grammar"].replace("\n", "; ")[:40]) for case in found]


@pytest.mark.parametrize("case", cases("notation.toml"))
def test_texts_are_judged_as_written_down(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    texts = [*case["accepts"], *case["rejects"]]
    verdicts = judged(case["grammar"], case["notation"], texts, byte_vocabulary, start=case.get("start"))

    assert [text for text in texts if verdicts[text]] == case["accepts"]


@pytest.mark.parametrize("case", cases("notation.toml"))
def test_conversions_keep_the_language(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    texts = [*case["accepts"], *case["rejects"]]
    for target in ("lark", "ebnf"):
        converted = convert(case["grammar"], case["notation"], target, start=case.get("start"))
        verdicts = judged(converted, target, texts, byte_vocabulary)
        assert [text for text in texts if verdicts[text]] == case["accepts"], converted


@pytest.mark.parametrize("case", cases("notation.toml"))
def test_lark_reads_what_is_written_for_it(case: dict[str, Any]) -> None:
    converted = convert(case["grammar"], case["notation"], "lark", start=case.get("start"))
    parser = Lark(converted, parser="earley", lexer="dynamic_complete")

    def accepts(text: str) -> bool:
        try:
            parser.parse(text)
        except UnexpectedInput:
            return False
        return True

    texts = [*case["accepts"], *case["rejects"]]
    assert [text for text in texts if accepts(text)] == case["accepts"]


@pytest.mark.parametrize("case", cases("notation_errors.toml"))
def test_refusals_name_what_and_where(case: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        build(case["grammar"], case["notation"])
    assert type(caught.value) is getattr(errors_module, case["error"])
    assert case["says"] in caught.value.message
    assert caught.value.expected
    if "line" in case:
        assert caught.value.span is not None
        assert (caught.value.span.line, caught.value.span.column) == (case["line"], case["column"])
