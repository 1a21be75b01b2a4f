r"""Which of its matches a regular expression takes: what ``re.match`` finds at a place, told without trying.

A backtracking matcher tries its ways in an order and takes the first that succeeds. All ways at once are a list of what
is left of the expression, in that order (Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009; here
with Antimirov's partial derivatives in place of instructions). Where one of them is a match, those behind it are never
taken; those before it are preferred, should they succeed later.

So two questions decide. Is anything ever behind a match? If not, the longest match is taken. Is anything ever before
one? If not, the shortest is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from constrain.compiler.grammar import normalise_ranges
from constrain.compiler.regex.ast import (
    Anchor,
    CharacterClass,
    Concat,
    Look,
    Node,
    Ranges,
    Repeat,
    Union,
    complement_ranges,
)
from constrain.errors import LimitError

__all__ = ["Preferred", "characters_of", "first_characters", "inside", "meets", "preference"]

MAXIMUM_STATES = 4_000
"""Lists of ways that are looked at, each of which may have many."""

MAXIMUM_WAYS = 500
"""Ways in one list."""

_Way: TypeAlias = tuple[Node, ...]
"""What is left of the expression: these one after the other."""

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
    before = behind = False
    more: list[tuple[int, int]] = []
    start: tuple[_Way, ...] = ((node,),)
    seen = {start}
    pending = [start]
    while pending:
        steps = _steps(pending.pop())
        place = next((index for index, (first, _) in enumerate(steps) if first is _MATCH), None)
        if place is not None:
            before |= place > 0
            behind |= place < len(steps) - 1
            more.extend(each for first, _ in steps for each in first.ranges)
        for following in _following(steps):
            if following not in seen:
                seen.add(following)
                pending.append(following)
        if len(seen) > MAXIMUM_STATES:
            raise LimitError(
                "which match of the pattern is taken depends on too many ways to match",
                expected="smaller counts, or fewer alternatives that begin alike; this limit is fixed",
            )
    taken: Literal["longest", "shortest", "mixed"]
    taken = "mixed" if before and behind else "shortest" if behind else "longest"
    return Preferred(taken, normalise_ranges(more))


def _steps(ways: tuple[_Way, ...]) -> list[tuple[CharacterClass, _Way]]:
    """The next characters of each way, in order, and what is left then; nothing that came before comes again."""
    steps: dict[tuple[CharacterClass, _Way], None] = {}
    for way in ways:
        for step in _heads(way, frozenset()):
            steps.setdefault(step)
        if len(steps) > MAXIMUM_WAYS:
            raise LimitError(
                f"the pattern can match in more than {MAXIMUM_WAYS} ways at one place",
                expected="fewer alternatives that begin alike; this limit is fixed",
            )
    return list(steps)


def _heads(way: _Way, entered: frozenset[tuple[Node, int]]) -> Iterator[tuple[CharacterClass, _Way]]:
    """As ``_steps``, of one way. ``entered``: repetitions begun here, which end if a round of theirs is empty."""
    if not way:
        yield _MATCH, ()
        return
    first, rest = way[0], way[1:]
    match first:
        case CharacterClass(ranges):
            if ranges:
                yield first, rest
        case Concat(parts):
            yield from _heads((*parts, *rest), entered)
        case Union(parts):
            for part in parts:
                yield from _heads((part, *rest), entered)
        case Look() | Anchor():
            yield from _heads(rest, entered)
        case Repeat(part, minimum, maximum, lazy):
            key = (part, len(rest))
            if maximum == 0 or key in entered:
                yield from _heads(rest, entered)
                return
            more = Repeat(part, max(minimum - 1, 0), None if maximum is None else maximum - 1, lazy)
            another = (part, more, *rest)
            if minimum > 0:
                yield from _heads(another, entered | {key})
            elif lazy:
                yield from _heads(rest, entered)
                yield from _heads(another, entered | {key})
            else:
                yield from _heads(another, entered | {key})
                yield from _heads(rest, entered)
        case _:
            raise ValueError(f"{type(first).__name__} in a pattern with an order")


def _following(steps: list[tuple[CharacterClass, _Way]]) -> Iterator[tuple[_Way, ...]]:
    """The lists of ways after each character; those behind a match are as good as gone, but are looked at as well."""
    classes = list(dict.fromkeys(first for first, _ in steps if first is not _MATCH))
    if len(classes) == 1:
        # every character of it has the same ways
        yield tuple(dict.fromkeys(way for first, way in steps if first is not _MATCH))
        return
    cuts = sorted({edge for each in classes for low, high in each.ranges for edge in (low, high + 1)})
    done = set()
    for low in cuts:
        here = {each for each in classes if any(first <= low <= last for first, last in each.ranges)}
        following = tuple(dict.fromkeys(way for first, way in steps if first in here))
        if following and following not in done:
            done.add(following)
            yield following


def characters_of(node: Node) -> Ranges | None:
    """All characters that texts of ``node`` may hold; None where the tree does not tell."""
    ranges: list[tuple[int, int]] = []
    stack = [node]
    while stack:
        current = stack.pop()
        match current:
            case CharacterClass(of_one):
                ranges.extend(of_one)
            case Concat(parts) | Union(parts):
                stack.extend(parts)
            case Repeat(part):
                stack.append(part)
            case _:
                return None
    return normalise_ranges(ranges)


def inside(some: Ranges, all_of: Ranges) -> bool:
    """Are the characters of ``some`` among those of ``all_of``?"""
    return not some or not meets(some, complement_ranges(all_of))


def first_characters(node: Node) -> Ranges:
    """All characters with which a match may begin, assertions aside."""
    return normalise_ranges([each for first, _ in _heads((node,), frozenset()) for each in first.ranges])


def meets(some: Ranges, others: Ranges) -> bool:
    """Is a character in both?"""
    return any(low <= last and first <= high for low, high in some for first, last in others)
