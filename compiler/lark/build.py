"""The front end's one entry: a grammar's text in, the engine's grammar out."""

from __future__ import annotations

from constrain.compiler.grammar import Grammar, Limits
from constrain.compiler.lark.checks import check
from constrain.compiler.lark.definitions import load
from constrain.compiler.lark.reader import read
from constrain.compiler.lark.rules import grammar_of
from constrain.compiler.regex.ast import text_span
from constrain.errors import GrammarError, InputError

__all__ = ["build"]

_DEFAULT_LIMITS = Limits()


def build(text: str, *, start: str = "start", source: str | None = None, limits: Limits = _DEFAULT_LIMITS) -> Grammar:
    """The language of a Lark grammar, as ``lexer="dynamic_complete"`` reads it.

    Args:
        text: the grammar.
        start: the rule to begin with.
        source: a name for the text (a file's, say) to put in front of messages.
        limits: how long the grammar may be.

    Raises:
        GrammarError: a syntax error, an undefined or doubly defined name, an empty terminal, no start rule; with line
            and column.
        RegexError: a terminal that is not a regular expression of Python's; with line and column.
        UnsupportedError: ``%declare``, ``%import`` of files, or a regex construct that is not implemented.
        LimitError: a grammar that is too long; nesting, terminals or templates beyond the fixed bounds.
    """
    try:
        return _build(text, start, limits)
    except InputError as error:
        if source is None:
            raise
        raise type(error)(
            f"{source}: {error.message}", pointer=error.pointer, span=error.span, expected=error.expected
        ) from None


def _build(text: str, start: str, limits: Limits) -> Grammar:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise GrammarError(
            "the grammar holds a lone surrogate", span=text_span(text, error.start), expected="UTF-8 text"
        ) from None
    definitions = load(text, read(text, limits))
    check(definitions)
    if start not in definitions.rules():
        raise GrammarError(
            f"the grammar has no rule {start!r} to start from",
            expected=f"one of {', '.join(definitions.rules()) or 'no rules'}",
        )
    return grammar_of(definitions, start)
