"""Regular expressions without intersection, complement and automata, which no notation here can write.

They come from lazy quantifiers, lookaround and differences. Derivatives (Brzozowski, Journal of the ACM 11, 1964) make
one automaton of such a part, and elimination of its states (Brzozowski and McCluskey, 1963) a plain expression, often a
short one: ``/".*?"/`` becomes a quote, anything but quotes, and a quote.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from constrain.compiler.regex.ast import (
    EMPTY,
    NOTHING,
    Automaton,
    CharacterClass,
    Complement,
    Concat,
    Intersection,
    Node,
    Ranges,
    Repeat,
    States,
    Union,
    character_class,
    concat,
    repeat,
    subexpressions,
    union,
)
from constrain.errors import UnsupportedError

__all__ = ["without_sets"]

MAXIMUM_STATES = 200
"""States of the automaton of one part."""

MAXIMUM_SIZE = 5_000
"""Nodes of the part, and of the expression that comes of it."""

MAXIMUM_OPERATORS = 200
"""Nodes of the part that are no classes; recursion goes through no more of them."""

_Term: TypeAlias = int
"""An expression by its number; equal ones have equal numbers."""

_NOTHING, _EMPTY = 0, 1

_SETS = (Intersection, Complement, Automaton)


def without_sets(root: Node) -> Node:
    """An expression of the same language that holds no intersection, no complement and no automaton.

    Raises:
        UnsupportedError: there is none of a reasonable size.
    """
    if not any(isinstance(node, _SETS) for node in subexpressions(root)):
        return root
    match root:
        case Concat(parts):
            return concat([without_sets(part) for part in parts])
        case Union(parts):
            return union([without_sets(part) for part in parts])
        case Repeat(part, minimum, maximum):
            return repeat(without_sets(part), minimum, maximum)
        case _:
            return _plain(root)


def _plain(root: Node) -> Node:
    nodes = list(subexpressions(root))
    classes = [node.ranges for node in nodes if isinstance(node, CharacterClass)]
    operators = len(nodes) - len(classes)
    for node in nodes:
        if isinstance(node, Automaton):
            classes.extend(ranges for _, steps in node.states for ranges, _ in steps)
    if len(classes) + operators > MAXIMUM_SIZE or operators > MAXIMUM_OPERATORS:
        raise _too_large()
    letters = _letters(classes)
    terms = _Terms()
    start = terms.of(root)
    moves: dict[_Term, dict[_Term, list[int]]] = {}
    pending = [start]
    while pending:
        state = pending.pop()
        if state in moves:
            continue
        moves[state] = {}
        if len(moves) > MAXIMUM_STATES:
            raise _too_large()
        for number, letter in enumerate(letters):
            following = terms.derivative(state, letter[0][0])
            moves[state].setdefault(following, []).append(number)
            pending.append(following)
    edges: dict[_Term, dict[_Term, Node]] = {
        state: {
            following: character_class([span for number in numbers for span in letters[number]])
            for following, numbers in after.items()
        }
        for state, after in _alive(moves, terms).items()
    }
    return _eliminated(edges, start, [state for state in edges if terms.nullable(state)])


def _letters(classes: Sequence[Ranges]) -> list[Ranges]:
    """Sets of characters that no class tells apart, all characters together."""
    # at each border, which classes begin or end there, as bits
    cuts = dict.fromkeys((0, 0xD800, 0xE000, 0x110000), 0)
    for number, ranges in enumerate(dict.fromkeys(classes)):
        for low, high in ranges:
            for border in (low, high + 1):
                cuts[border] = cuts.get(border, 0) ^ 1 << number
    inside = 0
    groups: dict[int, list[tuple[int, int]]] = {}
    for low, following in pairwise(sorted(cuts)):
        inside ^= cuts[low]
        if low != 0xD800:
            groups.setdefault(inside, []).append((low, following - 1))
    return [tuple(spans) for spans in groups.values()]


def _alive(moves: dict[_Term, dict[_Term, list[int]]], terms: _Terms) -> dict[_Term, dict[_Term, list[int]]]:
    """The automaton without states from which no text ends."""
    alive = {state for state in moves if terms.nullable(state)}
    grown = True
    while grown:
        more = {state for state, after in moves.items() if state not in alive and alive.intersection(after)}
        grown = bool(more)
        alive |= more
    return {
        state: {following: letters for following, letters in after.items() if following in alive}
        for state, after in moves.items()
        if state in alive
    }


def _eliminated(edges: dict[_Term, dict[_Term, Node]], start: _Term, ends: Sequence[_Term]) -> Node:
    """The expression of an automaton."""
    begin, end = -1, -2
    after: dict[_Term, dict[_Term, Node]] = {state: dict(out) for state, out in edges.items()}
    if start not in after:
        return NOTHING
    after[begin] = {start: EMPTY}
    after[end] = {}
    for state in ends:
        after[state][end] = EMPTY
    while len(after) > 2:
        before = {state: [other for other, out in after.items() if state in out and other != state] for state in after}
        state = min(
            (each for each in after if each >= 0), key=lambda each: (len(before[each]) * len(after[each]), -each)
        )
        out = after.pop(state)
        loop = repeat(out.pop(state, NOTHING), 0, None)
        for other in before[state]:
            entering = after[other].pop(state)
            for following, leaving in out.items():
                path = concat([entering, loop, leaving])
                known = after[other].get(following)
                after[other][following] = path if known is None else union([known, path])
                if _size(after[other][following]) > MAXIMUM_SIZE:
                    raise _too_large()
    return after[begin].get(end, NOTHING)


def _size(root: Node) -> int:
    size = 0
    for _ in subexpressions(root):
        size += 1
        if size > MAXIMUM_SIZE:
            break
    return size


def _too_large() -> UnsupportedError:
    return UnsupportedError(
        "a lazy quantifier, an assertion or a difference of this size, written out, is not implemented",
        expected="a pattern without it, such as a class that leaves the closing character out",
    )


class _Terms:
    """Expressions by number, in forms that make equal ones out of most that have the same language."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Any, ...], _Term] = {}
        self._nodes: list[tuple[Any, ...]] = []
        self._nullable: dict[_Term, bool] = {}
        self._derivatives: dict[tuple[_Term, int], _Term] = {}
        self._automata: list[States] = []
        self._numbers_of_automata: dict[Node, int] = {}
        self._add("union", frozenset())
        self._add("empty")

    def of(self, node: Node) -> _Term:
        """The number of a tree's expression."""
        match node:
            case CharacterClass(ranges):
                return self._add("class", ranges) if ranges else _NOTHING
            case Concat(parts):
                return self._concat([self.of(part) for part in parts])
            case Union(parts):
                return self._union({self.of(part) for part in parts})
            case Intersection(parts):
                return self._intersection({self.of(part) for part in parts})
            case Complement(part):
                return self._complement(self.of(part))
            case Repeat(part, minimum, maximum):
                return self._repeat(self.of(part), minimum, maximum)
            case Automaton(states):
                number = self._numbers_of_automata.setdefault(node, len(self._automata))
                if number == len(self._automata):
                    self._automata.append(states)
                return self._add("state", number, 0)
            case _:
                raise ValueError(f"unresolved {node}")

    def nullable(self, term: _Term) -> bool:
        """Does it match the empty text?"""
        if term not in self._nullable:
            kind, *parts = self._nodes[term]
            match kind:
                case "empty":
                    answer = True
                case "class":
                    answer = False
                case "concat":
                    answer = all(self.nullable(part) for part in parts)
                case "union":
                    answer = any(self.nullable(part) for part in parts[0])
                case "intersection":
                    answer = all(self.nullable(part) for part in parts[0])
                case "not":
                    answer = not self.nullable(parts[0])
                case "state":
                    number, state = parts
                    answer = self._automata[number][state][0]
                case _:
                    answer = parts[1] == 0 or self.nullable(parts[0])
            self._nullable[term] = answer
        return self._nullable[term]

    def derivative(self, term: _Term, character: int) -> _Term:
        """What may follow a character."""
        key = (term, character)
        if key not in self._derivatives:
            self._derivatives[key] = self._derived(self._nodes[term], character)
        return self._derivatives[key]

    def _derived(self, node: tuple[Any, ...], character: int) -> _Term:
        kind, *parts = node
        match kind:
            case "empty":
                return _NOTHING
            case "class":
                return _EMPTY if any(low <= character <= high for low, high in parts[0]) else _NOTHING
            case "concat":
                first, rest = parts
                found = {self._concat([self.derivative(first, character), rest])}
                if self.nullable(first):
                    found.add(self.derivative(rest, character))
                return self._union(found)
            case "union":
                return self._union({self.derivative(part, character) for part in parts[0]})
            case "intersection":
                return self._intersection({self.derivative(part, character) for part in parts[0]})
            case "not":
                return self._complement(self.derivative(parts[0], character))
            case "state":
                number, state = parts
                for ranges, following in self._automata[number][state][1]:
                    if any(low <= character <= high for low, high in ranges):
                        return self._add("state", number, following)
                return _NOTHING
            case _:
                part, minimum, maximum = parts
                rest = self._repeat(part, max(minimum - 1, 0), None if maximum is None else maximum - 1)
                return self._concat([self.derivative(part, character), rest])

    # -- constructors ------------------------------------------------------------------------------------------

    def _add(self, *node: Any) -> _Term:
        known = self._numbers.setdefault(node, len(self._nodes))
        if known == len(self._nodes):
            self._nodes.append(node)
        return known

    def _concat(self, parts: Sequence[_Term]) -> _Term:
        """Nested to the right, so that there is one form."""
        flat: list[_Term] = []
        for part in parts:
            while self._nodes[part][0] == "concat":
                _, first, part = self._nodes[part]
                flat.append(first)
            flat.append(part)
        result = _EMPTY
        for part in reversed(flat):
            if part == _NOTHING:
                return _NOTHING
            if part != _EMPTY:
                result = part if result == _EMPTY else self._add("concat", part, result)
        return result

    def _union(self, parts: Iterable[_Term]) -> _Term:
        flat: set[_Term] = set()
        for part in parts:
            flat.update(self._nodes[part][1] if self._nodes[part][0] == "union" else (part,))
        if len(flat) == 1:
            return flat.pop()
        if any(self._nodes[part] == ("not", _NOTHING) for part in flat):
            return self._complement(_NOTHING)
        return self._add("union", frozenset(flat))

    def _intersection(self, parts: Iterable[_Term]) -> _Term:
        flat: set[_Term] = set()
        for part in parts:
            flat.update(self._nodes[part][1] if self._nodes[part][0] == "intersection" else (part,))
        flat.discard(self._complement(_NOTHING))
        if _NOTHING in flat:
            return _NOTHING
        if not flat:
            return self._complement(_NOTHING)
        return flat.pop() if len(flat) == 1 else self._add("intersection", frozenset(flat))

    def _complement(self, part: _Term) -> _Term:
        node = self._nodes[part]
        return int(node[1]) if node[0] == "not" else self._add("not", part)

    def _repeat(self, part: _Term, minimum: int, maximum: int | None) -> _Term:
        if maximum == 0 or part == _EMPTY:
            return _EMPTY
        if part == _NOTHING:
            return _EMPTY if minimum == 0 else _NOTHING
        return part if (minimum, maximum) == (1, 1) else self._add("repeat", part, minimum, maximum)
