"""What is owed to terminals that were read: conditions on the rest of the text, as states of one automaton.

Every condition is an automaton over the rest of the text (:mod:`~constrain.compiler.regex.determinise`). All of them
together are one, the smallest, so that conditions that say the same are the same state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import NamedTuple, TypeAlias

from constrain.compiler.regex.alphabet import Alphabet
from constrain.compiler.regex.ast import (
    EMPTY,
    EVERYTHING,
    NOTHING,
    Automaton,
    CharacterClass,
    Look,
    Node,
    Ranges,
    concat,
    union,
)
from constrain.compiler.regex.determinise import determinise
from constrain.compiler.regex.heads import common, heads
from constrain.compiler.regex.membership import nullable
from constrain.compiler.regex.minimise import Row, minimised
from constrain.errors import LimitError

__all__ = ["NO_DEBT", "Debt", "Debts", "Passage", "debt_order"]

Debt: TypeAlias = frozenset[int]
"""States that must all accept the rest of the text."""

NO_DEBT: Debt = frozenset()

MAXIMUM_DEBTS = 1_000
"""Different debts of one grammar."""

MAXIMUM_STEPS = 5_000
"""Steps through a terminal's texts that are taken before anything is thought possible that the debt alone allows."""


class Passage(NamedTuple):
    """What becomes of a debt while a terminal is read.

    Attributes:
        left: all that may be left of it at the terminal's end; perhaps some that no text leaves.
        free: is it paid by the first character, whichever of the terminal's it is?
    """

    left: tuple[Debt, ...]
    free: bool


def debt_order(debt: Debt) -> tuple[int, ...]:
    """Something to sort debts by."""
    return tuple(sorted(debt))


