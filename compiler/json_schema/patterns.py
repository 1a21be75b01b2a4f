"""Patterns and formats as trees of code points, and whether one fixed text matches one."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Literal

from constrain.compiler.fragments import shared
from constrain.compiler.grammar import Expression, GrammarBuilder
from constrain.compiler.json_schema import json_text
from constrain.compiler.json_schema.formats import FORMATS
from constrain.compiler.json_schema.model import PatternTerm
from constrain.compiler.json_schema.pointers import shown
from constrain.compiler.regex import ecma
from constrain.compiler.regex.ast import (
    Automaton,
    CharacterClass,
    Complement,
    Concat,
    Intersection,
    Node,
    Repeat,
    States,
    Union,
)
from constrain.compiler.regex.lengths import length_bounds
from constrain.compiler.regex.lower import lower
from constrain.errors import InputError, LimitError

__all__ = ["check_pattern", "has_longest", "matches", "term_body", "term_text"]

MAXIMUM_STEPS = 1_000_000
"""Steps of holding one name against one pattern, about a microsecond each."""


@lru_cache(maxsize=4096)
def _node(kind: str, text: str) -> Node:
    if kind == "pattern":
        return ecma.search_language(text)
    known = FORMATS[text]
    if kind == "short format" and known.short is not None:
        return known.short()
    if kind == "beyond format" and known.superset is not None:
        return known.superset()
    return known.language()


def check_pattern(text: str, pointer: str) -> None:
    """Read a pattern for its errors.

    Raises:
        RegexError, UnsupportedError, LimitError: as the regex reader does, with the pointer added.
    """
    try:
        _node("pattern", text)
    except InputError as error:
        raise type(error)(error.message, pointer=pointer, span=error.span, expected=error.expected) from None


def term_body(
    builder: GrammarBuilder, term: PatternTerm, any_escape: bool = False, bound: Literal["inner", "outer"] = "inner"
) -> Expression:
    """The bodies of JSON strings (no quotes) that a term accepts.

    Args:
        builder: where expressions go.
        term: a pattern, a format or a source.
        any_escape: whether characters may be escaped that need not be.
        bound: of a format that is not practically regular, whether some of the bodies are meant, or all and more.

    Raises:
        DataError: a source's file is not given, or cannot be used.
    """
    if term.source is None:
        return _matching(builder, term, any_escape, bound)
    body = term.source.expression(builder, "any" if any_escape else "minimal")
    return _other(builder, body, any_escape) if term.negated else body


def _other(builder: GrammarBuilder, body: Expression, any_escape: bool) -> Expression:
    return builder.intersection([builder.complement(body), json_text.any_characters(builder, any_escape=any_escape)])


@shared
def _matching(
    builder: GrammarBuilder, term: PatternTerm, any_escape: bool, bound: Literal["inner", "outer"]
) -> Expression:
    body = lower(
        _node(_kind(term, bound), term.text),
        builder,
        partial(json_text.character_class, any_escape=any_escape),
        partial(json_text.text_body, any_escape=any_escape),
    )
    return _other(builder, body, any_escape) if term.negated else body


def term_text(builder: GrammarBuilder, term: PatternTerm) -> Expression:
    """The texts themselves that a term accepts; of a format that is not practically regular, some of them.

    Raises:
        DataError: a source's file is not given, or cannot be used.
    """
    text = _plain(builder, term) if term.source is None else term.source.expression(builder)
    return builder.complement(text) if term.negated else text


@shared
def _plain(builder: GrammarBuilder, term: PatternTerm) -> Expression:
    return lower(_node(_kind(term, "inner"), term.text), builder)


def has_longest(term: PatternTerm) -> bool:
    """Whether it is certain that what a term accepts has a bound of length."""
    return not term.negated and (term.source is not None or _has_longest(term.kind, term.text))


@lru_cache(maxsize=4096)
def _has_longest(kind: str, text: str) -> bool:
    return length_bounds(_node(kind, text))[1] is not None


def _kind(term: PatternTerm, bound: Literal["inner", "outer"]) -> str:
    # What surely does not conform is what lies outside a superset; what may not conform is what lies outside a subset.
    beyond = term.kind == "format" and term.negated == (bound == "inner")
    return "beyond format" if beyond else term.kind


@lru_cache(maxsize=16384)
def matches(text: str, pattern: str) -> bool:
    """Whether a pattern matches somewhere in a fixed text (a property's name).

    Raises:
        LimitError: that takes too long to find out.
    """
    return len(text) in _Ends(text).of(_node("pattern", pattern), 0)


class _Ends:
    """For a node and a start, every place where a match may end. Plain and polynomial: names are short."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[tuple[int, int], frozenset[int]] = {}
        self._steps = 0

    def of(self, node: Node, start: int) -> frozenset[int]:
        key = (id(node), start)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._compute(node, start)
            self._count(1 + len(known))
        return known

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAXIMUM_STEPS:
            raise LimitError(
                f"it takes more than {MAXIMUM_STEPS} steps to hold the name {shown(self._text)} against a pattern",
                expected="a shorter name or a simpler pattern; this limit is fixed",
            )

    def _compute(self, node: Node, start: int) -> frozenset[int]:
        match node:
            case CharacterClass(ranges):
                if start == len(self._text):
                    return frozenset()
                point = ord(self._text[start])
                return frozenset([start + 1]) if any(low <= point <= high for low, high in ranges) else frozenset()
            case Concat(parts):
                places = frozenset([start])
                for part in parts:
                    places = frozenset(end for place in places for end in self.of(part, place))
                return places
            case Union(parts):
                return frozenset(end for part in parts for end in self.of(part, start))
            case Intersection(parts):
                return frozenset.intersection(*(self.of(part, start) for part in parts))
            case Automaton(states):
                return self._automaton(states, start)
            case Complement(part):
                return frozenset(range(start, len(self._text) + 1)) - self.of(part, start)
            case Repeat(part, minimum, maximum):
                return self._repeat(part, start, minimum, maximum)
        raise ValueError(f"unresolved anchor {node!r}")

    def _automaton(self, states: States, start: int) -> frozenset[int]:
        found = set()
        state: int | None = 0
        for place in range(start, len(self._text) + 1):
            accepting, steps = states[state or 0]
            if accepting:
                found.add(place)
            point = ord(self._text[place]) if place < len(self._text) else -1
            state = next((to for ranges, to in steps if any(low <= point <= high for low, high in ranges)), None)
            if state is None:
                break
        self._count(len(self._text) - start)
        return frozenset(found)

    def _repeat(self, part: Node, start: int, minimum: int, maximum: int | None) -> frozenset[int]:
        # The set of places after each round; it either grows stale or dies out after as many rounds as there are
        # characters, for a round that consumes nothing changes nothing.
        length = len(self._text) - start + 1
        places = frozenset([start])
        for _ in range(min(minimum, length)):
            places = frozenset(end for place in places for end in self.of(part, place))
            self._count(len(places))
        reached, frontier = set(places), places
        for _ in range(length if maximum is None else min(maximum - min(minimum, maximum), length)):
            frontier = frozenset(end for place in frontier for end in self.of(part, place)) - reached
            if not frontier:
                break
            reached |= frontier
            self._count(len(frontier))
        return frozenset(reached)
