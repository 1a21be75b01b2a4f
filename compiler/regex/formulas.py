"""Boolean formulas over numbered variables in one form each: reduced ordered binary decision diagrams (Bryant, IEEE
Transactions on Computers 35, 1986).

A formula is a number; equal formulas have equal numbers. Nothing recurses: a formula may be as deep as it has
variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["FALSE", "TRUE", "Formula", "Formulas"]

Formula: TypeAlias = int
_Choice: TypeAlias = tuple[Formula, Formula, Formula]

FALSE: Formula = 0
TRUE: Formula = 1
_NO_VARIABLE = 1 << 60


class Formulas:
    """All formulas made so far."""

    def __init__(self, spend: Callable[[int], None]) -> None:
        """``spend`` is told of each step of work, and may raise when there were too many."""
        self._spend = spend
        # variable, and the formula if it does not hold, and if it does
        self._nodes: list[_Choice] = [(_NO_VARIABLE, FALSE, FALSE), (_NO_VARIABLE, TRUE, TRUE)]
        self._numbers: dict[_Choice, Formula] = {}
        self._chosen: dict[_Choice, Formula] = {}

    def variable(self, number: int) -> Formula:
        """The formula that holds where the variable does."""
        return self._node(number, FALSE, TRUE)

    def parts(self, formula: Formula) -> tuple[int, Formula, Formula]:
        """The first variable of a formula that has one, and what is left where it does not hold, and where it does."""
        return self._nodes[formula]

    def both(self, left: Formula, right: Formula) -> Formula:
        """Where both hold."""
        return self.choose(left, right, FALSE)

    def either(self, left: Formula, right: Formula) -> Formula:
        """Where one of them holds."""
        return self.choose(left, TRUE, right)

    def negation(self, formula: Formula) -> Formula:
        """Where it does not hold."""
        return self.choose(formula, FALSE, TRUE)

    def choose(self, condition: Formula, then: Formula, otherwise: Formula) -> Formula:
        """``then`` where the condition holds, and ``otherwise`` elsewhere."""
        answer = self._at_once(condition, then, otherwise)
        if answer is not None:
            return answer
        nodes, chosen = self._nodes, self._chosen
        root = (condition, then, otherwise)
        stack = [root]
        while stack:
            triple = stack[-1]
            if triple in chosen:
                stack.pop()
                continue
            variable = min(nodes[part][0] for part in triple)
            halves = []
            for side in (1, 2):
                half = [nodes[part][side] if nodes[part][0] == variable else part for part in triple]
                key = (half[0], half[1], half[2])
                known = self._at_once(*key)
                if known is None:
                    known = chosen.get(key)
                if known is None:
                    stack.append(key)
                else:
                    halves.append(known)
            if len(halves) == 2:
                self._spend(1)
                chosen[triple] = self._node(variable, *halves)
                stack.pop()
        return chosen[root]

    def replaced(self, formula: Formula, by: Callable[[int], Formula], known: dict[Formula, Formula]) -> Formula:
        """The formula with another one in place of each variable; ``known`` keeps what was found out on the way."""
        known[FALSE], known[TRUE] = FALSE, TRUE
        stack = [formula]
        while stack:
            top = stack[-1]
            if top in known:
                stack.pop()
                continue
            variable, low, high = self._nodes[top]
            missing = [part for part in (low, high) if part not in known]
            if missing:
                stack.extend(missing)
                continue
            known[top] = self.choose(by(variable), known[high], known[low])
            stack.pop()
        return known[formula]

    def holds(self, formula: Formula, variable: int) -> bool:
        """Does it hold where this variable does, and no other?"""
        while formula > TRUE:
            first, low, high = self._nodes[formula]
            formula = high if first == variable else low
        return formula == TRUE

    def _at_once(self, condition: Formula, then: Formula, otherwise: Formula) -> Formula | None:
        if condition == TRUE or then == otherwise:
            return then
        if condition == FALSE:
            return otherwise
        if then == TRUE and otherwise == FALSE:
            return condition
        return None

    def _node(self, variable: int, low: Formula, high: Formula) -> Formula:
        if low == high:
            return low
        key = (variable, low, high)
        known = self._numbers.get(key)
        if known is None:
            known = self._numbers[key] = len(self._nodes)
            self._nodes.append(key)
        return known
