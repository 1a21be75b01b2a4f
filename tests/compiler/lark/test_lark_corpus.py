"""The corpus of grammars, judged by lark itself: on the given texts, and on texts mutated from them."""

from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from lark.exceptions import LarkError
from lark_oracle import LEXERS, disagreements, engine, lark_judge, mutated

from constrain import InputError, Vocabulary
from constrain import errors as errors_module
from constrain.compiler.lark import build

DATA = Path(__file__).resolve().parents[2] / "data"
MUTATIONS = 40


def cases(name: str) -> list[dict[str, Any]]:
    return list(tomllib.loads((DATA / name).read_text(encoding="utf-8"))["case"])


@pytest.mark.parametrize("lexer", LEXERS)
@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases("lark.toml")])
def test_texts_are_accepted_as_lark_accepts_them(case: dict[str, Any], lexer: str, byte_vocabulary: Vocabulary) -> None:
    try:
        theirs = lark_judge(case["grammar"], lexer=lexer)
    except LarkError:
        with pytest.raises(InputError):
            engine(case["grammar"], byte_vocabulary, lexer=lexer)
        # many a grammar is none for LALR
        assert case.get("invalid") or lexer == "contextual"
        return
    if lexer == "contextual" and "contextual" in case:
        with pytest.raises(InputError, match=re.escape(case["contextual"])):
            engine(case["grammar"], byte_vocabulary, lexer=lexer)
        return
    ours = engine(case["grammar"], byte_vocabulary, lexer=lexer)
    texts = [*case["texts"], *mutated(case["texts"], random.Random(case["name"]), MUTATIONS)]
    assert disagreements(texts, ours, theirs) == {}
    assert any(map(theirs, texts)) or lexer == "contextual", "the case accepts nothing"


def error_cases() -> list[Any]:
    return [pytest.param(case, id=case["grammar"].replace("\n", "; ")[:50]) for case in cases("lark_errors.toml")]


@pytest.mark.parametrize("case", error_cases())
def test_refusals_name_what_and_where(case: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        build(case["grammar"])
    assert type(caught.value) is getattr(errors_module, case["error"])
    assert case["says"] in caught.value.message
    if "line" in case:
        assert caught.value.span is not None
        assert (caught.value.span.line, caught.value.span.column) == (case["line"], case["column"])
