"""Grammars whose recursion ends at a depth: each level is a copy of its rules, the deepest without what goes deeper.

What leads to no recursion is not copied, whatever its depth. Where a recursion is entered, it goes as deep as its least
text needs, so that no value is lost.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from constrain.compiler.components import components
from constrain.compiler.grammar import Demand, Grammar, Option, Symbol, SymbolNode, parts_of, reachable

__all__ = ["MAXIMUM_COPIES", "bounded_depth"]

MAXIMUM_COPIES = 20_000
"""Symbols of all levels together; a recursion of more is left without a bound."""


def bounded_depth(grammar: Grammar, openings: Collection[Symbol], depth: int) -> Grammar:
    """The texts of a grammar in which a recursion is inside ``depth`` containers at most, or as many as it must be.

    Args:
        grammar: of JSON texts.
        openings: the terminals that a container begins with; where one is in an alternative, it comes first.
        depth: containers inside each other.
    """
    return _Levels(grammar, frozenset(openings)).down_to(depth)


class _Levels:
    """The copies of a grammar's symbols, each for a number of containers that may still be opened."""

    def __init__(self, grammar: Grammar, openings: frozenset[Symbol]) -> None:
        self._grammar = grammar
        self._openings = openings
        self._symbols = list(grammar.symbols)
        self._loops: dict[Symbol, int] = {}
        """Of symbols that lead to themselves, which of them lead to each other."""
        self._copied: set[Symbol] = set()
        """Those, and what leads to them."""
        self._heights: dict[Symbol, float] = {}
        """Containers inside each other in the text of a symbol that has the fewest."""
        self._known: dict[tuple[Symbol, int], Symbol] = {}
        self._work: list[tuple[Symbol, int, Symbol]] = []
        uses = {symbol: parts_of(grammar.symbols[symbol]) for symbol in reachable(grammar)}
        for number, component in enumerate(components(uses)):
            if len(component) > 1 or component[0] in uses[component[0]]:
                self._loops.update(dict.fromkeys(component, number))
                self._copied.update(component)
            elif not self._copied.isdisjoint(uses[component[0]]):
                self._copied.add(component[0])
            self._measure(component)

    def down_to(self, depth: int) -> Grammar:
        grammar, start = self._grammar, self._grammar.start
        if start not in self._copied or math.isinf(self._heights[start]) or len(self._loops) * depth > MAXIMUM_COPIES:
            return grammar
        start = self._entered(start, depth)
        while self._work:
            if len(self._known) > MAXIMUM_COPIES:
                return grammar
            symbol, left, copy = self._work.pop()
            self._symbols[copy] = self._level(grammar.symbols[symbol], symbol, left)
        return replace(grammar, symbols=tuple(self._symbols), start=start)

    def _entered(self, symbol: Symbol, left: int) -> Symbol:
        """A symbol's texts with so many containers inside each other, or as many as it takes."""
        if symbol not in self._copied or math.isinf(self._heights[symbol]):
            return symbol
        left = max(left, int(self._heights[symbol]))
        known = self._known.get((symbol, left))
        if known is None:
            known = self._known[symbol, left] = Symbol(len(self._symbols))
            self._symbols.append(self._grammar.symbols[symbol])
            self._work.append((symbol, left, known))
        return known

    def _level(self, node: SymbolNode, symbol: Symbol, left: int) -> SymbolNode:
        """What a symbol is where so many containers may still be opened."""
        loop = self._loops.get(symbol)

        def ends(part: Symbol, left: int) -> bool:
            """Does it lead to another recursion, or to none, or is there room for it?"""
            return loop is None or self._loops.get(part) != loop or self._heights[part] <= left

        if node[0] == "rule":
            bodies: list[tuple[Symbol, ...]] = []
            for parts in node[2]:
                inside = left - self._opens(parts)
                if all(ends(part, inside) for part in parts):
                    bodies.append(tuple([self._entered(part, inside) for part in parts]))
            return "rule", node[1], tuple(bodies)
        if node[0] == "repeat" and ends(node[2], left):
            return "repeat", node[1], self._entered(node[2], left), node[3], node[4], node[5]
        if node[0] == "repeat":
            return "rule", node[1], ((),)
        if node[0] == "members":
            kept = [option for option in node[2] if ends(option.symbol, left)]
            options = tuple([option._replace(symbol=self._entered(option.symbol, left)) for option in kept])
            return "members", node[1], options, node[3], node[4], node[5], node[6], node[7]
        return node

    def _opens(self, parts: Sequence[Symbol]) -> bool:
        return bool(parts) and parts[0] in self._openings

    def _measure(self, component: Sequence[Symbol]) -> None:
        """Find the heights of symbols that lead to each other; those of all others that they lead to are known."""
        self._heights.update(dict.fromkeys(component, math.inf))
        changed = True
        while changed:
            changed = False
            for symbol in component:
                height = self._height(self._grammar.symbols[symbol])
                if height < self._heights[symbol]:
                    self._heights[symbol] = height
                    changed = len(component) > 1

    def _height(self, node: SymbolNode) -> float:
        heights = self._heights
        if node[0] == "rule":
            ways = [self._opens(parts) + max([heights[part] for part in parts], default=0) for parts in node[2]]
            return min(ways, default=math.inf)
        if node[0] == "repeat":
            return heights[node[2]] if node[3] else 0
        if node[0] == "members":
            return self._height_of_members(node[2], node[5], node[7])
        return 0

    def _height_of_members(self, options: Sequence[Option], minimum: int, choices: Iterable[Iterable[Demand]]) -> float:
        """What the required ones need, and as many others as must be there; of demands, what they need at least."""
        groups: dict[object, list[Option]] = {}
        for place, option in enumerate(options):
            groups.setdefault(("alone", place) if option.group is None else option.group, []).append(option)
        required, others = [0.0], []
        for group in groups.values():
            height = min(self._heights[option.symbol] for option in group)
            if group[0].required:
                required.append(height)
            else:
                others.append(height)
            if not group[0].unique:
                others += [height] * minimum
        missing = minimum - (len(required) - 1)
        if missing > 0:
            required.append(sorted(others)[missing - 1] if missing <= len(others) else math.inf)
        setting: dict[int, float] = {}
        for option in options:
            for fact in option.sets:
                setting[fact] = min(setting.get(fact, math.inf), self._heights[option.symbol])
        for choice in choices:
            needed = [max([setting.get(fact, math.inf) for fact in demand.needs], default=0) for demand in choice]
            required.append(min(needed, default=math.inf))
        return max(required)
