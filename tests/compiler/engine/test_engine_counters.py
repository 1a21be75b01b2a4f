"""What counters share, and what they mustn't: names, levels, and the characters that repetitions are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from engine_driver import Tokens, allowed
from engine_oracle import LIMITS, Oracle, expected

from constrain import Grammar, GrammarBuilder, Vocabulary, compile_regex
from constrain.compiler.grammar import Expression

Make = Callable[[GrammarBuilder, Expression, Expression], Expression]


def letters_beside_words(make: Make) -> Grammar:
    builder = GrammarBuilder()
    letter = builder.char_class([(0x61, 0x7A)])
    pair = builder.concat([builder.char_class([(0x6E, 0x7A)]), letter])
    word = builder.union([builder.char_class([(0x61, 0x6D)]), pair])
    return builder.finish(builder.terminal(make(builder, letter, word), "X"))


def letters_counted(builder: GrammarBuilder, letter: Expression, word: Expression) -> Expression:
    return builder.intersection([builder.repeat(letter, 2, 3), builder.repeat(word, 0, None)])


def words_counted(builder: GrammarBuilder, letter: Expression, word: Expression) -> Expression:
    return builder.intersection([builder.repeat(letter, 0, None), builder.repeat(word, 2, 3)])


@pytest.mark.parametrize("order", [(letters_counted, words_counted), (words_counted, letters_counted)])
def test_grammars_that_count_another_part_of_the_same_text(order: tuple[Make, Make]) -> None:
    """Without bounds both are one expression, and what was walked lies with the vocabulary."""
    texts = [b"a", b"n", b"aa", b"nn", b"na", b"aaa", b"aaaa", b"nnnn", b"nana", b"nnnnnn", b"nanana"]
    tokens = Tokens("letters", texts, [len(texts)], len(texts) + 1)
    for make in order:
        grammar = letters_beside_words(make)
        oracle = Oracle(grammar)
        assert allowed(tokens.compile(grammar, LIMITS).matcher(), tokens) == expected(oracle, oracle.start(), tokens)


@pytest.mark.parametrize(("least", "most"), [(3, 9), (0, 1), (1, 2), (2, 2)])
def test_counts_further_than_any_token_that_stays(least: int, most: int) -> None:
    """Tokens that end in nothing count, too: ``ababac`` leaves after two, and reads what follows as another lexeme."""
    builder = GrammarBuilder()
    counted = builder.terminal(builder.repeat(builder.literal(b"ab"), least, most), "A")
    start = builder.rule("start")
    builder.define(start, [[counted, builder.terminal(builder.literal(b"ac"), "B")]])
    grammar = builder.finish(start)
    texts = [b"a", b"b", b"c", b"abac", b"ababac", b"abababac", b"ababababac"]
    tokens = Tokens("no beginnings", texts, [len(texts)], len(texts) + 1)
    oracle = Oracle(grammar)
    assert allowed(tokens.compile(grammar, LIMITS).matcher(), tokens) == expected(oracle, oracle.start(), tokens)


def test_bytes_are_repeated_not_characters(tokens: Tokens) -> None:
    builder = GrammarBuilder()
    every = builder.literals([bytes([byte]) for byte in range(1, 256)])
    grammar = builder.finish(builder.terminal(builder.repeat(every, 0, 3), "X"))
    short = {token for text, ids in tokens.by_bytes.items() if len(text) <= 3 and 0 not in text for token in ids}
    assert allowed(tokens.compile(grammar, LIMITS).matcher(), tokens) == short | set(tokens.eos_token_ids)


def test_completions_of_a_repetition_that_is_read_in_two_ways(byte_vocabulary: Vocabulary) -> None:
    """After ``1a``, the letter may be the last one or not; either way a second repetition is missing."""
    compiled = compile_regex("(1[a-z]*[a-z]1){2,}", byte_vocabulary)
    for text in ("1a", "1aaa", "1a11a", "1a1"):
        matcher = compiled.matcher()
        assert matcher.accept_bytes(text.encode())
        rest = matcher.shortest_completion()
        assert matcher.accept_bytes(rest), text
        assert matcher.is_accepting(), text
