"""A question about a resolved tree that only the engine answers: does any text match?"""

from __future__ import annotations

from constrain.compiler.emptiness import has_text
from constrain.compiler.grammar import GrammarBuilder, Limits
from constrain.compiler.regex.ast import Node
from constrain.compiler.regex.lower import lower

__all__ = ["is_empty"]

_DEFAULT_LIMITS = Limits()


def is_empty(node: Node, limits: Limits = _DEFAULT_LIMITS) -> bool:
    """Does no text match a tree without anchors?

    Raises:
        LimitError: a budget ran out.
    """
    builder = GrammarBuilder()
    return not has_text(builder.finish(builder.terminal(lower(node, builder), "texts")), limits)
