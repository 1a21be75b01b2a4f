"""Terminals as regular expressions of the engine.

A terminal matches a piece of text when Python's ``re.fullmatch`` does. What could look beyond the piece (anchors,
lookaround at its ends) is refused.
"""

from __future__ import annotations

from typing import Any

from lark.lexer import PatternStr, TerminalDef

from constrain.compiler.lark.internals import literal_to_pattern
from constrain.compiler.lark.loading import Definitions
from constrain.compiler.lark.source import Source, place_in_literal, span_of
from constrain.compiler.regex import python_re
from constrain.compiler.regex.ast import Node, character, concat, repeat, union
from constrain.compiler.regex.membership import nullable
from constrain.errors import GrammarError, LimitError, RegexError, Span, UnsupportedError

__all__ = ["ignored_language", "terminal_language"]


def terminal_language(name: str, definitions: Definitions, source: Source) -> Node:
    """The pieces of text that a terminal matches.

    Raises:
        GrammarError: the terminal matches the empty string, which lark does not allow.
        RegexError: its pattern is not a regular expression of Python's.
        UnsupportedError: a construct that is not implemented, at the literal it stands in.
    """
    terminal = definitions.terminals[name]
    pattern = terminal.pattern
    if isinstance(pattern, PatternStr) and not pattern.flags:
        node = concat([character(ord(each)) for each in pattern.value])
    else:
        try:
            node = python_re.parse(pattern.to_regexp(), whole=False)
        except (RegexError, UnsupportedError, LimitError) as error:
            raise type(error)(
                f"in terminal {shown(terminal)}: {error.message}",
                span=_blame(name, pattern, source),
                expected=error.expected,
            ) from None
    if nullable(node):
        raise GrammarError(
            f"terminal {shown(terminal)} matches the empty string",
            span=_blame(name, pattern, source),
            expected="at least one character",
        )
    return node


def ignored_language(definitions: Definitions, source: Source) -> Node | None:
    """Any run of ``%ignore`` terminals, the empty one too; None when nothing is ignored."""
    if not definitions.ignored:
        return None
    return repeat(union([terminal_language(name, definitions, source) for name in definitions.ignored]), 0, None)


def shown(terminal: TerminalDef) -> str:
    """The terminal as the grammar's author knows it."""
    return str(terminal.user_repr())


def _blame(name: str, pattern: Any, source: Source) -> Span | None:
    """The literal that is at fault by itself, else the definition."""
    for owner, token in source.literals:
        literal = literal_to_pattern(token)
        if token.type != "REGEXP" or (owner != name and literal != pattern):
            continue
        try:
            python_re.parse(literal.to_regexp(), whole=False)
        except (RegexError, UnsupportedError, LimitError) as error:
            return place_in_literal(token, literal.value, literal.to_regexp(), error.span)
        if literal == pattern:
            return span_of(token)
    return source.place(name)
