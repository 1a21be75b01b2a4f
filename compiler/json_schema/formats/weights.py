"""Bounds on a sum over characters, such as octets: a counter that different characters advance by different steps."""

from __future__ import annotations

from collections.abc import Sequence

from constrain.compiler.regex.ast import EMPTY, Node, concat, union
from constrain.compiler.regex.ecma import whole_language

__all__ = ["at_most_octets", "weighing_at_most"]


def weighing_at_most(limit: int, weights: Sequence[tuple[Node, int]]) -> Node:
    """Texts whose characters weigh no more than a limit together.

    Args:
        limit: the most.
        weights: disjoint classes, and the weight of each of their characters.
    """
    # what may follow when so much is left; every node is shared by all that lead to it
    rest: list[Node] = []
    for left in range(limit + 1):
        steps = [concat([members, rest[left - weight]]) for members, weight in weights if weight <= left]
        rest.append(union([*steps, EMPTY]))
    return rest[limit]


def at_most_octets(limit: int) -> Node:
    """Texts of at most so many octets in UTF-8."""
    classes = (r"[\0-\x7F]", r"[\x80-\u07FF]", r"[\u0800-\uFFFF]", r"[\u{10000}-\u{10FFFF}]")
    return weighing_at_most(limit, [(whole_language(members), i + 1) for i, members in enumerate(classes)])
