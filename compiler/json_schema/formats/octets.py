"""Bounds on octets in UTF-8: a counter that different characters advance by different steps."""

from __future__ import annotations

from constrain.compiler.regex.ast import EMPTY, Node, concat, union
from constrain.compiler.regex.ecma import whole_language

__all__ = ["at_most_octets"]

_CLASSES = (r"[\0-\x7F]", r"[\x80-\u07FF]", r"[\u0800-\uFFFF]", r"[\u{10000}-\u{10FFFF}]")


def at_most_octets(limit: int) -> Node:
    """Texts of at most so many octets."""
    sized = [(whole_language(members), size) for size, members in enumerate(_CLASSES, 1)]
    # what may follow when so many are left; every node is shared by all that lead to it
    rest: list[Node] = []
    for left in range(limit + 1):
        steps = [concat([members, rest[left - size]]) for members, size in sized if size <= left]
        rest.append(union([*steps, EMPTY]))
    return rest[limit]
