"""A grammar with every kind of node, over the byte vocabulary."""

from __future__ import annotations

import pytest

from constrain import CompiledGrammar, Grammar, GrammarBuilder, Vocabulary, compile_grammar


@pytest.fixture(scope="session")
def grammar() -> Grammar:
    builder = GrammarBuilder()
    words = builder.literals([b"ab", b"a", b""])
    letter = builder.char_class([(0x61, 0x7A), (0xE0, 0x10FFFF)])
    comma = builder.literal(b",")
    word = builder.concat([words, builder.repeat(letter, 1, 9)])
    limited = builder.intersection([word, builder.complement(comma)])
    either = builder.terminal(builder.union([words, limited, builder.repeat(letter, 0, None)]), "WORD")
    separator = builder.terminal(comma, "COMMA")
    listed = builder.repeat_symbol(either, 1, 300, separator, "words")
    more = builder.repeat_symbol(separator, 2, None, None, "commas")
    start = builder.rule("start")
    builder.define(start, [[listed], [listed, more, start], []])
    return builder.finish(start)


@pytest.fixture
def compiled(grammar: Grammar, byte_vocabulary: Vocabulary) -> CompiledGrammar:
    return compile_grammar(grammar, byte_vocabulary, description={"kind": "test", "constrain": "1"})
