r"""Lazy quantifiers where the end of a match is the pattern's own choice: in terminals amid other text.

For a match of a whole text, ``.*?`` and ``.*`` are the same language. For a terminal they are not: ``/".*?"/`` means
text up to the *next* quote, and lark's libraries rely on that. Here a lazy part and what follows it match as little as
they can: no proper prefix of what they match is a match too. That is what ``re.match`` finds when nothing greedy stands
in between, so those forms are read, and the others refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from constrain.compiler.regex.ast import (
    ANY,
    Complement,
    Concat,
    Node,
    Repeat,
    Union,
    children_of,
    concat,
    contains_greedy,
    contains_lazy,
    intersection,
    repeat,
    union,
)
from constrain.compiler.regex.lengths import length_bounds
from constrain.compiler.regex.lookaround import has_lookaround, resolve_lookaround
from constrain.compiler.regex.membership import nullable
from constrain.errors import LimitError, UnsupportedError

__all__ = ["resolve_lazy"]

MAXIMUM_ALTERNATIVES = 256
"""Alternatives that choices with lazy quantifiers in them may be multiplied out to."""

MAXIMUM_STEPS = 2_000_000
"""Parts that these alternatives may have together."""


def resolve_lazy(node: Node) -> Node:
    """``node`` as a piece amid other text, without lookaround, its lazy quantifiers as short as they can be.

    Raises:
        UnsupportedError: a lazy quantifier or an assertion in a place where it cannot be resolved exactly.
        LimitError: too many alternatives.
    """
    return union([_shortest(parts) for parts in _multiplied_out(node)])


def _multiplied_out(root: Node) -> list[tuple[Node, ...]]:
    """The alternatives of ``root``, as sequences in which no choice holds a lazy quantifier."""
    done: list[tuple[Node, ...]] = []
    pending = [root]
    steps = 0
    while pending:
        node = pending.pop()
        steps += len(children_of(node))
        if steps > MAXIMUM_STEPS:
            raise LimitError(
                f"lazy quantifiers in choices make alternatives of more than {MAXIMUM_STEPS} parts",
                expected="fewer choices, or a shorter pattern; this limit is fixed",
            )
        if isinstance(node, Union) and contains_lazy(node):
            pending.extend(reversed(node.parts))
            continue
        parts = node.parts if isinstance(node, Concat) else (node,)
        place = next((i for i, part in enumerate(parts) if isinstance(part, Union) and contains_lazy(part)), None)
        if place is None:
            done.append(parts)
        else:
            choice = parts[place]
            pending.extend(
                concat([*parts[:place], each, *parts[place + 1 :]]) for each in reversed(children_of(choice))
            )
        if len(done) + len(pending) > MAXIMUM_ALTERNATIVES:
            raise LimitError(
                f"lazy quantifiers in choices make more than {MAXIMUM_ALTERNATIVES} alternatives",
                expected="fewer choices; this limit is fixed",
            )
    return done


def _shortest(parts: Sequence[Node]) -> Node:
    lazy = [index for index, part in enumerate(parts) if _is_lazy(part)]
    if any(contains_lazy(child) for part in parts for child in children_of(part)):
        raise UnsupportedError(
            "a lazy quantifier inside a repetition or assertion of a terminal is not implemented",
            expected="a class that leaves the closing character out, such as [^x]*",
        )
    if not lazy:
        return resolve_lookaround(concat(parts), whole=False)
    first, last = lazy[0], lazy[-1]
    end = next((index for index in range(last, len(parts)) if contains_greedy(parts[index])), len(parts))
    head, segment, rest = parts[:first], parts[first:end], parts[end:]
    if any(contains_greedy(part) for part in segment) or not all(nullable_text(part) for part in rest):
        raise UnsupportedError(
            "a lazy quantifier with a greedy one after it, in a terminal, is not implemented",
            expected="a class that leaves the closing character out, such as [^x]*",
        )
    if not has_lookaround(Concat(tuple(parts))):
        return concat([*head, _prefix_free(concat(segment)), *rest])
    # Parts of one length go with the segment, whose assertions may ask about them: the shortest match of both together
    # is theirs and the shortest match of the segment.
    begin = first
    while begin and _has_one_length(parts[begin - 1]):
        begin -= 1
    head = parts[:begin]
    if any(has_lookaround(part) for part in (*head, *rest)):
        raise UnsupportedError("a lazy quantifier beside lookaround, in this form, is not implemented")
    return concat([*head, _prefix_free(resolve_lookaround(concat(parts[begin:end]), whole=False)), *rest])


def _has_one_length(part: Node) -> bool:
    least, most = length_bounds(part)
    return least == most


def nullable_text(part: Node) -> bool:
    """Can the part match the empty string, as far as can be told with assertions still in it?"""
    return not has_lookaround(part) and nullable(part)


def _prefix_free(node: Node) -> Node:
    """What ``node`` matches and no proper prefix of which it matches."""
    return intersection([node, Complement(concat([node, repeat(ANY, 1, None)]))])


def _is_lazy(node: Node) -> bool:
    return isinstance(node, Repeat) and node.lazy and node.minimum != node.maximum
