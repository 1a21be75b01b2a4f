"""From a parsed pattern to the texts it stands for.

There are two ways. Where assertions are conditions on pieces of the pattern, they become intersections with those
pieces (:mod:`~constrain.compiler.regex.lookaround`, then :mod:`~constrain.compiler.regex.anchors`): nothing is
unfolded, and counters stay counters. All other patterns become automata
(:mod:`~constrain.compiler.regex.determinise`), unless what follows their lookahead leaves nothing to be remembered
(:mod:`~constrain.compiler.regex.settled`).
"""

from __future__ import annotations

from constrain.compiler.regex.amid import determinise_amid
from constrain.compiler.regex.anchors import resolve_search, resolve_within
from constrain.compiler.regex.ast import EVERYTHING, Atomic, Node, Union, concat, contains, contains_lazy, union
from constrain.compiler.regex.determinise import determinise
from constrain.compiler.regex.lazy import resolve_lazy
from constrain.compiler.regex.lookaround import has_lookaround, resolve_lookaround
from constrain.compiler.regex.settled import settled
from constrain.errors import LimitError, UnsupportedError

__all__ = ["piece", "searched", "whole"]


def whole(node: Node) -> Node:
    """The texts that ``node`` matches from start to end.

    Raises:
        LimitError: that takes an automaton, and it is too large.
        UnsupportedError: a repetition in an atomic group whose turns may be empty.
    """
    if not contains(node, Atomic):
        try:
            return resolve_within(resolve_lookaround(node, whole=True))
        except (LimitError, UnsupportedError):
            pass  # assertions that ask about more than pieces, or too many of them
    if isinstance(node, Union):
        return union([whole(part) for part in node.parts])
    return determinise(node)


def piece(node: Node) -> Node:
    """The pieces that ``node`` matches amid other text; lazy quantifiers match as little as they can.

    Raises:
        UnsupportedError: assertions or atomic groups that would look beyond the piece, or beside lazy quantifiers.
    """
    if not contains(node, Atomic):
        try:
            return resolve_within(resolve_lazy(node))
        except (LimitError, UnsupportedError):
            if contains_lazy(node):
                raise
            for way in (_settled, determinise_amid):
                try:
                    return way(node)
                except (LimitError, UnsupportedError):
                    pass
            raise  # the first refusal says more about the pattern
    if contains_lazy(node):
        raise UnsupportedError("a lazy quantifier beside an atomic group, in a terminal, is not implemented")
    try:
        return determinise_amid(node)
    except UnsupportedError:
        raise UnsupportedError(
            "an atomic group or possessive quantifier that asks about the text after a terminal is not supported",
            expected="the group without '?>' or '+', or a class that leaves the next character out",
        ) from None


def _settled(node: Node) -> Node:
    return resolve_within(resolve_lookaround(settled(node), whole=False))


def searched(node: Node) -> Node:
    """The texts in which ``node`` matches somewhere."""
    if isinstance(node, Union):
        return union([searched(part) for part in node.parts])
    if has_lookaround(node) or contains(node, Atomic):
        return whole(concat([EVERYTHING, node, EVERYTHING]))
    return resolve_search(node)