class Debts:
    """The debts of one grammar."""

    def __init__(self, conditions: Iterable[tuple[Look, ...]]) -> None:
        """Args: all lookahead that stands at an end of a terminal.

        Raises:
            LimitError: the conditions are too large.
        """
        tables = {looks: determinise(concat([*looks, EVERYTHING])) for looks in dict.fromkeys(conditions)}
        automata = {looks: table for looks, table in tables.items() if isinstance(table, Automaton)}
        classes = [ranges for table in automata.values() for _, steps in table.states for ranges, _ in steps]
        numbers = {ranges: number for number, ranges in enumerate(dict.fromkeys(classes))}
        self._alphabet = Alphabet(list(numbers))
        letters_of = {ranges: self._letters_of(number) for ranges, number in numbers.items()}
        self._letters = (1 << len(self._alphabet.members)) - 1
        # all in one table, behind a state with a letter of its own for each
        rows: list[Row] = [{}]
        accepting = [False]
        letter = self._letters + 1
        for table in automata.values():
            first = len(rows)
            rows[0][first] = letter
            letter <<= 1
            for accepts, steps in table.states:
                row: Row = {}
                for ranges, to in steps:
                    row[first + to] = row.get(first + to, 0) | letters_of[ranges]
                rows.append(row)
                accepting.append(accepts)
        self._accepting, self._rows = minimised(accepting, rows)
        entries = {bit: to for to, bits in self._rows[0].items() for bit in _bits(bits)}
        self._owed: dict[tuple[Look, ...], Debt] = {}
        letter = self._letters + 1
        for looks in automata:
            self._owed[looks] = self._of_states([entries[letter]])
            letter <<= 1
        self._moves: dict[Debt, dict[Debt, int]] = {NO_DEBT: {NO_DEBT: self._letters}}
        self._character_moves_of: dict[Debt, list[tuple[Ranges, Debt]]] = {}
        # by the identity of a node, which is kept beside it: nodes are large
        self._passages: dict[tuple[int, Debt], Passage] = {}
        self._heads: dict[int, tuple[Node, bool, list[tuple[Ranges, Node]]]] = {}

    def of(self, looks: tuple[Look, ...]) -> Debt | None:
        """The debt that a terminal leaves; None if no text may follow, not even none."""
        return self._owed.get(looks) if looks else NO_DEBT

    def may_end(self, debt: Debt) -> bool:
        """May the text end here?"""
        return all(self._accepting[state] for state in debt)

    def passage(self, node: Node | None, debt: Debt) -> Passage:
        """What becomes of a debt while a terminal is read; None is a terminal of which nothing is known."""
        known = self._passages.get((id(node), debt))
        if known is None:
            known = self._passages[id(node), debt] = self._pass(node, debt)
        return known

    def reachable(self, debt: Debt) -> list[Debt]:
        """All that may be left of a debt, itself first."""
        found = {debt: None}
        pending = [debt]
        while pending:
            for to in self._moves_of(pending.pop()):
                if to not in found:
                    found[to] = None
                    pending.append(to)
        return list(found)

    def texts(self, debt: Debt, wanted: Set[Debt]) -> Node:
        """All texts that leave of a debt one of those that are wanted."""
        first = self._moves_of(debt)
        if not first.keys() - {NO_DEBT}:
            more = union([self._any_of(first[NO_DEBT])] if first and NO_DEBT in wanted else [])
            return union([concat([more, EVERYTHING]), *([EMPTY] if debt in wanted else [])])
        reached = self.reachable(debt)
        numbers = {each: number for number, each in enumerate(reached)}
        rows = [{numbers[to]: letters for to, letters in self._moves_of(each).items()} for each in reached]
        accepting, rows = minimised([each in wanted for each in reached], rows)
        if not any(accepting):
            return NOTHING
        ranges = self._alphabet.ranges
        steps = [tuple(sorted((ranges(letters), to) for to, letters in row.items())) for row in rows]
        return Automaton(tuple(zip(accepting, steps, strict=True)))

    def _pass(self, node: Node | None, debt: Debt) -> Passage:
        if debt == NO_DEBT:
            return Passage((NO_DEBT,), free=True)
        if node is None:
            return self._any_passage(debt)
        if id(node) not in self._heads:
            self._heads[id(node)] = node, nullable(node), heads(node)
        _, empty, first = self._heads[id(node)]
        left = {debt} if empty else set()
        free = True
        seen: set[tuple[Node, Debt]] = set()
        pending: list[tuple[Node, Debt]] = []
        for ranges, rest in first:
            paid = False
            for of_debt, to in self._character_moves(debt):
                both = common(ranges, of_debt)
                paid = paid or (to == NO_DEBT and both == ranges)
                if both:
                    pending.append((rest, to))
            free = free and paid
        while pending:
            at, owed = pending.pop()
            if owed == NO_DEBT:
                left.add(NO_DEBT)
                continue
            if (at, owed) in seen:
                continue
            seen.add((at, owed))
            if len(seen) > MAXIMUM_STEPS:
                return self._any_passage(debt)
            if nullable(at):
                left.add(owed)
            moves = self._character_moves(owed)
            for ranges, rest in heads(at):
                pending.extend((rest, to) for of_debt, to in moves if common(ranges, of_debt))
        return Passage(tuple(sorted(left, key=debt_order)), free)

    def _any_passage(self, debt: Debt) -> Passage:
        return Passage(tuple(sorted(self.reachable(debt), key=debt_order)), free=False)

    def _moves_of(self, debt: Debt) -> dict[Debt, int]:
        """The debts that a character leads to, by the letters; where it breaks one there is none."""
        known = self._moves.get(debt)
        if known is None:
            if len(self._moves) > MAXIMUM_DEBTS:
                raise LimitError(
                    f"what terminals ask of the text after them makes more than {MAXIMUM_DEBTS} different conditions",
                    expected="fewer or shorter lookahead at their ends; this limit is fixed",
                )
            moves = [(self._letters, frozenset[int]())]
            for state in debt:
                steps = self._rows[state].items()
                moves = [
                    (letters & others, to | {after})
                    for letters, to in moves
                    for after, others in steps
                    if letters & others
                ]
            known = self._moves[debt] = {}
            for letters, to in moves:
                after = self._of_states(to)
                known[after] = known.get(after, 0) | letters
        return known

    def _character_moves(self, debt: Debt) -> list[tuple[Ranges, Debt]]:
        known = self._character_moves_of.get(debt)
        if known is None:
            moves = self._moves_of(debt).items()
            known = self._character_moves_of[debt] = [(self._alphabet.ranges(letters), to) for to, letters in moves]
        return known

    def _of_states(self, states: Iterable[int]) -> Debt:
        """Without those that accept everything."""
        anything = self._letters
        return frozenset(
            state for state in states if not (self._accepting[state] and self._rows[state] == {state: anything})
        )

    def _any_of(self, letters: int) -> Node:
        return CharacterClass(self._alphabet.ranges(letters))

    def _letters_of(self, number: int) -> int:
        """Of a class, by its number in the alphabet."""
        return sum(1 << letter for letter, members in enumerate(self._alphabet.members) if members >> number & 1)


def _bits(number: int) -> Sequence[int]:
    found = []
    while number:
        found.append(number & -number)
        number &= number - 1
    return found
