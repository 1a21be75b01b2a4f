"""Rules of the shape from which lark makes its LALR tables: choices multiplied out, repetitions as rules of their own.

Which terminals a parser waits for depends on the rules' shape, so it is lark's (``EBNF_to_BNF`` and
``SimplifyRule_Visitor`` in its ``load_grammar.py``), and not that of :mod:`constrain.compiler.lark.rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeAlias

from constrain.compiler.grammar import Symbol
from constrain.errors import LimitError

__all__ = ["MAXIMUM_ALTERNATIVES", "Alternatives", "BackusNaur"]

Alternatives: TypeAlias = list[tuple[Symbol, ...]]

MAXIMUM_ALTERNATIVES = 50_000
"""Symbols of all alternatives that one part of a rule is multiplied out to."""

_NAIVE_REPETITIONS = 50
"""From so many repetitions on, lark splits a count into factors."""

_LARGEST_FACTOR = 5


class Builder(Protocol):
    """What rules are made with."""

    def rule(self, name: str) -> Symbol:
        """A new rule."""

    def define(self, rule: Symbol, alternatives: Iterable[Sequence[Symbol]]) -> Symbol:
        """Its alternatives."""


class BackusNaur:
    """Parts of rules as alternatives, each a sequence of symbols."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._repeated: dict[object, Symbol] = {}

    def sequence(self, items: Sequence[Alternatives]) -> Alternatives:
        """One of each, one after the other.

        Raises:
            LimitError: too many alternatives.
        """
        done: Alternatives = [()]
        for item in items:
            _check(sum(map(len, done)) * len(item) + sum(map(len, item)) * len(done))
            done = [(*before, *after) for before in done for after in item]
        return list(dict.fromkeys(done))

    def repeated(self, part: Alternatives, minimum: int, maximum: int | None, name: str) -> Alternatives:
        """A part between so many times.

        Raises:
            LimitError: too many alternatives.
        """
        match minimum, maximum:
            case 0, 1:
                return list(dict.fromkeys([*part, ()]))
            case 0, None:
                return [(self._any_number(part, name),), ()]
            case 1, None:
                return [(self._any_number(part, name),)]
            case _, None:
                raise ValueError("lark has no such repetition")
            case _, int(maximum) if maximum < _NAIVE_REPETITIONS:
                return self._few(part, minimum, maximum)
            case _, int(maximum):
                return self._many(part, minimum, maximum, name)
        raise ValueError(f"bad repetition bounds {minimum}, {maximum}")

    def _rule(self, key: object, name: str, alternatives: Callable[[Symbol], Alternatives]) -> Symbol:
        known = self._repeated.get(key)
        if known is None:
            known = self._repeated[key] = self._builder.rule(name)
            self._builder.define(known, alternatives(known))
        return known

    def _any_number(self, part: Alternatives, name: str) -> Symbol:
        return self._rule(tuple(part), name, lambda rule: self.sequence([[(), (rule,)], part]))

    def _few(self, part: Alternatives, minimum: int, maximum: int) -> Alternatives:
        done: Alternatives = []
        for count in range(minimum, maximum + 1):
            done.extend(self.sequence([part] * count))
            _check(sum(map(len, done)))
        return list(dict.fromkeys(done))

    def _many(self, part: Alternatives, minimum: int, maximum: int, name: str) -> Alternatives:
        exact = part
        for times, rest in _factors(minimum):
            exact = self._product(times, rest, exact, part, name)
        if minimum == maximum:
            return exact
        target: Alternatives = part
        up_to: Alternatives = [()]
        factors = _factors(maximum - minimum + 1)
        for times, rest in factors[:-1]:
            up_to = self._up_to(times, rest, target, up_to, part, name)
            target = self._product(times, rest, target, part, name)
        times, rest = factors[-1]
        return self.sequence([exact, self._up_to(times, rest, target, up_to, part, name)])

    def _product(self, times: int, rest: int, target: Alternatives, part: Alternatives, name: str) -> Alternatives:
        """``target`` so many times, then ``part``."""
        key = (times, rest, tuple(target), tuple(part))
        return [(self._rule(key, name, lambda _: self.sequence([target] * times + [part] * rest)),)]

    def _up_to(
        self, times: int, rest: int, target: Alternatives, below: Alternatives, part: Alternatives, name: str
    ) -> Alternatives:
        """``part`` fewer times than in so many targets and parts, where ``below`` is fewer than in a target."""

        def alternatives(_: Symbol) -> Alternatives:
            done: Alternatives = []
            for count in range(times):
                done.extend(self.sequence([target] * count + [below]))
            for count in range(rest):
                done.extend(self.sequence([target] * times + [part] * count))
            return done

        return [(self._rule((times, rest, tuple(target), tuple(part), "fewer"), name, alternatives),)]


def _factors(number: int) -> list[tuple[int, int]]:
    """Pairs (a, b) such that x(i) = a * x(i - 1) + b leads from 1 to ``number``; as lark's ``small_factors``."""
    if number <= _LARGEST_FACTOR:
        return [(number, 0)]
    for factor in range(_LARGEST_FACTOR, 1, -1):
        quotient, rest = divmod(number, factor)
        if factor + rest <= _LARGEST_FACTOR:
            return [*_factors(quotient), (factor, rest)]
    raise ValueError(f"{number} has no small factors")


def _check(symbols: int) -> None:
    if symbols > MAXIMUM_ALTERNATIVES:
        raise LimitError(
            f"a rule is multiplied out to more than {MAXIMUM_ALTERNATIVES} symbols, as LALR tables need it",
            expected="choices as rules of their own; this limit is fixed",
        )
