r"""Which of its matches a regular expression takes: what ``re.match`` finds at a place, told without trying.

A backtracking matcher tries its ways in an order and takes the first that succeeds. All ways at once are a list of what
is left of the expression, in that order (Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009; here
with Antimirov's partial derivatives in place of instructions). Where one of them is a match, those behind it are never
taken; those before it are preferred, should they succeed later.

So two questions decide. Is anything ever behind a match? If not, the longest match is taken. Is anything ever before
one? If not, the shortest is. And whatever the answers: with all that is behind a match thrown away, the longest match
of what is left is the one that is taken.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import itemgetter
from typing import Literal, NamedTuple, TypeAlias

from constrain.compiler.grammar import normalise_ranges
from constrain.compiler.regex.alphabet import Alphabet
from constrain.compiler.regex.ast import (
    NOTHING,
    Anchor,
    Automaton,
    CharacterClass,
    Concat,
    Look,
    Node,
    Ranges,
    Repeat,
    Union,
    children_of,
    complement_ranges,
    contains_choice,
    subexpressions,
)
from constrain.compiler.regex.minimise import Row, minimised
from constrain.errors import LimitError

__all__ = ["Preferred", "characters_of", "first_characters", "in_order", "inside", "meets", "preference"]

MAXIMUM_STATES = 4_000
"""Lists of ways that are looked at, each of which may have many."""

MAXIMUM_WAYS = 500
"""Ways in one list."""

_Way: TypeAlias = tuple[int, ...]
"""What is left of the expression: the nodes with these numbers, one after the other."""


class _Before(NamedTuple):
    """What is known of the last character.

    Attributes:
        classes: those that it is in, of the classes that are looked for; None: nothing was read yet.
    """

    classes: frozenset[Ranges] | None


_MATCH = CharacterClass(())
"""In place of a character: the expression ends."""


class Preferred(NamedTuple):
    """Which matches are taken.

    Attributes:
        taken: the longest, the shortest, or now one and now the other.
        more: characters with which a match may go on to a longer one.
    """

    taken: Literal["longest", "shortest", "mixed"]
    more: Ranges


def preference(node: Node) -> Preferred:
    """Which matches of ``node`` are taken.

    Args:
        node: a tree in the order of the pattern, lazy quantifiers marked; assertions count as if they held, which may
            give "mixed" where there is a better answer, and more characters than there are.

    Raises:
        LimitError: more states than the fixed bound.
    """
    if not contains_choice(node):
        return Preferred("longest", ())
    before = behind = False
    more: list[tuple[int, int]] = []
    nodes = _Numbered()
    letters = _Letters(node)
    start: tuple[_Way, ...] = ((nodes.of(node),),)
    seen = {start}
    pending = [start]
    while pending:
        steps = _steps(pending.pop(), nodes)
        place = next((index for index, (first, _) in enumerate(steps) if first is _MATCH), None)
        if place is not None:
            before |= place > 0
            behind |= place < len(steps) - 1
            more.extend(each for first, _ in steps for each in first.ranges)
        for following in letters.following(steps):
            if following not in seen:
                seen.add(following)
                pending.append(following)
        if len(seen) > MAXIMUM_STATES:
            raise _too_many()
    taken: Literal["longest", "shortest", "mixed"]
    taken = "mixed" if before and behind else "shortest" if behind else "longest"
    return Preferred(taken, normalise_ranges(more))


def in_order(node: Node) -> Node | None:
    """Matches of ``node``, of which always the longest is taken; None where an assertion decides which are tried.

    Args:
        node: as for :func:`preference`.

    Raises:
        LimitError: more states than the fixed bound.
    """
    nodes = _Numbered()
    looked_for = _looked_for(node)
    states: list[tuple[tuple[_Way, ...], _Before]] = [(((nodes.of(node),),), _Before(None))]
    numbers = {states[0]: 0}
    accepting: list[bool] = []
    table: list[list[tuple[tuple[int, int], int]]] = []
    while len(table) < len(states):
        try:
            steps = _steps(states[len(table)][0], nodes, states[len(table)][1])
        except _Undecided:
            return None
        place = next((index for index, (first, _) in enumerate(steps) if first is _MATCH), None)
        accepting.append(place is not None)
        row = []
        for interval, following in _intervals(steps[:place], looked_for):
            state = following, _Before(frozenset(each for each in looked_for if _has(each, interval[0])))
            number = numbers.setdefault(state, len(states))
            if number == len(states):
                states.append(state)
                if number >= MAXIMUM_STATES:
                    raise _too_many()
            row.append((interval, number))
        table.append(row)
    return _automaton(accepting, table)


def _automaton(accepting: list[bool], table: list[list[tuple[tuple[int, int], int]]]) -> Node:
    """The smallest automaton of states and their steps."""
    cuts = sorted({edge for row in table for (low, high), _ in row for edge in (low, high + 1)})
    letter_of = {cut: letter for letter, cut in enumerate(cuts)}
    rows: list[Row] = []
    for steps in table:
        row: Row = {}
        for (low, high), to in steps:
            letters = (1 << letter_of[high + 1]) - (1 << letter_of[low])
            row[to] = row.get(to, 0) | letters
        rows.append(row)
    accepting, rows = minimised(accepting, rows)
    if not any(accepting):
        return NOTHING

    def ranges(letters: int) -> Ranges:
        return normalise_ranges(
            [(cut, cuts[letter + 1] - 1) for letter, cut in enumerate(cuts[:-1]) if letters >> letter & 1]
        )

    return Automaton(
        tuple(
            (accepts, tuple(sorted((ranges(letters), to) for to, letters in row.items())))
            for accepts, row in zip(accepting, rows, strict=True)
        )
    )


def _looked_for(node: Node) -> frozenset[Ranges]:
    """The characters that lookbehinds of one character ask for."""
    return frozenset(
        look.body.ranges
        for look in subexpressions(node)
        if isinstance(look, Look) and not look.ahead and isinstance(look.body, CharacterClass)
    )


class _Undecided(Exception):
    """An assertion stands where its answer is not known."""


def _too_many() -> LimitError:
    return LimitError(
        "which match of the pattern is taken depends on too many ways to match",
        expected="smaller counts, or fewer alternatives that begin alike; this limit is fixed",
    )


def _steps(ways: tuple[_Way, ...], nodes: _Numbered, exact: _Before | None = None) -> list[tuple[CharacterClass, _Way]]:
    """The next characters of each way, in order, and what is left then; nothing that came before comes again.

    Where it is ``exact``, assertions about the next and the last character are taken into account, and others are not
    known. If not, they count as if they held.
    """
    steps: dict[tuple[CharacterClass, _Way], None] = {}
    for way in ways:
        for step in _heads(way, frozenset(), nodes, exact):
            steps.setdefault(step)
        if len(steps) > MAXIMUM_WAYS:
            raise LimitError(
                f"the pattern can match in more than {MAXIMUM_WAYS} ways at one place",
                expected="fewer alternatives that begin alike; this limit is fixed",
            )
    return list(steps)


def _heads(
    way: _Way, entered: frozenset[tuple[int, int]], nodes: _Numbered, exact: _Before | None
) -> Iterator[tuple[CharacterClass, _Way]]:
    """As ``_steps``, of one way. ``entered``: repetitions begun here, which end if a round of theirs is empty."""
    if not way:
        yield _MATCH, ()
        return
    first, rest = nodes.at(way[0]), way[1:]
    match first:
        case CharacterClass(ranges):
            if ranges:
                yield first, rest
        case Concat(parts):
            yield from _heads((*map(nodes.of, parts), *rest), entered, nodes, exact)
        case Union(parts):
            for part in parts:
                yield from _heads((nodes.of(part), *rest), entered, nodes, exact)
        case Look(CharacterClass(ranges), False, negative) if exact is not None and exact.classes is not None:
            if (ranges in exact.classes) != negative:
                yield from _heads(rest, entered, nodes, exact)
        case Look(CharacterClass(ranges), True, negative) if exact is not None:
            allowed = complement_ranges(ranges) if negative else ranges
            for read, left in _heads(rest, entered, nodes, exact):
                if read is _MATCH:
                    raise _Undecided
                common = _common(read.ranges, allowed)
                if common:
                    yield CharacterClass(common), left
        case Look() | Anchor():
            if exact is not None:
                raise _Undecided
            yield from _heads(rest, entered, nodes, exact)
        case Repeat(part, minimum, maximum, lazy):
            key = (nodes.of(part), len(rest))
            if maximum == 0 or key in entered:
                yield from _heads(rest, entered, nodes, exact)
                return
            another = (key[0], nodes.of_fewer(first), *rest)
            if minimum > 0:
                yield from _heads(another, entered | {key}, nodes, exact)
            elif lazy:
                yield from _heads(rest, entered, nodes, exact)
                yield from _heads(another, entered | {key}, nodes, exact)
            else:
                yield from _heads(another, entered | {key}, nodes, exact)
                yield from _heads(rest, entered, nodes, exact)
        case _:
            raise ValueError(f"{type(first).__name__} in a pattern with an order")


class _Numbered:
    """Numbers for nodes, equal ones for equal nodes: the hash of a node is that of its whole tree, and asked once."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._numbers: dict[Node, int] = {}
        self._by_identity: dict[int, tuple[int, Node]] = {}
        self._fewer: dict[tuple[int, int, int | None, bool], int] = {}

    def at(self, number: int) -> Node:
        return self._nodes[number]

    def of(self, node: Node) -> int:
        known = self._by_identity.get(id(node))
        if known is None:
            number = self._numbers.setdefault(node, len(self._nodes))
            if number == len(self._nodes):
                self._nodes.append(node)
            # with the node itself, lest another gets its identity
            known = self._by_identity[id(node)] = number, node
        return known[0]

    def of_fewer(self, node: Repeat) -> int:
        """The same repetition after one round."""
        minimum, maximum = max(node.minimum - 1, 0), None if node.maximum is None else node.maximum - 1
        key = (self.of(node.part), minimum, maximum, node.lazy)
        if key not in self._fewer:
            self._fewer[key] = self.of(Repeat(node.part, minimum, maximum, node.lazy))
        return self._fewer[key]


