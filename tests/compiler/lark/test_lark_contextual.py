"""The contextual lexer: verdicts, next bytes and completions are lark's, and so are the tables behind them."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lark import Lark
from lark.exceptions import GrammarError as LarkGrammarError
from lark.exceptions import UnexpectedInput
from lark_contextual_random import random_grammar

from constrain import (
    CompiledGrammar,
    GrammarError,
    LimitError,
    UnsatisfiableError,
    UnsupportedError,
    Vocabulary,
    allocate_token_bitmask,
    compile_grammar,
    compile_lark,
)
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.compiler.lark import build

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT / "tests/data/lark_contextual.toml"
CASES: list[dict[str, Any]] = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["case"]
REFUSED = (GrammarError, LimitError, UnsupportedError, UnsatisfiableError)
BLOCK = 12
"""Random grammars in one test."""


def lark_of(grammar: str) -> Lark:
    return Lark(grammar, parser="lalr", lexer="contextual")


def takes(lark: Lark, text: str) -> bool:
    try:
        lark.parse(text)
    except UnexpectedInput:
        return False
    return True


def accepts(compiled: CompiledGrammar, text: str) -> bool:
    matcher = compiled.matcher()
    return matcher.accept_bytes(text.encode()) and matcher.is_accepting()


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


@pytest.mark.parametrize("block", [*range(4), *(pytest.param(block, marks=pytest.mark.slow) for block in range(4, 40))])
def test_random_grammars_are_read_as_lark_reads_them(block: int, byte_vocabulary: Vocabulary) -> None:
    compared = 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        grammar = random_grammar(seed)
        try:
            compiled = compile_grammar(build(grammar, lexer="contextual"), byte_vocabulary)
            lark = lark_of(grammar)
        except (LarkGrammarError, *REFUSED):
            continue
        letters = 'ab1 ."' if '"[^' in grammar else "ab1 ."
        longest = 4 if len(letters) > 5 else 5
        texts = ["".join(text) for size in range(longest + 1) for text in product(letters, repeat=size)]
        language = {text for text in texts if takes(lark, text)}
        alive = {text[:size] for text in language for size in range(len(text) + 1)}
        assert_agrees(compiled, lark, language, alive, letters, longest, grammar)
        compared += 1
    assert compared


def assert_agrees(
    compiled: CompiledGrammar,
    lark: Lark,
    language: set[str],
    alive: set[str],
    letters: str,
    longest: int,
    grammar: str,
) -> None:
    """Walks through all texts that the engine thinks alive; each has a completion that lark takes."""
    pending = [""]
    reached = set()
    while pending:
        text = pending.pop()
        reached.add(text)
        matcher = compiled.matcher()
        assert matcher.accept_bytes(text.encode())
        assert matcher.is_accepting() == (text in language), (grammar, text)
        completed = text + matcher.shortest_completion().decode()
        assert takes(lark, completed), (grammar, text, completed)
        if len(text) < longest:
            possible = matcher.next_bytes()
            pending.extend(text + letter for letter in letters if ord(letter) in possible)
    assert alive <= reached, grammar


def tokens_of(random: Random, letters: str, count: int) -> list[bytes]:
    """Random tokens of up to six of the letters, and each letter."""
    texts = {"".join(random.choices(letters, k=random.randint(2, 6))) for _ in range(count)}
    return [letter.encode() for letter in letters] + sorted(text.encode() for text in texts)


def assert_masks_are_those_of_the_bytes(grammar: str, letters: str, random: Random, walks: int) -> None:
    """A token is allowed where its bytes are; also when masks are remembered, and in a saved grammar."""
    tokens = tokens_of(random, letters, 120)
    vocabulary = Vocabulary(tokens, [len(tokens)], vocab_size=len(tokens) + 1)
    compiled = compile_grammar(build(grammar, lexer="contextual"), vocabulary)
    compiled.precompute(1 << 20)
    loaded = CompiledGrammar.from_bytes(compiled.to_bytes(), vocabulary)
    fresh = compile_grammar(build(grammar, lexer="contextual"), vocabulary)
    bitmask = allocate_token_bitmask(1, len(tokens) + 1)
    for walk in range(walks):
        matchers = [each.matcher() for each in (compiled, loaded, fresh)]
        for _ in range(12):
            expected = {token for token, text in enumerate(tokens) if matchers[0].fork().accept_bytes(text)}
            expected |= {len(tokens)} if matchers[0].is_accepting() else set()
            for matcher in matchers:
                matcher.fill_next_token_bitmask(bitmask, 0)
                assert set(bitmask_to_ids(bitmask[0])) == expected, (grammar, walk)
            following = sorted(expected - {len(tokens)})
            if not following:
                break
            token = random.choice(following)
            assert all(matcher.accept_token(token) for matcher in matchers)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_masks_of_the_corpus(case: dict[str, Any]) -> None:
    letters = "".join(sorted({letter for text in case["accepted"] + case["rejected"] for letter in text}))
    assert_masks_are_those_of_the_bytes(case["grammar"], letters, Random(1), walks=12)


@pytest.mark.parametrize("block", [*range(3), *(pytest.param(block, marks=pytest.mark.slow) for block in range(3, 30))])
def test_masks_of_random_grammars(block: int) -> None:
    compared = 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        grammar = random_grammar(seed)
        try:
            assert_masks_are_those_of_the_bytes(grammar, 'ab1 ."', Random(seed), walks=4)
        except REFUSED:
            continue
        compared += 1
    assert compared


def test_a_grammar_with_a_conflict_is_refused_by_name() -> None:
    grammar = 'start: start "+" start | "n"'
    with pytest.raises(UnsupportedError, match=r"shift/reduce conflict.*PLUS|PLUS.*shift/reduce"):
        compile_lark(grammar, Vocabulary.bytes(), lexer="contextual")


def test_a_terminal_that_is_never_found_is_refused_by_name() -> None:
    grammar = "start: A | B\nA: /[a-z]+/\nB.-1: /[ab]+/"
    with pytest.raises(UnsupportedError, match=r"never finds B at the start"):
        compile_lark(grammar, Vocabulary.bytes(), lexer="contextual")


def test_indentation_is_refused_at_its_place() -> None:
    with pytest.raises(UnsupportedError, match="indentation") as caught:
        compile_lark('// constrain: lexer=contextual indenter=python\nstart: "a"', Vocabulary.bytes())
    assert caught.value.span is not None
    assert (caught.value.span.line, caught.value.span.column) == (1, 32)
