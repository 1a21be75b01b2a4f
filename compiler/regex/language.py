"""From a parsed pattern to the texts it stands for: assertions first, then anchors."""

from __future__ import annotations

from constrain.compiler.regex.anchors import resolve_search, resolve_within
from constrain.compiler.regex.ast import EVERYTHING, Node, Union, concat, union
from constrain.compiler.regex.lazy import resolve_lazy
from constrain.compiler.regex.lookaround import has_lookaround, resolve_lookaround

__all__ = ["piece", "searched", "whole"]


def whole(node: Node) -> Node:
    """The texts that ``node`` matches from start to end."""
    return resolve_within(resolve_lookaround(node, whole=True))


def piece(node: Node) -> Node:
    """The pieces that ``node`` matches amid other text; lazy quantifiers match as little as they can.

    Assertions that would look beyond the piece are refused.
    """
    return resolve_within(resolve_lazy(node))


def searched(node: Node) -> Node:
    """The texts in which ``node`` matches somewhere."""
    if isinstance(node, Union):
        return union([searched(part) for part in node.parts])
    if has_lookaround(node):
        return whole(concat([EVERYTHING, node, EVERYTHING]))
    return resolve_search(node)