def _has(ranges: Ranges, character: int) -> bool:
    place = bisect_right(ranges, character, key=itemgetter(0))
    return place > 0 and character <= ranges[place - 1][1]


def _intervals(
    steps: list[tuple[CharacterClass, _Way]], apart: Iterable[Ranges] = ()
) -> Iterator[tuple[tuple[int, int], tuple[_Way, ...]]]:
    """Intervals of characters, and the list of ways after them; each lies inside or outside of some classes."""
    firsts = list(dict.fromkeys(first for first, _ in steps))
    classes = [*(first.ranges for first in firsts), *apart]
    cuts = sorted({edge for ranges in classes for low, high in ranges for edge in (low, high + 1)})
    for low, above in pairwise(cuts):
        here = {first for first in firsts if _has(first.ranges, low)}
        following = tuple(dict.fromkeys(way for first, way in steps if first in here))
        if following:
            yield (low, above - 1), following


def _common(some: Ranges, others: Ranges) -> Ranges:
    """The characters in both."""
    return complement_ranges([*complement_ranges(some), *complement_ranges(others)])


class _Letters:
    """The lists of ways after each character, where characters that no class of a tree tells apart are one letter."""

    def __init__(self, node: Node) -> None:
        classes: dict[Ranges, int] = {}
        stack = [node]
        while stack:
            current = stack.pop()
            if isinstance(current, CharacterClass):
                classes.setdefault(current.ranges, len(classes))
            elif not isinstance(current, Look):
                stack.extend(children_of(current))
        self._bits = {ranges: 1 << number for ranges, number in classes.items()}
        self._alphabet = Alphabet(list(classes))

    def following(self, steps: list[tuple[CharacterClass, _Way]]) -> Iterable[tuple[_Way, ...]]:
        """Those behind a match are as good as gone, but are looked at as well."""
        ways = [(self._bits.get(first.ranges, 0), way) for first, way in steps]
        told_apart = 0
        for bit, _ in ways:
            told_apart |= bit
        found: dict[tuple[_Way, ...], None] = {}
        for members, _ in self._alphabet.groups(told_apart):
            if members:
                found[tuple(dict.fromkeys([way for bit, way in ways if bit & members]))] = None
        return found


def characters_of(node: Node) -> Ranges | None:
    """All characters that texts of ``node`` may hold; None where the tree does not tell."""
    classes: dict[CharacterClass, None] = {}
    seen: set[int] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        match current:
            case CharacterClass():
                classes[current] = None
            case Concat(parts) | Union(parts):
                stack.extend(parts)
            case Repeat(part):
                stack.append(part)
            case _:
                return None
    return normalise_ranges([each for one in classes for each in one.ranges])


def inside(some: Ranges, all_of: Ranges) -> bool:
    """Are the characters of ``some`` among those of ``all_of``?"""
    return not some or not meets(some, complement_ranges(all_of))


def first_characters(node: Node) -> Ranges:
    """All characters with which a match may begin, assertions aside."""
    nodes = _Numbered()
    return normalise_ranges(
        [each for first, _ in _heads((nodes.of(node),), frozenset(), nodes, None) for each in first.ranges]
    )


def meets(some: Ranges, others: Ranges) -> bool:
    """Is a character in both?"""
    at = iter(others)
    first, last = next(at, (0, -1))
    for low, high in some:
        while last < low:
            first, last = next(at, (-1, -1))
            if first < 0:
                return False
        if first <= high:
            return True
    return False
