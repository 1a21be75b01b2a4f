"""The parts of a grammar: symbols, repetitions, alternatives and what is left of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from constrain.compiler.grammar import Grammar, Symbol, reachable

__all__ = ["Part", "Parts", "Row", "Times", "alone"]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Parts one after the other: an alternative, or the rest of one.

    Attributes:
        name: of the rule.
        part: the first of them.
        rest: the others, if there are any.
        empty: may all of them be empty?
        firsts: the terminals with which they may begin.
    """

    name: str
    part: Part
    rest: Row | None
    empty: bool
    firsts: frozenset[Symbol]


@dataclass(frozen=True, slots=True)
class Times:
    """A part some times."""

    name: str
    part: Symbol
    minimum: int
    maximum: int | None


Part: TypeAlias = Symbol | Row | Times


class Parts:
    """The parts of one grammar.

    Attributes:
        size: how many there are, about.
    """

    def __init__(self, grammar: Grammar, terminals: Mapping[Symbol, bool]) -> None:
        """Args: rules and repetitions without separators; and whether each terminal may be empty."""
        self._grammar = grammar
        self._empty: dict[Symbol, bool] = {}
        self._firsts: dict[Symbol, frozenset[Symbol]] = {}
        self._rows: dict[Part, Sequence[Row | None]] = {}
        self.size = self._find_firsts(terminals)

    def part(self, symbol: Symbol) -> Part:
        """The part that a symbol is."""
        match self._grammar.symbols[symbol]:
            case ("repeat", name, part, minimum, maximum, None):
                return Times(name, part, minimum, maximum)
            case ("terminal" | "rule", *_):
                return symbol
        raise ValueError("no part of a rule")

    def name(self, part: Part) -> str:
        """For people."""
        if isinstance(part, Row | Times):
            return part.name
        return self._grammar.symbols[part][1]

    def alternatives(self, part: Part) -> Sequence[Row | None]:
        """The alternatives of a part; None is the empty one."""
        if isinstance(part, Row):
            return (part,)
        known = self._rows.get(part)
        if known is None:
            known = self._rows[part] = [self._row(self.name(part), body) for body in self._bodies(part)]
        return known

    def _bodies(self, part: Symbol | Times) -> Sequence[Sequence[Part]]:
        if isinstance(part, Times):
            name, inner, minimum, maximum = part.name, part.part, part.minimum, part.maximum
            bodies: list[tuple[Part, ...]] = [()] if minimum == 0 else []
            if maximum == 1:
                bodies.append((self.part(inner),))
            elif maximum != 0:
                more = Times(name, inner, max(minimum - 1, 0), None if maximum is None else maximum - 1)
                bodies.append((self.part(inner), more))
            return bodies
        symbol = self._grammar.symbols[part]
        alternatives = symbol[2] if symbol[0] == "rule" else ()
        return [[self.part(each) for each in body] for body in alternatives]

    def _row(self, name: str, parts: Sequence[Part]) -> Row | None:
        row: Row | None = None
        for part in reversed(parts):
            empty, firsts = self.may_be_empty(part), self.first_terminals(part)
            if row is not None and empty:
                empty, firsts = row.empty, firsts | row.firsts
            row = Row(name, part, row, empty, firsts)
        return row

    def _find_firsts(self, terminals: Mapping[Symbol, bool]) -> int:
        """Which symbols may be empty, and the terminals that each may begin with. Returns the grammar's size."""
        size = 0
        users: dict[Symbol, set[Symbol]] = {}
        bodies: dict[Symbol, Sequence[tuple[Symbol, ...]]] = {}
        for symbol in reachable(self._grammar):
            self._empty[symbol] = terminals.get(symbol, False)
            self._firsts[symbol] = frozenset([symbol] if symbol in terminals else [])
            match self._grammar.symbols[symbol]:
                case ("rule", _, alternatives):
                    bodies[symbol] = alternatives
                case ("repeat", _, repeated, minimum, _, _):
                    bodies[symbol] = [(repeated,)]
                    self._empty[symbol] = minimum == 0
            size += 1 + sum(map(len, bodies.get(symbol, ())))
            for body in bodies.get(symbol, ()):
                for part in body:
                    users.setdefault(part, set()).add(symbol)
        pending = dict.fromkeys(bodies)
        while pending:
            symbol, _ = pending.popitem()
            empty, firsts = self._empty[symbol], self._firsts[symbol]
            for body in bodies[symbol]:
                for part in body:
                    firsts |= self._firsts[part]
                    if not self._empty[part]:
                        break
                else:
                    empty = True
            if (empty, firsts) != (self._empty[symbol], self._firsts[symbol]):
                self._empty[symbol], self._firsts[symbol] = empty, firsts
                pending.update(dict.fromkeys(users.get(symbol, ())))
        return size

    def may_be_empty(self, part: Part) -> bool:
        """Is the empty text one of the part's, conditions aside?"""
        if isinstance(part, Row):
            return part.empty
        if isinstance(part, Times):
            return part.minimum == 0 or self._empty[part.part]
        return self._empty[part]

    def first_terminals(self, part: Part) -> frozenset[Symbol]:
        """The terminals with which the part may begin, conditions aside."""
        if isinstance(part, Row):
            return part.firsts
        if isinstance(part, Times):
            return frozenset() if part.maximum == 0 else self._firsts[part.part]
        return self._firsts[part]


def alone(row: Row) -> Part:
    """A single part is itself."""
    return row.part if row.rest is None else row
