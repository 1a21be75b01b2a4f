"""A finite set of strings as a constraint (``--choice``)."""

from __future__ import annotations

from collections.abc import Iterable

from constrain.compiler.grammar import Grammar, GrammarBuilder
from constrain.errors import UnsatisfiableError

__all__ = ["build"]


def build(choices: Iterable[str]) -> Grammar:
    """Exactly one of ``choices``.

    Raises:
        UnsatisfiableError: there are no choices.
    """
    texts = [choice.encode() for choice in choices]
    if not texts:
        raise UnsatisfiableError("there is no choice to make", expected="at least one choice")
    builder = GrammarBuilder()
    return builder.finish(builder.terminal(builder.literals(texts), "choice"))
