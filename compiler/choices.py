"""A finite set of strings as a constraint (``--choice``)."""

from __future__ import annotations

from collections.abc import Iterable

from constrain.compiler.grammar import Grammar, GrammarBuilder
from constrain.errors import InputError, UnsatisfiableError

__all__ = ["build"]


def build(choices: Iterable[str]) -> Grammar:
    """Exactly one of ``choices``.

    Raises:
        UnsatisfiableError: there are no choices.
        TypeError: something is no text, or ``choices`` is one: its characters are hardly what was meant.
        InputError: a text that has no UTF-8.
    """
    if isinstance(choices, str | bytes):
        raise TypeError(f"choices must be several texts, not one {type(choices).__name__}")
    texts = [_encoded(number, choice) for number, choice in enumerate(choices)]
    if not texts:
        raise UnsatisfiableError("there is no choice to make", expected="at least one choice")
    builder = GrammarBuilder()
    return builder.finish(builder.terminal(builder.literals(texts), "choice"))


def _encoded(number: int, choice: object) -> bytes:
    if not isinstance(choice, str):
        raise TypeError(f"choices[{number}] must be a str, not {type(choice).__name__}")
    try:
        return choice.encode()
    except UnicodeEncodeError:
        raise InputError(f"choices[{number}] holds a lone surrogate, which is no character") from None
