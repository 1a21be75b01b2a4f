"""Indentation: verdicts, next bytes and completions are those of lark's LALR parser with its ``PythonIndenter``."""

from __future__ import annotations

import tomllib
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lark import Lark
from lark.exceptions import GrammarError as LarkGrammarError
from lark.exceptions import UnexpectedInput
from lark.indenter import DedentError, PythonIndenter
from lark_agreement import accepts, assert_masks_are_those_of_the_bytes, assert_same_language
from lark_indentation_random import random_grammar

from constrain import (
    GrammarError,
    LimitError,
    UnsatisfiableError,
    UnsupportedError,
    Vocabulary,
    compile_grammar,
    compile_lark,
)
from constrain.compiler.lark import build

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT / "tests/data/lark_indentation.toml"
CASES: list[dict[str, Any]] = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["case"]
REFUSED = (GrammarError, LimitError, UnsupportedError, UnsatisfiableError)
LETTERS = "a:( )\n"
BLOCK = 4
"""Random grammars in one test."""

indented = partial(build, lexer="contextual", indenter="python")


def lark_of(grammar: str) -> Lark:
    return Lark(grammar, parser="lalr", lexer="contextual", postlex=PythonIndenter())


def takes(lark: Lark, text: str) -> bool:
    try:
        lark.parse(text)
    except (UnexpectedInput, DedentError, IndexError):  # the last: a line's end without a line feed
        return False
    return True


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_corpus_is_read_as_lark_reads_it(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    compiled = compile_lark(case["grammar"], byte_vocabulary, lexer="contextual", indenter="python")
    lark = lark_of(case["grammar"])
    for text in case["accepted"]:
        assert takes(lark, text), text
        assert accepts(compiled, text), text
        for size in range(len(text)):
            matcher = compiled.matcher()
            assert matcher.accept_bytes(text[:size].encode())
            completed = text[:size] + matcher.shortest_completion().decode()
            assert takes(lark, completed), (text[:size], completed)
    for text in case["rejected"]:
        assert not takes(lark, text), text
        assert not accepts(compiled, text), text


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_masks_of_the_corpus(case: dict[str, Any]) -> None:
    letters = "".join(sorted({letter for text in case["accepted"] + case["rejected"] for letter in text}))
    assert_masks_are_those_of_the_bytes(lambda: indented(case["grammar"]), letters, Random(1), walks=12, steps=25)


MORE = [(2, BLOCK - 2), *((block * BLOCK, BLOCK) for block in range(1, 12))]


@pytest.mark.parametrize(("first", "count"), [(0, 2), *(pytest.param(*part, marks=pytest.mark.slow) for part in MORE)])
def test_random_grammars_are_read_as_lark_reads_them(first: int, count: int, byte_vocabulary: Vocabulary) -> None:
    compared = 0
    for seed in range(first, first + count):
        grammar = random_grammar(seed)
        try:
            compiled = compile_grammar(indented(grammar), byte_vocabulary)
            lark = lark_of(grammar)
        except (LarkGrammarError, *REFUSED):
            continue
        letters = LETTERS.replace("(", "#") if "COMMENT" in grammar.partition("_NEWLINE:")[2] else LETTERS
        assert_same_language(compiled, partial(takes, lark), letters, 6, grammar)
        compared += 1
    assert compared


@pytest.mark.parametrize("block", [*range(6), *(pytest.param(block, marks=pytest.mark.slow) for block in range(6, 24))])
def test_masks_of_random_grammars(block: int) -> None:
    compared = 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        try:
            assert_masks_are_those_of_the_bytes(
                partial(indented, random_grammar(seed)), "a:( )\n\t#", Random(seed), walks=4, steps=25
            )
        except REFUSED:
            continue
        compared += 1
    assert compared


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ('start: "a" _LINE\n_LINE: /\\n/', "needs the terminal _NEWLINE"),
        ('start: "a" _NEWLINE _INDENT start _DEDENT | _INDENT', "does not end there|begins that does not end"),
        ('start: "(" _NEWLINE _INDENT "a" _NEWLINE _DEDENT ")"', "stands in brackets"),
        ('start: "(" x ")"\nx: "a" _NEWLINE _INDENT "b" _NEWLINE _DEDENT', "stands in brackets"),
        ('start: "a" _INDENT "b" _NEWLINE _DEDENT', "_INDENT may come after A"),
        ('start: _NEWLINE _INDENT "b" _DEDENT', "_DEDENT may come after B"),
        ('start: x "b"\nx: _INDENT "b" _NEWLINE _DEDENT', "_INDENT may come after the beginning"),
        ('start: "a" _NEWLINE _INDENT ("b" _NEWLINE) _DEDENT "c" ")" "("', "ends that does not begin there"),
    ],
)
def test_blocks_that_no_text_has_are_refused(rules: str, message: str) -> None:
    newline = "" if "_LINE" in rules else "\n_NEWLINE: /\\n[ ]*/"
    grammar = f"{rules}{newline}\n%declare _INDENT _DEDENT"
    with pytest.raises((GrammarError, UnsupportedError), match=message):
        compile_lark(grammar, Vocabulary.bytes(), lexer="contextual", indenter="python")


def test_a_line_end_without_blanks_is_refused() -> None:
    grammar = 'start: ":" _NEWLINE _INDENT "b" _NEWLINE _DEDENT\n_NEWLINE: /\\n/\n%declare _INDENT _DEDENT'
    with pytest.raises(UnsupportedError, match="every line feed with blanks"):
        compile_lark(grammar, Vocabulary.bytes(), lexer="contextual", indenter="python")
