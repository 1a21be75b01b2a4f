"""Long and deep texts: nothing grows with depth but the text itself, and nothing uses the machine's stack."""

from __future__ import annotations

import pytest
from engine_driver import Tokens, allowed
from engine_notation import read_grammar

from constrain import CompiledGrammar

NESTED = r"""
start: value
value: array | "1" | "{" (STRING ":" value){0, / ","} "}"
array: "[" value{0, / ","} "]"
STRING: "\"" [a-z ]{0,20} "\""
"""


@pytest.fixture(scope="module")
def nested(byte_vocabulary_tokens: Tokens) -> CompiledGrammar:
    return byte_vocabulary_tokens.compile(read_grammar(NESTED))


def test_a_long_document(nested: CompiledGrammar, byte_vocabulary_tokens: Tokens) -> None:
    """Each token of 100 KB is taken one by one, with a mask; the tables stay as small as the nesting."""
    document = b"[" + b",".join([b'{"key":[1,1,[]],"other key":{}}'] * 3500) + b"]"
    assert len(document) > 100_000
    matcher = nested.matcher()
    for place, token in enumerate(document):
        if place % 1000 < 40:
            assert token in allowed(matcher, byte_vocabulary_tokens)
        assert matcher.accept_token(token)
    assert matcher.is_accepting()
    assert matcher.steps == len(document)
    statistics = nested.statistics()
    assert statistics["parser_nodes"] < 500
    assert statistics["lexer_states"] < 500
    matcher.rollback(len(document))
    assert matcher.steps == 0


def test_deep_nesting(nested: CompiledGrammar, byte_vocabulary_tokens: Tokens) -> None:
    matcher = nested.matcher()
    assert matcher.accept_bytes(b"[" * 10_000)
    assert allowed(matcher, byte_vocabulary_tokens) == set(b"[]1{")
    assert matcher.shortest_completion() == b"]" * 10_000
    assert matcher.accept_bytes(b"1" + b"]" * 9_999)
    assert not matcher.is_accepting()
    assert matcher.next_bytes() == b",]"
    assert matcher.accept_bytes(b"]")
    assert matcher.is_accepting()


@pytest.mark.parametrize(
    "grammar",
    ['start: "a" start | "b"', 'start: start "a" | "a" start | "b"', 'start: A\nA: "a"* "b"', 'start: "a"{0,} "b"'],
    ids=["right", "both", "terminal", "repeat"],
)
def test_long_recursion(grammar: str, byte_vocabulary_tokens: Tokens) -> None:
    length = 300 if "start: start" in grammar else 10_000
    matcher = byte_vocabulary_tokens.compile(read_grammar(grammar)).matcher()
    assert matcher.accept_bytes(b"a" * length)
    assert ord("a") in allowed(matcher, byte_vocabulary_tokens)
    assert matcher.accept_bytes(matcher.shortest_completion())
    assert matcher.is_accepting()


def test_right_recursion_stays_linear(byte_vocabulary_tokens: Tokens) -> None:
    """Leo's shortcut: completing 10,000 open rules at each byte would make 50 million items."""
    compiled = byte_vocabulary_tokens.compile(read_grammar('start: item start | item\nitem: "a" | "ab"'))
    matcher = compiled.matcher()
    for _ in range(10_000):
        assert matcher.accept_token(ord("a"))
        assert matcher.is_accepting()
    assert compiled.statistics()["parser_nodes"] <= 30_010


def test_ambiguity_stays_within_the_budget(byte_vocabulary_tokens: Tokens) -> None:
    """A text of n letters has exponentially many derivations here; the item sets share them."""
    matcher = byte_vocabulary_tokens.compile(read_grammar('start: start start | start start start | "a" |')).matcher()
    for _ in range(150):
        assert matcher.accept_token(ord("a"))
        assert allowed(matcher, byte_vocabulary_tokens) == {ord("a"), 256}


def test_a_large_bound(byte_vocabulary_tokens: Tokens) -> None:
    grammar = read_grammar('start: X{2,1000000 / ","}\nX: "a"{1,1000000}')
    matcher = byte_vocabulary_tokens.compile(grammar).matcher()
    assert matcher.accept_bytes(b"aaa" * 300)
    assert not matcher.is_accepting()
    assert matcher.accept_bytes(b",a" * 300)
    assert matcher.is_accepting()
    assert allowed(matcher, byte_vocabulary_tokens) == {ord("a"), ord(","), 256}
