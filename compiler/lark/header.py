"""What a grammar's text says about itself before its first definition: how it wants to be read.

A directive is a comment, so that lark reads the same file: ``// constrain: lexer=contextual``, or with ``#`` for the
slashes. One that stands anywhere else is refused, since nobody who wrote it wants it to say nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias, get_args

from constrain.compiler.lark.tokens import comments
from constrain.errors import GrammarError, Span, UnsupportedError

__all__ = ["Header", "Indenter", "Lexer", "read_header"]

Lexer: TypeAlias = Literal["complete", "contextual"]
Indenter: TypeAlias = Literal["python"]

_DIRECTIVE = re.compile(r"(?://|#)[ \t]*constrain:")
_BEFORE_DEFINITIONS = re.compile(r"(?:\s*(?://|#)[^\n]*)*\s*")
_WORD = re.compile(r"[^ \t\r]+")
_RULE = re.compile(r"_?[a-z][_a-z0-9]*")


@dataclass(frozen=True, slots=True)
class Header:
    """How a grammar wants to be read.

    Attributes:
        lexer: ``"complete"`` (every split into full matches) or ``"contextual"`` (the rule of lark's LALR parser).
        indenter: which one supplies the tokens of indentation; None: there is none.
        start: the rule to begin with.
        places: where in the text each of them is said, by name; those left out have their defaults.
    """

    lexer: Lexer = "complete"
    indenter: Indenter | None = None
    start: str = "start"
    places: dict[str, Span] = field(default_factory=dict, compare=False)

    def reading(self, lexer: Lexer | None, indenter: Indenter | None) -> tuple[Lexer, Indenter | None]:
        """The lexer and the indenter, where those that are given go before the header's.

        Raises:
            UnsupportedError: an indenter for another lexer than the contextual one.
        """
        lexer, indenter = lexer or self.lexer, indenter or self.indenter
        if indenter is not None and lexer != "contextual":
            raise UnsupportedError(
                "an indenter goes with the contextual lexer only",
                span=self.places.get("indenter"),
                expected="lexer=contextual beside it",
            )
        return lexer, indenter


_CHOICES: dict[str, tuple[str, ...]] = {"lexer": get_args(Lexer), "indenter": get_args(Indenter)}
_KEYS = tuple(each.name for each in fields(Header) if each.name != "places")


def read_header(text: str) -> Header:
    """The directives of a grammar's text.

    Args:
        text: the grammar; nothing but its comments is looked at.

    Raises:
        GrammarError: an unknown key or value, a key given twice, a directive after the first definition; with line and
            column.
    """
    header = Header()
    if _DIRECTIVE.search(text) is None:
        return header
    before = _BEFORE_DEFINITIONS.match(text)
    first = 0 if before is None else before.end()
    for at in comments(text):
        found = _DIRECTIVE.match(text, at)
        if found is None:
            continue
        line, begin = text.count("\n", 0, at) + 1, text.rfind("\n", 0, at) + 1
        if at >= first:
            raise GrammarError(
                "a directive stands after the first definition",
                span=Span(line, at - begin + 1),
                expected="it above all definitions",
            )
        end = text.find("\n", at)
        for word in _WORD.finditer(text, found.end(), len(text) if end < 0 else end):
            header = _with(header, word[0], Span(line, word.start() - begin + 1))
    return header


def _with(header: Header, word: str, span: Span) -> Header:
    key, equals, value = word.partition("=")
    if key not in _KEYS or not equals:
        raise GrammarError(
            f"a grammar has no directive {word!r}",
            span=span,
            expected=f"{', '.join(f'{known}=...' for known in _KEYS)}",
        )
    if key in header.places:
        raise GrammarError(f"the directive {key!r} is given twice", span=span, expected="one value")
    choices = _CHOICES.get(key)
    known = _RULE.fullmatch(value) is not None if choices is None else value in choices
    if not known:
        expected = "the name of a rule" if choices is None else " or ".join(map(repr, choices))
        raise GrammarError(
            f"the directive {key!r} cannot be {value!r}",
            span=Span(span.line, span.column + len(key) + 1),
            expected=expected,
        )
    said: dict[str, Any] = {key: value, "places": {**header.places, key: span}}
    return replace(header, **said)
