"""Random grammars: writing and reading gives the language back, in each notation, and folding rules changes nothing."""

from __future__ import annotations

from random import Random

import pytest
from notation_judge import judged
from notation_random import random_rules, texts_near, with_unproductive_rules

from constrain import Grammar, GrammarBuilder, UnsupportedError, Vocabulary
from constrain.compiler.grammar import Symbol
from constrain.compiler.notation.bnf_writer import write_bnf
from constrain.compiler.notation.convert import convert
from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, RuleSet
from constrain.compiler.reference import matches
from constrain.compiler.regex import lower

BLOCK = 10
"""Grammars in one test."""


def plainly(rules: RuleSet) -> Grammar:
    """A rule for each rule and a terminal for each leaf: what the grammar means, without any thought."""
    builder = GrammarBuilder()
    symbols = {name: builder.rule(name) for name in rules.rules}

    def symbol(node: Node) -> Symbol:
        match node:
            case Lexeme(expression):
                return builder.terminal(lower(expression, builder), "leaf")
            case Name(name):
                return symbols[name]
            case Repeat(part, minimum, maximum):
                return builder.repeat_symbol(symbol(part), minimum, maximum)
            case Choice(alternatives):
                return builder.choice("group", [[symbol(item) for item in items] for items in alternatives])
            case Difference():
                raise ValueError(node)

    for name, rule in rules.rules.items():
        builder.define(symbols[name], [[symbol(rule.body)]])
    return builder.finish(symbols[rules.start])


@pytest.mark.parametrize("block", range(5))
def test_folded_rules_mean_what_the_reference_says(block: int, byte_vocabulary: Vocabulary) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        random = Random(seed)
        rules = random_rules(random)
        texts = [text for text in texts_near(rules, random, 6) if len(text) < 12]
        grammar = plainly(rules)
        verdicts = judged(write_bnf(rules), "ebnf", texts, byte_vocabulary)
        assert verdicts == {text: matches(grammar, text.encode()) for text in texts}, seed


@pytest.mark.parametrize("block", range(5))
def test_every_notation_says_the_same(block: int, byte_vocabulary: Vocabulary) -> None:
    refused = 0
    for seed in range(1_000 + block * BLOCK, 1_000 + (block + 1) * BLOCK):
        random = Random(seed)
        rules = random_rules(random, left_recursive=False)
        texts = texts_near(rules, random)
        written = write_bnf(rules)
        verdicts = judged(written, "ebnf", texts, byte_vocabulary)
        assert judged(written, "gbnf", texts, byte_vocabulary) == verdicts, seed
        lark = convert(written, "ebnf", "lark")
        assert judged(lark, "lark", texts, byte_vocabulary) == verdicts, seed
        assert judged(convert(lark, "lark", "ebnf"), "ebnf", texts, byte_vocabulary) == verdicts, seed
        try:
            gbnf = convert(lark, "lark", "gbnf")
        except UnsupportedError:
            refused += 1  # repetitions of what may be empty, at random
            continue
        assert judged(gbnf, "gbnf", texts, byte_vocabulary) == verdicts, seed
    assert refused < BLOCK / 2


def test_left_recursion_is_written_as_repetition(byte_vocabulary: Vocabulary) -> None:
    for seed in range(2_000, 2_030):
        random = Random(seed)
        rules = random_rules(random)
        texts = texts_near(rules, random)
        written = write_bnf(rules)
        try:
            gbnf = convert(written, "ebnf", "gbnf")
        except UnsupportedError:
            continue
        assert judged(gbnf, "gbnf", texts, byte_vocabulary) == judged(written, "ebnf", texts, byte_vocabulary), seed


@pytest.mark.parametrize("block", range(3))
def test_rules_without_texts_are_left_out(block: int, byte_vocabulary: Vocabulary) -> None:
    """Held against the recogniser of the grammar that never had them."""
    written_to_gbnf = 0
    for seed in range(3_000 + block * BLOCK, 3_000 + (block + 1) * BLOCK):
        random = Random(seed)
        rules = random_rules(random)
        same, wrong = with_unproductive_rules(rules, random)
        texts = [text for text in [*texts_near(rules, random, 6), *texts_near(wrong, random, 6), ""] if len(text) < 12]
        grammar = plainly(rules)
        verdicts = {text: matches(grammar, text.encode()) for text in texts}
        written = write_bnf(same)
        assert judged(written, "ebnf", texts, byte_vocabulary) == verdicts, seed
        for source, target in (("ebnf", "lark"), ("ebnf", "ebnf"), ("ebnf", "gbnf"), ("gbnf", "gbnf")):
            try:
                converted = convert(written, source, target)  # type: ignore[arg-type]
            except UnsupportedError:
                assert target == "gbnf", seed
                continue
            written_to_gbnf += target == "gbnf"
            assert "dead" not in converted.lower(), seed
            assert judged(converted, target, texts, byte_vocabulary) == verdicts, seed  # type: ignore[arg-type]
    assert written_to_gbnf > BLOCK / 2
