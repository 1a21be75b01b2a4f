"""Which terminals a text may go on with at one place.

Rules are taken for what they look like from the left: a network of arcs, in which the end of a rule leads back to every
place that uses it. A place is what a sequence of terminals leads to; the sets of places are made as for any automaton.
Since the network forgets who called, a place may have terminals too many, and never too few.
"""

from __future__ import annotations

from collections.abc import Iterable

from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, RuleSet
from constrain.errors import LimitError

__all__ = ["awaited_together", "key_of"]

MAXIMUM_STEPS = 2_000_000
"""Arcs followed for one grammar."""

MAXIMUM_PLACES = 5_000
"""Places of one grammar."""


def key_of(rules: RuleSet, node: Node) -> str | None:
    """The name of a terminal of Lark, where a part is one: its own, or as it is written."""
    if isinstance(node, Lexeme):
        return node.written
    return node.text if isinstance(node, Name) and rules.rules[node.text].is_terminal else None


def awaited_together(rules: RuleSet) -> list[frozenset[str]]:
    """Sets of terminals, by their names: each may be awaited at one place.

    Raises:
        LimitError: there are too many places.
    """
    network = _Network(rules)
    found: dict[frozenset[str], None] = {}
    known: set[frozenset[int]] = set()
    pending = [network.closed([network.start])]
    while pending:
        place = pending.pop()
        if place in known:
            continue
        known.add(place)
        if len(known) > MAXIMUM_PLACES:
            raise _too_many()
        leaving: dict[str, set[int]] = {}
        for state in place:
            for name, following in network.terminals[state]:
                leaving.setdefault(name, set()).add(following)
        found[frozenset(leaving)] = None
        pending.extend(network.closed(states) for states in leaving.values())
    return list(found)


class _Network:
    """States, arcs without text (``empty``) and arcs of terminals, by state."""

    def __init__(self, rules: RuleSet) -> None:
        self.empty: list[list[int]] = []
        self.terminals: list[list[tuple[str, int]]] = []
        self._rules = rules
        self._steps = 0
        ends = {name: (self._state(), self._state()) for name, rule in rules.rules.items() if not rule.is_terminal}
        self._ends = ends
        for name, (begin, end) in ends.items():
            self._add(rules.rules[name].body, begin, end)
        self.start = ends[rules.start][0]

    def closed(self, states: Iterable[int]) -> frozenset[int]:
        """What is reached without text; only states that terminals leave are kept."""
        found = set(states)
        pending = list(found)
        while pending:
            after = self.empty[pending.pop()]
            self._steps += 1 + len(after)
            for state in after:
                if state not in found:
                    found.add(state)
                    pending.append(state)
        if self._steps > MAXIMUM_STEPS:
            raise _too_many()
        return frozenset(state for state in found if self.terminals[state])

    def _state(self) -> int:
        self.empty.append([])
        self.terminals.append([])
        return len(self.empty) - 1

    def _add(self, node: Node, begin: int, end: int) -> None:
        terminal = key_of(self._rules, node)
        if terminal is not None:
            self.terminals[begin].append((terminal, end))
            return
        match node:
            case Name(name):
                first, last = self._ends[name]
                self.empty[begin].append(first)
                self.empty[last].append(end)
            case Choice(alternatives):
                for items in alternatives:
                    state = begin
                    for item in items:
                        following = self._state()
                        self._add(item, state, following)
                        state = following
                    self.empty[state].append(end)
            case Repeat(part, minimum, maximum):
                first, last = self._state(), self._state()
                self.empty[begin].append(first)
                self.empty[last].append(end)
                if maximum != 0:
                    self._add(part, first, last)
                if minimum == 0:
                    self.empty[begin].append(end)
                if maximum is None or maximum > 1:
                    self.empty[last].append(first)
            case Difference(left):
                self._add(left, begin, end)


def _too_many() -> LimitError:
    return LimitError(f"the grammar has more than {MAXIMUM_PLACES} places")
