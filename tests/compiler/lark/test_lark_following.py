"""Terminals that ask what follows them, every split counting: verdicts, next bytes, masks and completions."""

from __future__ import annotations

import keyword
import tomllib
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lark.exceptions import LarkError
from lark_following_random import random_grammar
from lark_splits import Splits

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
from constrain.compiler import reference
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.compiler.grammar import GrammarBuilder
from constrain.compiler.lark import build

ROOT = Path(__file__).resolve().parents[3]
CORPUS = ROOT / "tests/data/lark_following.toml"
CASES: list[dict[str, Any]] = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["case"]
REFUSED = (GrammarError, LimitError, UnsupportedError)
BLOCK = 10
"""Random grammars in one test."""
LETTERS = "ab1 "
LONGEST = 4


def accepts(compiled: CompiledGrammar, text: str) -> bool:
    matcher = compiled.matcher()
    return matcher.accept_bytes(text.encode()) and matcher.is_accepting()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_corpus(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    compiled = compile_lark(case["grammar"], byte_vocabulary)
    splits = Splits(case["grammar"])
    for text in case["accepted"]:
        assert splits.takes(text), text
        assert accepts(compiled, text), text
        completed = compiled.matcher().shortest_completion().decode()
        assert splits.takes(completed), completed
    for text in case["rejected"]:
        assert not splits.takes(text), text
        assert not accepts(compiled, text), text


@pytest.mark.parametrize("block", [*range(4), *(pytest.param(block, marks=pytest.mark.slow) for block in range(4, 60))])
def test_random_grammars(block: int, byte_vocabulary: Vocabulary) -> None:
    compared = 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        grammar = random_grammar(seed)
        try:
            built = build(grammar)
            splits = Splits(grammar)
        except (LarkError, *REFUSED):
            continue
        texts = ["".join(text) for size in range(LONGEST + 1) for text in product(LETTERS, repeat=size)]
        language = {text for text in texts if splits.takes(text)}
        try:
            compiled = compile_grammar(built, byte_vocabulary)
        except UnsatisfiableError:
            assert not language, grammar
            continue
        assert_agrees(compiled, splits, language, grammar)
        compared += 1
    assert compared


def assert_agrees(compiled: CompiledGrammar, splits: Splits, language: set[str], grammar: str) -> None:
    """Walks through all texts that the engine thinks alive; each has a completion that is in the language."""
    alive = {text[:size] for text in language for size in range(len(text) + 1)}
    pending = [""]
    reached = set()
    while pending:
        text = pending.pop()
        reached.add(text)
        matcher = compiled.matcher()
        assert matcher.accept_bytes(text.encode())
        assert matcher.is_accepting() == (text in language), (grammar, text)
        completed = text + matcher.shortest_completion().decode()
        assert splits.takes(completed), (grammar, text, completed)
        if len(text) < LONGEST:
            possible = matcher.next_bytes()
            pending.extend(text + letter for letter in LETTERS if ord(letter) in possible)
    assert alive <= reached, grammar


@pytest.mark.parametrize("seed", [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 80))])
def test_masks_of_random_grammars(seed: int) -> None:
    """Of tokens of several bytes; the reference recogniser reads the same grammar in its own way."""
    grammar = random_grammar(seed)
    random = Random(seed)
    tokens = sorted({"".join(random.choices(LETTERS, k=random.randint(1, 4))).encode() for _ in range(60)})
    vocabulary = Vocabulary(tokens, [len(tokens)], vocab_size=len(tokens) + 1)
    try:
        built = build(grammar)
        compiled = compile_grammar(built, vocabulary)
    except (*REFUSED, UnsatisfiableError) as error:
        pytest.skip(f"no grammar to compare: {type(error).__name__}")
    recogniser = reference.Recogniser(built)
    bitmask = allocate_token_bitmask(1, len(tokens) + 1)
    matcher = compiled.matcher()
    state = recogniser.start()
    for _ in range(5):
        expected = reference.mask(recogniser, state, tokens) | ({len(tokens)} if state.accepting else set())
        matcher.fill_next_token_bitmask(bitmask, 0)
        assert set(bitmask_to_ids(bitmask[0])) == expected, grammar
        following = sorted(expected - {len(tokens)})
        if not following:
            break
        token = random.choice(following)
        assert matcher.accept_token(token)
        for byte in tokens[token]:
            after = recogniser.advance(state, byte)
            assert after is not None
            state = after


def test_a_grammar_without_such_terminals_is_as_it_was() -> None:
    """No rule is multiplied out, and counts stay counts."""
    grammar = 'start: (A "b")~3..900\nA: /(?!ab)[a-z]{2,5}/\n%ignore " "'
    built = build(grammar)
    assert [symbol[0] for symbol in built.symbols].count("repeat") == 1
    assert len(built.symbols) < 8


def test_one_copy_of_all_that_cannot_break_a_condition() -> None:
    """Brackets, blanks and counts do not begin with a digit: the rules stay few."""
    grammar = r"""
    start: ("(" N ")")~1..500 (N " ")~2..70
    N: /[0-9]+\b/
    """
    built = build(grammar)
    assert [symbol[0] for symbol in built.symbols].count("repeat") == 2
    assert len(built.symbols) < 12


def test_many_keywords_and_names_side_by_side(byte_vocabulary: Vocabulary) -> None:
    words = "|".join(keyword.kwlist).lower()
    grammar = f'start: (N N? ";")+\nN: /(?a:(?!(?:{words})\\b)[a-z]\\w*)/\n%ignore " "'
    compiled = compile_lark(grammar, byte_vocabulary)
    assert accepts(compiled, "iff x; whilex; a b;")
    assert not accepts(compiled, "x; while y;")
    assert not accepts(compiled, "x; y while;")


def test_conditions_without_number_are_refused() -> None:
    """Twelve conditions that each wait for a letter of their own, in any order."""
    letters = "abcdefghijkl"
    terminals = "\n".join(f"T{each}: /{each.lower()}(?!.*{each.lower()}{each.lower()})/" for each in letters.upper())
    rules = " | ".join(f"T{each}" for each in letters.upper())
    with pytest.raises(LimitError, match="what terminals ask of the text after them"):
        build(f"start: ({rules})*\n{terminals}")


def test_terminals_that_are_taken_from_a_file(byte_vocabulary: Vocabulary) -> None:
    """Of them nothing is known but their texts, which are read against what was asked."""
    grammar = 'start: A NAME A\nA: /a(?!b|ca.*a$)/\nNAME: %choices "names.txt"\n'
    compiled = compile_lark(grammar, byte_vocabulary, data={"names.txt": b"bob\ncarl\ncora\nada\n"})
    assert [text for text in ("aboba", "acarla", "acoraa", "aadaa") if accepts(compiled, text)] == ["acoraa", "aadaa"]
    matcher = compiled.matcher()
    assert matcher.accept_bytes(b"a")
    assert set(matcher.next_bytes()) == set(b"ca")


def test_in_a_part_of_a_text_the_end_is_that_of_the_part(byte_vocabulary: Vocabulary) -> None:
    part = build("start: A\nA: /a+$/")
    builder = GrammarBuilder()
    after = builder.terminal(builder.literal(b"b"), "after")
    whole = builder.finish(builder.choice("whole", [[builder.embed(part), after]]))
    assert accepts(compile_grammar(whole, byte_vocabulary), "aab")
