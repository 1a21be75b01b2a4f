"""A grammar, multiplied out by what its parts owe: see the package.

A part (a symbol, or the rest of an alternative) is asked for with the debt before it and the debts that may be left
after it. Debts after which everything goes on alike are asked for together: so where nothing that follows can break a
debt, there is one copy of a part, and its terminals are whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from constrain.compiler.grammar import Expression, Grammar, GrammarBuilder, Symbol, reachable
from constrain.compiler.lark.following.debts import NO_DEBT, Debt, Debts, debt_order
from constrain.compiler.regex.ast import Look, Node
from constrain.compiler.regex.lower import lower
from constrain.compiler.regex.membership import nullable
from constrain.errors import LimitError

__all__ = ["Lexeme", "Way", "multiplied"]

MAXIMUM_STEPS = 300_000
"""Parts with debts that are looked at, a few microseconds each."""

MAXIMUM_COPIES = 5_000
"""Parts with the debts before and after them, of which symbols are made."""


class Way(NamedTuple):
    """Texts of a terminal, and what may follow them.

    Attributes:
        texts: they; a function where they are no tree.
        looks: lookahead at their end; all of it has to hold.
    """

    texts: Node | Callable[[GrammarBuilder], Expression]
    looks: tuple[Look, ...] = ()

    @property
    def node(self) -> Node | None:
        """The texts as a tree, if they are one."""
        return None if callable(self.texts) else self.texts

    def expression(self, builder: GrammarBuilder) -> Expression:
        """The texts as an expression."""
        return self.texts(builder) if callable(self.texts) else lower(self.texts, builder)


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A terminal.

    Attributes:
        name: for people.
        ways: its texts; some may belong to several of them.
    """

    name: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is left of an alternative: two parts or more."""

    name: str
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Times:
    """A part some times."""

    name: str
    part: Symbol
    minimum: int
    maximum: int | None


_Part: TypeAlias = Symbol | _Rest | _Times

_Asked: TypeAlias = tuple[_Part, Debt]
"""A part, with the debt before it."""

_Parts: TypeAlias = tuple[_Part, ...] | None
"""What is left of an alternative; None: of a repetition in which nothing is owed so far."""

_Step: TypeAlias = tuple[_Asked, _Parts, Debt]
"""A part that is looked into, what is left of it, and the debt before that."""


def multiplied(grammar: Grammar, lexemes: Mapping[Symbol, Lexeme]) -> Grammar:
    """The texts of a grammar in which what follows every terminal is as it asks.

    Args:
        grammar: rules and repetitions without separators, and terminals.
        lexemes: what its terminals are.

    Raises:
        LimitError: too many conditions, or parts with different debts.
    """
    debts = Debts([way.looks for lexeme in lexemes.values() for way in lexeme.ways if way.looks])
    return _Multiplied(grammar, lexemes, debts).build()


class _Multiplied:
    def __init__(self, grammar: Grammar, lexemes: Mapping[Symbol, Lexeme], debts: Debts) -> None:
        self._grammar = grammar
        self._debts = debts
        self._ways: dict[Symbol, list[tuple[Way, Debt]]] = {}
        for symbol, lexeme in lexemes.items():
            owed = [(way, debts.of(way.looks)) for way in lexeme.ways]
            self._ways[symbol] = [(way, debt) for way, debt in owed if debt is not None]
        self._lexemes = lexemes
        self._empty: dict[Symbol, bool] = {}
        self._firsts: dict[Symbol, frozenset[Symbol]] = {}
        self._find_firsts()
        self._steps = 0
        # the debts that may be left after a part, and what they are found from
        self._left: dict[_Asked, dict[Debt, None]] = {}
        self._waiting: dict[_Asked, dict[tuple[_Asked, _Parts], None]] = {}
        self._agenda: list[_Step] = []
        self._done: set[_Step] = set()
        self._standing: dict[_Asked, Debt] = {}
        self._builder = GrammarBuilder()
        self._expressions: dict[int, Expression] = {}
        self._made: dict[tuple[_Part, Debt, frozenset[Debt]], Symbol] = {}
        self._pending: list[tuple[Symbol, _Part, Debt, frozenset[Debt]]] = []

    def build(self) -> Grammar:
        """The grammar."""
        start = self._part(self._grammar.start)
        ends = frozenset(debt for debt in self._after(start, NO_DEBT) if self._debts.may_end(debt))
        symbol = self._symbol(start, NO_DEBT, ends)
        if symbol is None:
            symbol = self._builder.choice(self._name(start), [])
        while self._pending:
            rule, part, debt, wanted = self._pending.pop()
            alternatives: list[tuple[Symbol, ...]] = []
            for body in self._bodies(part):
                alternatives.extend(self._alternatives(self._name(part), body, debt, wanted))
            self._builder.define(rule, alternatives)
        return self._builder.finish(symbol)

    # -- parts -------------------------------------------------------------------------------------------------

    def _part(self, symbol: Symbol) -> _Part:
        match self._grammar.symbols[symbol]:
            case ("repeat", name, part, minimum, maximum, None):
                return _Times(name, part, minimum, maximum)
            case ("terminal" | "rule", *_):
                return symbol
        raise ValueError("no part of a rule")

    def _name(self, part: _Part) -> str:
        if isinstance(part, _Rest | _Times):
            return part.name
        return self._grammar.symbols[part][1]

    def _bodies(self, part: _Part) -> Sequence[tuple[_Part, ...]]:
        match part:
            case _Rest(_, parts):
                return [parts]
            case _Times(name, inner, minimum, maximum):
                bodies: list[tuple[_Part, ...]] = [()] if minimum == 0 else []
                if maximum == 1:
                    bodies.append((self._part(inner),))
                elif maximum != 0:
                    more = _Times(name, inner, max(minimum - 1, 0), None if maximum is None else maximum - 1)
                    bodies.append((self._part(inner), more))
                return bodies
        symbol = self._grammar.symbols[part]
        alternatives = symbol[2] if symbol[0] == "rule" else ()
        return [tuple([self._part(each) for each in body]) for body in alternatives]

    def _rest(self, name: str, parts: tuple[_Part, ...]) -> _Part:
        return parts[0] if len(parts) == 1 else _Rest(name, parts)

    def _find_firsts(self) -> None:
        """Which symbols may be empty, and the terminals that each may begin with; until nothing more is found."""
        used = reachable(self._grammar)
        for symbol in used:
            ways = self._ways.get(symbol, ())
            self._empty[symbol] = any(way.node is not None and nullable(way.node) for way, _ in ways)
            self._firsts[symbol] = frozenset([symbol] if symbol in self._ways else [])
        grown = True
        while grown:
            grown = False
            for symbol in used:
                bodies: Sequence[tuple[Symbol, ...]]
                empty = False
                match self._grammar.symbols[symbol]:
                    case ("rule", _, alternatives):
                        bodies = alternatives
                    case ("repeat", _, repeated, minimum, _, _):
                        bodies, empty = [(repeated,)], minimum == 0
                    case _:
                        continue
                firsts = self._firsts[symbol]
                for body in bodies:
                    for part in body:
                        firsts |= self._firsts[part]
                        if not self._empty[part]:
                            break
                    else:
                        empty = True
                if (empty, firsts) != (self._empty[symbol], self._firsts[symbol]):
                    self._empty[symbol], self._firsts[symbol] = empty, firsts
                    grown = True

    def _may_be_empty(self, part: _Part) -> bool:
        match part:
            case _Rest(_, parts):
                return all(map(self._may_be_empty, parts))
            case _Times(_, inner, minimum, _):
                return minimum == 0 or self._empty[inner]
        return self._empty[part]

    def _first_terminals(self, part: _Part) -> frozenset[Symbol]:
        match part:
            case _Rest(_, parts):
                found: frozenset[Symbol] = frozenset()
                for each in parts:
                    found |= self._first_terminals(each)
                    if not self._may_be_empty(each):
                        break
                return found
            case _Times(_, inner, _, maximum):
                return frozenset() if maximum == 0 else self._firsts[inner]
        return self._firsts[part]

    # -- debts -------------------------------------------------------------------------------------------------

    def _is_free(self, part: _Part, debt: Debt) -> bool:
        """Does the first character of the part's texts pay the debt, whichever it is?"""
        return debt == NO_DEBT or all(
            self._debts.passage(way.node, debt).free
            for terminal in self._first_terminals(part)
            for way, _ in self._ways[terminal]
        )

    def _stands_for(self, part: _Part, debt: Debt) -> Debt:
        """The debt itself, or none if that makes no difference to the part."""
        known = self._standing.get((part, debt))
        if known is None:
            same = not self._may_be_empty(part) and self._is_free(part, debt)
            known = self._standing[part, debt] = NO_DEBT if same else debt
        return known

    def _after(self, part: _Part, debt: Debt) -> dict[Debt, None]:
        """The debts that may be left after a part."""
        asked = self._ask(part, debt)
        while self._agenda:
            step = self._agenda.pop()
            self._spend()
            if step in self._done:
                continue
            self._done.add(step)
            reader, rest, before = step
            if rest is None:
                self._find_in_repetition(reader, before)
            elif rest:
                inner = self._ask(rest[0], before)
                self._wait(reader, rest[1:], inner)
            else:
                self._find(reader, before)
        return self._left[asked]

    def _ask(self, part: _Part, debt: Debt) -> _Asked:
        asked = (part, self._stands_for(part, debt))
        if asked in self._left:
            return asked
        self._left[asked] = {}
        self._waiting[asked] = {}
        if isinstance(part, int) and part in self._ways:
            for way, owed in self._ways[part]:
                for left in self._debts.passage(way.node, asked[1]).left:
                    self._find(asked, left | owed)
        elif isinstance(part, _Times) and asked[1] == NO_DEBT:
            # looked into only where a debt is left inside
            inner = self._ask(self._part(part.part), NO_DEBT)
            self._wait(asked, None, inner)
            if part.minimum == 0:
                self._find(asked, NO_DEBT)
        else:
            self._agenda.extend((asked, body, asked[1]) for body in self._bodies(part))
        return asked

    def _wait(self, reader: _Asked, rest: _Parts, inner: _Asked) -> None:
        """Goes on with the rest after whatever is left, or comes to be left, after an inner part."""
        if (reader, rest) not in self._waiting[inner]:
            self._waiting[inner][reader, rest] = None
            self._agenda.extend((reader, rest, left) for left in self._left[inner])

    def _find(self, asked: _Asked, left: Debt) -> None:
        if left not in self._left[asked]:
            self._left[asked][left] = None
            self._agenda.extend((reader, rest, left) for reader, rest in self._waiting[asked])

    def _find_in_repetition(self, asked: _Asked, left: Debt) -> None:
        if left == NO_DEBT:
            self._find(asked, NO_DEBT)
        else:
            self._agenda.extend((asked, body, NO_DEBT) for body in self._bodies(asked[0]))

    def _is_without_debts(self, part: _Part, debt: Debt) -> bool:
        """Is it a repetition before, in and after which nothing is owed? Such a one stays as it is."""
        return (
            isinstance(part, _Times)
            and debt == NO_DEBT
            and self._after(self._part(part.part), NO_DEBT).keys() <= {NO_DEBT}
        )

    def _spend(self) -> None:
        self._steps += 1
        if self._steps > MAXIMUM_STEPS or len(self._made) > MAXIMUM_COPIES:
            raise LimitError(
                "what terminals ask of the text after them multiplies the grammar's rules beyond "
                f"{MAXIMUM_COPIES} copies, or {MAXIMUM_STEPS} steps",
                expected="fewer words that names must not be, shorter lookahead, or the contextual lexer; these limits "
                "are fixed",
            )

    # -- making ------------------------------------------------------------------------------------------------

    def _symbol(self, part: _Part, debt: Debt, wanted: frozenset[Debt]) -> Symbol | None:
        """The texts of a part that is begun with a debt, after which some of the wanted debts are left."""
        wanted = frozenset(self._after(part, debt)) & wanted
        if not wanted:
            return None
        debt = self._stands_for(part, debt)
        key = (part, debt, wanted)
        if key not in self._made:
            self._spend()
            if isinstance(part, int) and part in self._ways:
                self._made[key] = self._terminal(part, debt, wanted)
            elif isinstance(part, _Times) and self._is_without_debts(part, debt):
                inner = self._symbol(self._part(part.part), NO_DEBT, frozenset([NO_DEBT]))
                self._made[key] = (
                    self._builder.choice(part.name, [[]])
                    if inner is None
                    else self._builder.repeat_symbol(inner, part.minimum, part.maximum, name=part.name)
                )
            else:
                rule = self._made[key] = self._builder.rule(self._name(part))
                self._pending.append((rule, part, debt, wanted))
        return self._made[key]

    def _terminal(self, symbol: Symbol, debt: Debt, wanted: frozenset[Debt]) -> Symbol:
        texts: list[Expression] = []
        for way, owed in self._ways[symbol]:
            passage = self._debts.passage(way.node, debt)
            fitting = [left | owed in wanted for left in passage.left]
            if not any(fitting):
                continue
            known = self._expressions.get(id(way))
            if known is None:
                known = self._expressions[id(way)] = way.expression(self._builder)
            if passage.free and all(fitting):
                texts.append(known)
                continue
            fit = {left for left in self._debts.reachable(debt) if left | owed in wanted}
            allowed = self._debts.texts(debt, fit)
            texts.append(self._builder.intersection([known, lower(allowed, self._builder)]))
        return self._builder.terminal(self._builder.union(texts), self._lexemes[symbol].name)

    def _alternatives(
        self, name: str, body: tuple[_Part, ...], debt: Debt, wanted: frozenset[Debt]
    ) -> list[tuple[Symbol, ...]]:
        done: list[Symbol] = []
        for index, part in enumerate(body):
            rest = self._rest(name, body[index + 1 :]) if body[index + 1 :] else None
            groups = self._groups(part, debt, rest, wanted)
            if len(groups) != 1:
                return self._forked(done, part, debt, groups, rest, wanted)
            (group,) = groups
            symbol = self._symbol(part, debt, group)
            if symbol is None:
                return []
            done.append(symbol)
            debt = min(group, key=debt_order)
        return [tuple(done)] if body or debt in wanted else []

    def _forked(
        self,
        done: list[Symbol],
        part: _Part,
        debt: Debt,
        groups: Sequence[frozenset[Debt]],
        rest: _Part | None,
        wanted: frozenset[Debt],
    ) -> list[tuple[Symbol, ...]]:
        found = []
        for group in groups:
            first = self._symbol(part, debt, group)
            then = None if rest is None else self._symbol(rest, min(group, key=debt_order), wanted)
            if first is not None and then is not None:
                found.append((*done, first, then))
        return found

    def _groups(self, part: _Part, debt: Debt, rest: _Part | None, wanted: frozenset[Debt]) -> list[frozenset[Debt]]:
        """The debts after a part from which the rest leads to what is wanted; together those that it treats alike."""
        left = sorted(self._after(part, debt), key=debt_order)
        if rest is None:
            last = frozenset(left) & wanted
            return [last] if last else []
        groups: dict[tuple[Debt | None, bool], list[Debt]] = {}
        for each in left:
            if wanted.isdisjoint(self._after(rest, each)):
                continue
            kept = self._may_be_empty(rest) and each in wanted
            groups.setdefault((None if self._is_free(rest, each) else each, kept), []).append(each)
        return [frozenset(group) for group in groups.values()]
