"""Has a language any text? The engine answers: it compiles the grammar, over single bytes."""

from __future__ import annotations

from functools import cache

from constrain._core import CompiledGrammar, compile_grammar
from constrain.compiler.grammar import Grammar, Limits
from constrain.compiler.vocabulary import Vocabulary
from constrain.errors import UnsatisfiableError

__all__ = ["has_text", "over_bytes"]

_DEFAULT_LIMITS = Limits()


def has_text(grammar: Grammar, limits: Limits = _DEFAULT_LIMITS) -> bool:
    """Whether a grammar has any text.

    Raises:
        LimitError: a budget ran out.
    """
    return over_bytes(grammar, limits) is not None


def over_bytes(grammar: Grammar, limits: Limits = _DEFAULT_LIMITS) -> CompiledGrammar | None:
    """A grammar, compiled for single bytes; None: it has no text.

    Raises:
        LimitError: a budget ran out.
    """
    try:
        return compile_grammar(grammar, _single_bytes(), limits)
    except UnsatisfiableError:
        return None


@cache
def _single_bytes() -> Vocabulary:
    return Vocabulary.bytes()
