"""A question about a resolved tree that the engine answers, unless the tree shows it: does any text match?"""

from __future__ import annotations

from collections.abc import Sequence

from constrain.compiler.emptiness import has_text
from constrain.compiler.grammar import GrammarBuilder, Limits
from constrain.compiler.regex.ast import CharacterClass, Concat, Intersection, Node, Repeat, Union, children_of
from constrain.compiler.regex.lower import lower

__all__ = ["is_empty"]

_DEFAULT_LIMITS = Limits()


def is_empty(node: Node, limits: Limits = _DEFAULT_LIMITS) -> bool:
    """Does no text match a tree without anchors?

    Raises:
        LimitError: a budget ran out.
    """
    shown = _is_plainly_empty(node)
    if shown is not None:
        return shown
    builder = GrammarBuilder()
    return not has_text(builder.finish(builder.terminal(lower(node, builder), "texts")), limits)


def _is_plainly_empty(root: Node) -> bool | None:
    """As far as the tree shows: it does, but for what its intersections and complements leave."""
    known: dict[int, bool | None] = {}
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if not ready:
            stack.append((node, True))
            stack.extend((child, False) for child in children_of(node) if id(child) not in known)
            continue
        inside = [known[id(child)] for child in children_of(node)]
        match node:
            case CharacterClass(ranges):
                empty: bool | None = not ranges
            case Concat():
                empty = _any(inside)
            case Union():
                empty = _all(inside)
            case Intersection():
                empty = _any(inside) or None
            case Repeat(_, minimum):
                empty = minimum > 0 and inside[0]
            case _:
                empty = None
        known[id(node)] = empty
    return known[id(root)]


def _any(parts: Sequence[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def _all(parts: Sequence[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True
