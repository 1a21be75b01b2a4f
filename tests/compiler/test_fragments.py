"""Fragments and copies of builders: what is pasted or copied is what would have been written there."""

from __future__ import annotations

import re

import pytest

from constrain.compiler.fragments import shared
from constrain.compiler.grammar import Expression, GrammarBuilder
from constrain.compiler.reference import matches


def _date_or_word(builder: GrammarBuilder) -> Expression:
    """Every kind of node; as a Python pattern: ``(?!no)([0-9]{2}-|a+|x|yz)``."""
    digit = builder.char_class([(48, 57)])
    day = builder.concat([builder.repeat(digit, 2, 2), builder.literal(b"-")])
    some = builder.union([day, builder.repeat(builder.literal(b"a"), 1, None), builder.literals([b"x", b"yz", b"no"])])
    return builder.intersection([some, builder.complement(builder.literal(b"no"))])


TEXTS = (b"", b"12-", b"1-", b"a", b"aaa", b"x", b"yz", b"no", b"n", b"-", b"12-a")


def test_a_pasted_expression_has_the_language_of_the_written_one() -> None:
    source = GrammarBuilder()
    fragment = source.fragment(_date_or_word(source))
    builder = GrammarBuilder()
    # what is there already has other numbers than in the source, in another order
    builder.complement(builder.literal(b"no"))
    builder.literals([b"no", b"x", b"yz"])
    builder.repeat(builder.literal(b"a"), 1, None)
    pasted = builder.paste(fragment)
    grammar = builder.finish(builder.terminal(pasted, "t"))
    for text in TEXTS:
        assert matches(grammar, text) == bool(re.fullmatch(rb"(?!no)([0-9]{2}-|a+|x|yz)", text)), text


def test_pasting_is_interned_with_writing() -> None:
    source = GrammarBuilder()
    fragment = source.fragment(_date_or_word(source))
    builder = GrammarBuilder()
    builder.literal(b"a")
    written = _date_or_word(builder)
    assert builder.paste(fragment) == written
    assert builder.paste(fragment) == written


def test_a_fragment_ends_with_its_expression() -> None:
    source = GrammarBuilder()
    first = source.literal(b"a")
    source.literal(b"b")
    assert source.fragment(first).nodes == (("literal", b"a"),)


def test_shared_writes_once_and_gives_each_builder_its_own() -> None:
    calls: list[int] = []

    @shared
    def repeated(builder: GrammarBuilder, count: int) -> Expression | None:
        """Some a's."""
        calls.append(count)
        return builder.repeat(builder.literal(b"a"), count, count) if count else None

    one, other = GrammarBuilder(), GrammarBuilder()
    other.literal(b"something else")
    assert repeated(one, 3) == one.repeat(one.literal(b"a"), 3, 3)
    assert repeated(other, 3) == other.repeat(other.literal(b"a"), 3, 3)
    assert repeated(one, 0) is None
    assert repeated(other, 0) is None
    assert calls == [3, 0]


def test_a_copy_goes_on_alone() -> None:
    builder = GrammarBuilder()
    a = builder.terminal(builder.literal(b"a"), "a")
    rule = builder.rule("r")
    copy = builder.copy()
    assert copy.terminal(copy.literal(b"a"), "a") == a
    copy.define(rule, [[a, a]])
    builder.define(rule, [[a]])
    grammar, other = builder.finish(rule), copy.finish(rule)
    assert [matches(grammar, text) for text in (b"a", b"aa")] == [True, False]
    assert [matches(other, text) for text in (b"a", b"aa")] == [False, True]


def test_a_copy_keeps_what_is_not_defined_yet() -> None:
    builder = GrammarBuilder()
    rule = builder.rule("later")
    with pytest.raises(ValueError, match="later"):
        builder.copy().finish(rule)
