"""Atomic groups and possessive quantifiers that change nothing, told by their shape.

Most of them are there for a matcher's speed: ``[0-9]++x`` matches what ``[0-9]+x`` matches, since what follows cannot
begin with what was given back. Without the cut, no automaton has to be made of the pattern, and counters stay
counters. All others are exact, too: see :mod:`~constrain.compiler.regex.determinise`.
"""

from __future__ import annotations

from collections.abc import Sequence

from constrain.compiler.regex.ast import (
    Atomic,
    CharacterClass,
    Concat,
    Look,
    Node,
    Ranges,
    Repeat,
    Union,
    concat,
    contains,
    repeat,
)
from constrain.compiler.regex.lengths import length_bounds

__all__ = ["atomic", "without_idle_cuts"]


def atomic(part: Node) -> Node:
    """The group, or its part if all matches of that have the same length, so that the first is the only one."""
    shortest, longest = length_bounds(part)
    return part if shortest == longest else Atomic(part)


def without_idle_cuts(node: Node, *, at_end: bool) -> Node:
    """A tree without the cuts of which it is plain that they change nothing.

    Args:
        node: a tree; recursion follows the nesting of its groups, which the parsers bound.
        at_end: is the match of the tree the whole text, or its end?
    """
    if not contains(node, Atomic):
        return node
    match node:
        case Concat(parts):
            made = []
            for index, part in enumerate(parts):
                following = parts[index + 1 :]
                last = at_end and not following
                if isinstance(part, Atomic) and _is_idle(part, following, at_end=last):
                    part = part.part
                made.append(without_idle_cuts(part, at_end=last))
            return concat(made)
        case Atomic(part):
            return part if _is_idle(node, (), at_end=at_end) else node
        case Union(parts):
            return Union(tuple([without_idle_cuts(part, at_end=at_end) for part in parts]))
        case Repeat(part, minimum, maximum, lazy):
            return repeat(without_idle_cuts(part, at_end=False), minimum, maximum, lazy=lazy)
        case Look(body, ahead, negative):
            return Look(without_idle_cuts(body, at_end=False), ahead, negative)
        case _:
            return node


def _is_idle(group: Atomic, following: Sequence[Node], *, at_end: bool) -> bool:
    """Is it as many characters of a class as there are, before the end of the text or a character of another class?"""
    part = group.part
    if not (isinstance(part, Repeat) and not part.lazy and isinstance(part.part, CharacterClass)):
        return False
    if not following:
        return at_end
    after = following[0]
    if isinstance(after, Repeat) and after.minimum > 0:
        after = after.part
    return isinstance(after, CharacterClass) and not _overlap(part.part.ranges, after.ranges)


def _overlap(left: Ranges, right: Ranges) -> bool:
    index = 0
    for low, high in left:
        while index < len(right) and right[index][1] < low:
            index += 1
        if index < len(right) and right[index][0] <= high:
            return True
    return False
