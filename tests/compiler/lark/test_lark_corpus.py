"""The corpus of grammars, judged by lark itself: on the given texts, and on texts mutated from them."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lark import Lark
from lark.exceptions import LarkError, UnexpectedInput

from constrain import InputError, Limits, Vocabulary, compile_grammar
from constrain import errors as errors_module
from constrain.compiler.lark import build

DATA = Path(__file__).resolve().parents[2] / "data"
MUTATIONS = 40


def cases(name: str) -> list[dict[str, Any]]:
    return list(tomllib.loads((DATA / name).read_text(encoding="utf-8"))["case"])


def engine(grammar: str, vocabulary: Vocabulary) -> Callable[[str], bool]:
    compiled = compile_grammar(build(grammar), vocabulary, Limits())

    def accepts(text: str) -> bool:
        matcher = compiled.matcher()
        return matcher.accept_bytes(text.encode()) and matcher.is_accepting()

    return accepts


def lark_accepts(parser: Lark, text: str) -> bool:
    try:
        parser.parse(text)
    except UnexpectedInput:
        return False
    return True


def mutated(texts: list[str], source: random.Random) -> list[str]:
    """Texts near the given ones: a piece removed, doubled, swapped for another, or put elsewhere."""
    alphabet = "".join(texts) or "x"
    found = []
    for _ in range(MUTATIONS):
        text = source.choice(texts)
        for _ in range(source.randint(1, 2)):
            at, size = source.randint(0, len(text)), source.randint(0, 2)
            insertion = source.choice([source.choice(alphabet), " ", "", text[at : at + size] * 2])
            text = text[:at] + insertion + text[at + size :]
        found.append(text)
    return found


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases("lark.toml")])
def test_texts_are_accepted_as_lark_accepts_them(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    options = {"parser": "earley", "lexer": "dynamic_complete", "ambiguity": "resolve"}
    if case.get("invalid"):
        with pytest.raises(LarkError):
            Lark(case["grammar"], **options)
        with pytest.raises(InputError):
            build(case["grammar"])
        return
    parser = Lark(case["grammar"], **options)
    accepts = engine(case["grammar"], byte_vocabulary)
    texts = [*case["texts"], *mutated(case["texts"], random.Random(case["name"]))]
    expected = {text: lark_accepts(parser, text) for text in texts}
    assert {text: accepts(text) for text in texts} == expected
    assert any(expected.values()), "the case accepts nothing"


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


def test_where_lark_reads_less_than_every_split(byte_vocabulary: Vocabulary) -> None:
    # lark tries each terminal's greedy match and its prefixes' greedy matches, and only the greedy match of what is
    # ignored; the documented meaning is every split into full matches
    differences = {
        'start: A "c"\nA: /a|ab/\n': "abc",
        'start: "a" "-b"\n%ignore /-+/\n': "a--b",
    }
    for grammar, text in differences.items():
        assert engine(grammar, byte_vocabulary)(text)
        assert not lark_accepts(Lark(grammar, parser="earley", lexer="dynamic_complete"), text)
