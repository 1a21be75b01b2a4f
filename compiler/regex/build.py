"""A grammar whose whole output matches one regular expression."""

from __future__ import annotations

from typing import Literal

from constrain.compiler.grammar import Grammar, GrammarBuilder, Limits
from constrain.compiler.regex.lower import lower
from constrain.errors import RegexError, Span

__all__ = ["build"]

_DEFAULT_LIMITS = Limits()


def build(pattern: str, *, syntax: Literal["python", "ecma"] = "python", limits: Limits = _DEFAULT_LIMITS) -> Grammar:
    """The texts that ``pattern`` matches from start to end, as a grammar of one terminal.

    Args:
        pattern: the regular expression.
        syntax: ``python`` is Python's ``re`` (as ``re.fullmatch`` reads it), ``ecma`` is ECMA-262 with the ``u`` flag.
        limits: how long the pattern may be.

    Raises:
        RegexError: not a regular expression; ``span`` points into the pattern.
        UnsupportedError: a construct that is not implemented, by name and column.
        LimitError: the pattern is too long, groups nest too deeply, or a count is too large.
        ValueError: an unknown ``syntax``.
    """
    limits.check("max_pattern_length", len(pattern))
    try:
        pattern.encode()
    except UnicodeEncodeError as error:
        raise RegexError("a lone surrogate is no character", span=Span(1, error.start + 1)) from None
    if syntax == "python":
        from constrain.compiler.regex import python_re

        node = python_re.parse(pattern)
    elif syntax == "ecma":
        from constrain.compiler.regex import ecma

        node = ecma.whole_language(pattern)
    else:
        raise ValueError(f"unknown regex syntax {syntax!r}; expected 'python' or 'ecma'")
    builder = GrammarBuilder()
    return builder.finish(builder.terminal(lower(node, builder), "regex"))
