"""A grammar, multiplied out by what its parts owe: see the package.

A part (a symbol, or the rest of an alternative) is asked for with the debt before it and the debts that may be left
after it. Debts after which everything goes on alike are asked for together: so where nothing that follows can break a
debt, there is one copy of a part, and its terminals are whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from constrain.compiler.grammar import Expression, Grammar, GrammarBuilder, Symbol
from constrain.compiler.lark.following.debts import NO_DEBT, Debt, Debts, debt_order
from constrain.compiler.lark.following.parts import Part, Parts, Row, Times, alone
from constrain.compiler.regex.ast import Look, Node
from constrain.compiler.regex.lower import lower
from constrain.compiler.regex.membership import nullable
from constrain.errors import LimitError

__all__ = ["Lexeme", "Way", "multiplied"]

MAXIMUM_STEPS = 300_000
"""Parts with debts that are looked at, a few microseconds each, beyond those of the grammar itself."""

MAXIMUM_COPIES = 5_000
"""Parts with the debts before and after them, of which symbols are made, beyond those of the grammar itself."""


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


_Asked: TypeAlias = tuple[Part, Debt]
"""A part, with the debt before it."""

_Next: TypeAlias = Row | Literal["done", "repeated"]
"""What comes next in a part that is looked into: the rest of an alternative, nothing, or more of a repetition."""

_Step: TypeAlias = tuple[_Asked, _Next, Debt]
"""A part that is looked into, what comes next in it, and the debt before that."""


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
        self._parts = Parts(
            grammar,
            {
                symbol: any(way.node is not None and nullable(way.node) for way in lexeme.ways)
                for symbol, lexeme in lexemes.items()
            },
        )
        # what a grammar without debts would take comes on top
        self._steps_left = MAXIMUM_STEPS + 10 * self._parts.size
        self._most_copies = MAXIMUM_COPIES + self._parts.size
        # the debts that may be left after a part, and what they are found from
        self._left: dict[_Asked, dict[Debt, None]] = {}
        self._waiting: dict[_Asked, dict[tuple[_Asked, _Next], None]] = {}
        self._agenda: list[_Step] = []
        self._done: set[_Step] = set()
        self._standing: dict[_Asked, Debt] = {}
        self._builder = GrammarBuilder()
        self._expressions: dict[int, Expression] = {}
        self._made: dict[tuple[Part, Debt, frozenset[Debt]], Symbol] = {}
        self._pending: list[tuple[Symbol, Part, Debt, frozenset[Debt]]] = []

    def build(self) -> Grammar:
        """The grammar."""
        start = self._parts.part(self._grammar.start)
        ends = frozenset(debt for debt in self._after(start, NO_DEBT) if self._debts.may_end(debt))
        symbol = self._symbol(start, NO_DEBT, ends)
        if symbol is None:
            symbol = self._builder.choice(self._parts.name(start), [])
        while self._pending:
            rule, part, debt, wanted = self._pending.pop()
            alternatives: list[tuple[Symbol, ...]] = []
            for row in self._parts.alternatives(part):
                alternatives.extend(self._alternatives(row, debt, wanted))
            self._builder.define(rule, alternatives)
        return self._builder.finish(symbol)

    # -- debts -------------------------------------------------------------------------------------------------

    def _is_free(self, part: Part, debt: Debt) -> bool:
        """Does the first character of the part's texts pay the debt, whichever it is?"""
        return debt == NO_DEBT or all(
            self._debts.passage(way.node, debt).free
            for terminal in self._parts.first_terminals(part)
            for way, _ in self._ways[terminal]
        )

    def _stands_for(self, part: Part, debt: Debt) -> Debt:
        """The debt itself, or none if that makes no difference to the part."""
        known = self._standing.get((part, debt))
        if known is None:
            same = not self._parts.may_be_empty(part) and self._is_free(part, debt)
            known = self._standing[part, debt] = NO_DEBT if same else debt
        return known

    def _after(self, part: Part, debt: Debt) -> dict[Debt, None]:
        """The debts that may be left after a part."""
        asked = self._ask(part, debt)
        while self._agenda:
            step = self._agenda.pop()
            self._spend()
            if step in self._done:
                continue
            self._done.add(step)
            reader, following, before = step
            if following == "done":
                self._find(reader, before)
            elif following == "repeated":
                self._find_in_repetition(reader, before)
            elif reader[0] is following:
                self._wait(reader, following.rest or "done", self._ask(following.part, before))
            else:
                self._wait(reader, "done", self._ask(alone(following), before))
        return self._left[asked]

    def _ask(self, part: Part, debt: Debt) -> _Asked:
        asked = (part, self._stands_for(part, debt))
        if asked in self._left:
            return asked
        self._left[asked] = {}
        self._waiting[asked] = {}
        if isinstance(part, int) and part in self._ways:
            for way, owed in self._ways[part]:
                for left in self._debts.passage(way.node, asked[1]).left:
                    self._find(asked, left | owed)
        elif isinstance(part, Times) and asked[1] == NO_DEBT:
            # looked into only where a debt is left inside
            inner = self._ask(self._parts.part(part.part), NO_DEBT)
            self._wait(asked, "repeated", inner)
            if part.minimum == 0:
                self._find(asked, NO_DEBT)
        else:
            self._agenda.extend((asked, row or "done", asked[1]) for row in self._parts.alternatives(part))
        return asked

    def _wait(self, reader: _Asked, following: _Next, inner: _Asked) -> None:
        """Goes on with what follows after whatever is left, or comes to be left, after an inner part."""
        if (reader, following) not in self._waiting[inner]:
            self._waiting[inner][reader, following] = None
            self._agenda.extend((reader, following, left) for left in self._left[inner])

    def _find(self, asked: _Asked, left: Debt) -> None:
        if left not in self._left[asked]:
            self._left[asked][left] = None
            self._agenda.extend((reader, following, left) for reader, following in self._waiting[asked])

    def _find_in_repetition(self, asked: _Asked, left: Debt) -> None:
        if left == NO_DEBT:
            self._find(asked, NO_DEBT)
        else:
            self._agenda.extend((asked, row or "done", NO_DEBT) for row in self._parts.alternatives(asked[0]))

    def _is_without_debts(self, part: Part, debt: Debt) -> bool:
        """Is it a repetition before, in and after which nothing is owed? Such a one stays as it is."""
        return (
            isinstance(part, Times)
            and debt == NO_DEBT
            and self._after(self._parts.part(part.part), NO_DEBT).keys() <= {NO_DEBT}
        )

    def _spend(self) -> None:
        self._steps_left -= 1
        if self._steps_left < 0 or len(self._made) > self._most_copies:
            raise LimitError(
                "what terminals ask of the text after them multiplies the grammar's rules beyond "
                f"{MAXIMUM_COPIES} copies, or {MAXIMUM_STEPS} steps",
                expected="fewer words that names must not be, shorter lookahead, or the contextual lexer; these limits "
                "are fixed",
            )

    # -- making ------------------------------------------------------------------------------------------------

    def _symbol(self, part: Part, debt: Debt, wanted: frozenset[Debt]) -> Symbol | None:
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
            elif isinstance(part, Times) and self._is_without_debts(part, debt):
                inner = self._symbol(self._parts.part(part.part), NO_DEBT, frozenset([NO_DEBT]))
                self._made[key] = (
                    self._builder.choice(part.name, [[]])
                    if inner is None
                    else self._builder.repeat_symbol(inner, part.minimum, part.maximum, name=part.name)
                )
            else:
                rule = self._made[key] = self._builder.rule(self._parts.name(part))
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

    def _alternatives(self, row: Row | None, debt: Debt, wanted: frozenset[Debt]) -> list[tuple[Symbol, ...]]:
        if row is None:
            return [()] if debt in wanted else []
        done: list[Symbol] = []
        while row is not None:
            rest = None if row.rest is None else alone(row.rest)
            groups = self._groups(row.part, debt, rest, wanted)
            if len(groups) != 1:
                return self._forked(done, row.part, debt, groups, rest, wanted)
            (group,) = groups
            symbol = self._symbol(row.part, debt, group)
            if symbol is None:
                return []
            done.append(symbol)
            debt = min(group, key=debt_order)
            row = row.rest
        return [tuple(done)]

    def _forked(
        self,
        done: list[Symbol],
        part: Part,
        debt: Debt,
        groups: Sequence[frozenset[Debt]],
        rest: Part | None,
        wanted: frozenset[Debt],
    ) -> list[tuple[Symbol, ...]]:
        found = []
        for group in groups:
            first = self._symbol(part, debt, group)
            then = None if rest is None else self._symbol(rest, min(group, key=debt_order), wanted)
            if first is not None and then is not None:
                found.append((*done, first, then))
        return found

    def _groups(self, part: Part, debt: Debt, rest: Part | None, wanted: frozenset[Debt]) -> list[frozenset[Debt]]:
        """The debts after a part from which the rest leads to what is wanted; together those that it treats alike."""
        left = sorted(self._after(part, debt), key=debt_order)
        if rest is None:
            last = frozenset(left) & wanted
            return [last] if last else []
        groups: dict[tuple[Debt | None, bool], list[Debt]] = {}
        for each in left:
            if wanted.isdisjoint(self._after(rest, each)):
                continue
            kept = self._parts.may_be_empty(rest) and each in wanted
            groups.setdefault((None if self._is_free(rest, each) else each, kept), []).append(each)
        return [frozenset(group) for group in groups.values()]
