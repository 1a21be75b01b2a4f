"""The words and signs of a grammar's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from constrain.compiler.grammar import Limits

__all__ = ["Token", "comments", "tokenise"]

# The order is that in which lark's lexer tries its terminals; a comment takes the line ends before it.
_TOKEN = re.compile(
    r"""
    (?P<REGEXP> /(?!/) [^/\\]* (?:\\.[^/\\]*)* / [imslux]*)
  | (?P<STRING> " [^"\\\n]* (?:\\[^\n][^"\\\n]*)* " i?)
  | \s* (?://|\#) [^\n]* | \\[ ]*\n | [ \t]+
  | (?P<RULE> _?[a-z][_a-z0-9]*)
  | (?P<TERMINAL> _?[A-Z][_A-Z0-9]*)
  | (?P<SIGN> \r?\n \s* \| | %(?:override|declare|extend|ignore|import|choices|substring_of)
            | \.\. | -> | [.\[\]{}()|~:,])
  | (?P<NEW_LINE> \r?\n \s*)
  | (?P<NUMBER> [+-]?\d+)
  | (?P<MODIFIERS> (?:!\??|\?!?) (?=[_a-z]))
  | (?P<OPERATOR> [+*] | \?(?![a-z_]))
  | (?P<UNKNOWN> .)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """One word or sign.

    Attributes:
        kind: ``RULE``, ``TERMINAL``, ``STRING``, ``REGEXP``, ``NUMBER``, ``MODIFIERS``, ``OPERATOR``, ``NEW_LINE``,
            a sign as it is written, ``UNKNOWN`` for a character that begins no token, ``END``.
        text: as it is written.
        at: index of its first character.
    """

    kind: str
    text: str
    at: int


def tokenise(text: str, limits: Limits) -> list[Token]:
    """The tokens of ``text``, without spaces and comments, up to the end or to the first that is ``UNKNOWN``.

    Raises:
        LimitError: there are more than ``max_grammar_tokens``.
    """
    tokens: list[Token] = []
    # as if the last line were always ended
    for match in _TOKEN.finditer(text + "\n"):
        kind = match.lastgroup
        if kind is None:
            continue
        if kind == "SIGN":
            sign = match[0].lstrip()  # a line that begins with '|' goes on with the one before it
            tokens.append(Token(sign, sign, match.end() - len(sign)))
        else:
            tokens.append(Token(kind, match[0], match.start()))
        if len(tokens) > limits.max_grammar_tokens:
            limits.check("max_grammar_tokens", len(tokens))
        if kind == "UNKNOWN":
            break
    tokens.append(Token("END", "", len(text)))
    return tokens


def comments(text: str) -> Iterator[int]:
    """Where comments begin; none inside strings and regular expressions, which may go on over several lines."""
    for match in _TOKEN.finditer(text):
        written = match[0].lstrip()
        if match.lastgroup is None and written.startswith(("//", "#")):
            yield match.end() - len(written)
