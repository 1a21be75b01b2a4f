"""The contextual lexer: verdicts, next bytes and completions are lark's, and so are the tables behind them."""

from __future__ import annotations

import tomllib
from functools import partial
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lark import Lark
from lark.exceptions import GrammarError as LarkGrammarError
from lark.exceptions import UnexpectedInput
from lark_agreement import accepts, assert_masks_are_those_of_the_bytes, assert_same_language
from lark_contextual_random import random_grammar

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
CORPUS = ROOT / "tests/data/lark_contextual.toml"
CASES: list[dict[str, Any]] = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["case"]
REFUSED = (GrammarError, LimitError, UnsupportedError, UnsatisfiableError)
BLOCK = 12
"""Random grammars in one test."""


contextual = partial(build, lexer="contextual")


def lark_of(grammar: str) -> Lark:
    return Lark(grammar, parser="lalr", lexer="contextual")


def takes(lark: Lark, text: str) -> bool:
    try:
        lark.parse(text)
    except UnexpectedInput:
        return False
    return True


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_corpus_is_read_as_lark_reads_it(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    compiled = compile_lark(case["grammar"], byte_vocabulary, lexer="contextual")
    lark = lark_of(case["grammar"])
    for text in case["accepted"]:
        assert takes(lark, text), text
        assert accepts(compiled, text), text
    for text in case["rejected"]:
        assert not takes(lark, text), text
        assert not accepts(compiled, text), text


def compared_with_lark(seeds: range, vocabulary: Vocabulary, *, asserting: bool) -> int:
    """How many random grammars were compared; the others are refused by one of the two."""
    compared = 0
    for seed in seeds:
        grammar = random_grammar(seed, asserting=asserting)
        try:
            compiled = compile_grammar(build(grammar, lexer="contextual"), vocabulary)
            lark = lark_of(grammar)
        except (LarkGrammarError, *REFUSED):
            continue
        letters = 'ab1 ."' if '"[^' in grammar else "ab1 ."
        longest = 4 if asserting or len(letters) > 5 else 5
        assert_same_language(compiled, partial(takes, lark), letters, longest, grammar)
        compared += 1
    return compared


@pytest.mark.parametrize("block", [*range(4), *(pytest.param(block, marks=pytest.mark.slow) for block in range(4, 14))])
def test_random_grammars_are_read_as_lark_reads_them(block: int, byte_vocabulary: Vocabulary) -> None:
    assert compared_with_lark(range(block * BLOCK, (block + 1) * BLOCK), byte_vocabulary, asserting=False)


@pytest.mark.parametrize("block", [*range(3), *(pytest.param(block, marks=pytest.mark.slow) for block in range(3, 20))])
def test_random_grammars_that_look_ahead_are_read_as_lark_reads_them(block: int, byte_vocabulary: Vocabulary) -> None:
    assert compared_with_lark(range(block * 2 * BLOCK, (block + 1) * 2 * BLOCK), byte_vocabulary, asserting=True)


def test_terminals_have_the_names_that_lark_gives_them() -> None:
    compared = 0
    for seed in range(400):
        grammar = random_grammar(seed)
        try:
            built, lark = build(grammar, lexer="contextual"), lark_of(grammar)
        except (LarkGrammarError, *REFUSED):
            continue
        names = {str(symbol[1]) for symbol in built.symbols if symbol[0] == "terminal"} - {"__IGNORE"}
        assert names <= {terminal.name for terminal in lark.terminals}, grammar
        compared += any(name.startswith("__ANON") for name in names)
    assert compared > 50


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_masks_of_the_corpus(case: dict[str, Any]) -> None:
    letters = "".join(sorted({letter for text in case["accepted"] + case["rejected"] for letter in text}))
    assert_masks_are_those_of_the_bytes(lambda: contextual(case["grammar"]), letters, Random(1), walks=12)


def assert_masks_of_random_grammars(block: int, letters: str, *, asserting: bool) -> None:
    compared = 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        grammar = random_grammar(seed, asserting=asserting)
        try:
            assert_masks_are_those_of_the_bytes(partial(contextual, grammar), letters, Random(seed), walks=4)
        except REFUSED:
            continue
        compared += 1
    assert compared


@pytest.mark.parametrize("block", [*range(3), *(pytest.param(block, marks=pytest.mark.slow) for block in range(3, 12))])
def test_masks_of_random_grammars(block: int) -> None:
    assert_masks_of_random_grammars(block, 'ab1 ."', asserting=False)


@pytest.mark.parametrize("block", [*range(2), *(pytest.param(block, marks=pytest.mark.slow) for block in range(2, 10))])
def test_masks_of_random_grammars_that_look_ahead(block: int) -> None:
    assert_masks_of_random_grammars(block, "ab1 .", asserting=True)


@pytest.mark.parametrize(
    ("grammar", "letters"),
    [
        ('start: (A | "x" "1")+\nA: /\\p{L}+/\n%ignore " "', "xa1 "),
        ('start: ("if" A | A "1")+\nA: /\\p{Ll}+(?!1)/i\n%ignore " "', "ifI1 "),
        ('start: ("a" | A "." | "1" B)+\nA: /\\p{L}(?!1)/\nB: /\\P{L}/', "ab1."),
    ],
)
def test_unicode_properties_beside_strings(grammar: str, letters: str, byte_vocabulary: Vocabulary) -> None:
    compiled = compile_lark(grammar, byte_vocabulary, lexer="contextual")
    lark = Lark(grammar, parser="lalr", lexer="contextual", regex=True)
    taken = 0
    for size in range(5):
        for text in map("".join, product(letters, repeat=size)):
            assert accepts(compiled, text) == takes(lark, text), text
            taken += takes(lark, text)
    assert taken > 20


def test_spellings_that_python_warns_of_are_read_in_silence(recwarn: pytest.WarningsRecorder) -> None:
    assert compile_lark('start: A | "x"\nA: /[[a]b]+|x/', Vocabulary.bytes(), lexer="contextual")
    assert not recwarn.list


def test_a_conflict_that_leaves_no_way_is_refused_by_name() -> None:
    grammar = 'start: "a" start "a" | "a"'
    with pytest.raises(UnsupportedError, match=r"before A there is a shift/reduce conflict.*no way to the end"):
        compile_lark(grammar, Vocabulary.bytes(), lexer="contextual")


def test_a_repetition_from_which_nothing_leads_out_is_refused_by_name() -> None:
    # `ba` is LONG wherever that may come, so that no two of LAST ever end the text
    grammar = 'start: "1" | part+ LAST LAST\npart: LAST LONG?\nLONG: /b+a?/\nLAST.-1: "ba"'
    assert not takes(lark_of(grammar), "baba")
    with pytest.raises(UnsupportedError, match="never finds LAST after LAST"):
        compile_lark(grammar, Vocabulary.bytes(), lexer="contextual")


def test_a_conflict_between_rules_is_refused_by_name() -> None:
    grammar = 'start: (x | y) "b"\nx: "a"\ny: "a"'
    with pytest.raises(UnsupportedError, match="before B there is a reduce/reduce conflict"):
        compile_lark(grammar, Vocabulary.bytes(), lexer="contextual")


def test_a_terminal_that_is_never_found_is_refused_by_name() -> None:
    grammar = 'start: "(" (A | B ")")\nA: /[a-z]+/\nB.-1: /[ab]+/'
    compiled = compile_lark(grammar, Vocabulary.bytes(), lexer="contextual")
    assert accepts(compiled, "(ab")
    assert not accepts(compiled, "(ab)")
    with pytest.raises(UnsupportedError, match=r"never finds B after LPAR"):
        compile_lark(grammar.replace("A |", 'A "x" |'), Vocabulary.bytes(), lexer="contextual")


def test_what_is_ignored_and_says_by_its_text_what_follows_is_refused_by_name() -> None:
    grammar = 'start: "a" "b"\n%ignore /x(?![xyb])|y(?!x)/'
    with pytest.raises(UnsupportedError, match=r"B may follow __IGNORE.* after some of its texts only"):
        compile_lark(grammar, Vocabulary.bytes(), lexer="contextual")
    assert compile_lark(f'{grammar}\n%ignore "-"', Vocabulary.bytes(), lexer="contextual")


def test_a_terminal_that_may_not_end_the_text_where_it_must_is_refused_by_name() -> None:
    # `a` is B before a letter alone, and A at the end
    grammar = 'start: A "." | B B?\nA: /a\\b/\nB: /a|b/'
    assert takes(lark_of(grammar), "ab")
    assert not takes(lark_of(grammar), "a")
    with pytest.raises(UnsupportedError, match="some texts of B are found only where others come after them"):
        compile_lark(grammar, Vocabulary.bytes(), lexer="contextual")


def test_texts_given_back_in_too_many_ways_are_refused_by_name() -> None:
    def grammar(letters: str) -> str:
        """Each terminal takes the ``a`` of ``aa1``, and gives the other one back."""
        greedy = "".join(f"G{letter.upper()}: /[a{letter}]+(?!1)/\n" for letter in letters)
        ways = " | ".join(f'"{letter}" G{letter.upper()} "a" "1"' for letter in letters)
        return f"start: {ways}\n{greedy}"

    compiled = compile_lark(grammar("cdefghijklmn"), Vocabulary.bytes(), lexer="contextual")
    for text in ("caa1", "nana1", "ca1", "caca", "caa1a1"):
        assert accepts(compiled, text) == takes(lark_of(grammar("cdefghijklmn")), text)
    with pytest.raises(UnsupportedError, match=r"texts of A are taken by others unless .* in more than 12 ways"):
        compile_lark(grammar("cdefghijklmno"), Vocabulary.bytes(), lexer="contextual")


def test_an_indenter_without_the_contextual_lexer_is_refused_at_its_place() -> None:
    with pytest.raises(UnsupportedError, match="indenter goes with the contextual lexer") as caught:
        compile_lark('// constrain: indenter=python\nstart: "a"', Vocabulary.bytes())
    assert caught.value.span is not None
    assert (caught.value.span.line, caught.value.span.column) == (1, 15)
