"""The shipped grammars: each has a header and compiles; ``json`` agrees with Python's json module."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest

from constrain import CompiledGrammar, GrammarError, Vocabulary, compile_lark, grammars

ACCEPTED = [
    "{}", "[]", "null", " true\t", '"a\\u00e9\\ud800\\n\\/"', "-0.5e+10", "1E400", '{"a": [1, {"b": null}], "a": ""}',
    "[\r\n1 , 2]", '"é😀\x7f"', "0", '"\\\\"',
]  # fmt: skip
REJECTED = [
     "", " ", "01", "1.", ".5", "+1", "-", "1e", "NaN", "Infinity", "-Infinity", "[1,]", "{,}", "{'a': 1}", '{"a" 1}',
    "[1 2]", '"\\x"', '"\\u12"', '"', '"a\nb"', '"\t"', "tru", "nulll",
    "// c", "{a: 1}", "[", "\ufeff1", "\u00a01", '"\\"', "1 1",
]  # fmt: skip


def is_json(text: str) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def accepts(byte_vocabulary: Vocabulary) -> Callable[[str], bool]:
    compiled: CompiledGrammar = compile_lark(grammars.load("json"), byte_vocabulary)

    def ask(text: str) -> bool:
        matcher = compiled.matcher()
        return matcher.accept_bytes(text.encode()) and matcher.is_accepting()

    return ask


def test_json_examples(accepts: Callable[[str], bool]) -> None:
    assert [text for text in ACCEPTED if not (is_json(text) and accepts(text))] == []
    assert [text for text in REJECTED if is_json(text) or accepts(text)] == []


def test_json_agrees_with_python_on_mutated_texts(accepts: Callable[[str], bool]) -> None:
    source = random.Random(7)
    alphabet = '{}[]:, "\\/bu0123456789+-.eEtrufalsn\n\x01é'
    verdicts = set()
    for _ in range(3000):
        text = source.choice(ACCEPTED + REJECTED)
        at, size = source.randint(0, len(text)), source.randint(0, 2)
        text = text[:at] + source.choice(alphabet) * source.randint(0, 2) + text[at + size :]
        verdict = is_json(text)
        assert accepts(text) == verdict, text
        verdicts.add(verdict)
    assert verdicts == {True, False}


@pytest.mark.parametrize("name", grammars.names())
def test_every_grammar_has_a_header_and_compiles(name: str, byte_vocabulary: Vocabulary) -> None:
    assert grammars.load(name).startswith("// ")
    assert len(grammars.describe(name)) > 10
    compile_lark(grammars.load(name), byte_vocabulary)


def test_an_unknown_name_lists_the_known_ones() -> None:
    assert "json" in grammars.names()
    for ask in (grammars.load, grammars.describe):
        with pytest.raises(GrammarError, match=r"no grammar is called 'nonsense'.*json"):
            ask("nonsense")
