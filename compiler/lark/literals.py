r"""Strings, regular expressions and ranges as patterns of Python's ``re``.

What a literal means is what lark's loader makes of it (``eval_escaping`` and ``_literal_to_pattern`` there): of the
escapes it reads ``\n``, ``\f``, ``\t``, ``\r``, ``\x``, ``\u``, ``\U`` and ``\"``, and leaves the others to ``re``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from constrain.compiler.lark.syntax import Literal, Range
from constrain.compiler.regex import python_re
from constrain.compiler.regex.ast import text_span
from constrain.errors import GrammarError, LimitError, RegexError, Span

__all__ = ["Pattern", "Patterns"]

_ESCAPE = re.compile(
    r"""\\(?: x[0-9a-fA-F]{2} | u[0-9a-fA-F]{4} | U(?:000[0-9a-fA-F]|0010)[0-9a-fA-F]{4} | .)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = {r"\n": "\n", r"\f": "\f", r"\t": "\t", r"\r": "\r", r"\"": '"'}


class Pattern(NamedTuple):
    """A terminal, or a part of one.

    Attributes:
        value: a text if ``plain``, else a regular expression.
        flags: letters of ``re``'s inline flags.
        plain: is exactly ``value`` what it matches?
        string: of a string with flags, the string.
    """

    value: str
    flags: str = ""
    plain: bool = False
    string: str | None = None

    @property
    def text(self) -> str | None:
        """The string that it was written as; None if it is a regular expression, or made of several."""
        return self.value if self.plain else self.string

    @property
    def regexp(self) -> str:
        """As a regular expression, flags included."""
        expression = re.escape(self.value) if self.plain else self.value
        for flag in self.flags:
            expression = f"(?{flag}:{expression})"
        return expression


class Patterns:
    """The patterns of a text's literals and ranges, each read once."""

    def __init__(self, text: str, file: str | None = None) -> None:
        """The text, and what messages call it if it is not the constraint's own."""
        self._text = text
        self._file = file
        self._known: dict[str, Pattern] = {}

    def of(self, leaf: Literal | Range) -> Pattern:
        """The pattern of a literal or range, which ``re`` can read.

        Raises:
            GrammarError: it has none, by lark's rules.
            RegexError: it is not a regular expression of Python's.
            LimitError: groups nest too deeply, or a count is too large.
        """
        pattern = self._known.get(leaf.written)
        if pattern is None:
            pattern = self._known[leaf.written] = self._read(leaf)
            self._check(leaf, pattern)
        return pattern

    def place(self, leaf: Literal | Range, inner: Span | None) -> Span:
        """The place in the grammar of a place in a literal's pattern, or of the whole literal if escapes moved it."""
        start = self._span(leaf)
        pattern = self._known[leaf.written]
        if inner is None or inner.line != 1 or not leaf.written.startswith(f"/{pattern.value}/"):
            return start
        offset = inner.column - 1 - pattern.regexp.find(pattern.value)
        return Span(start.line, start.column + 1 + max(offset, 0), start.file)

    def _read(self, leaf: Literal | Range) -> Pattern:
        if isinstance(leaf, Range):
            for end in leaf:
                flagged = not end.text.endswith('"')
                if flagged or len(self._unescaped(end, end.text[1:-1])) != 1:
                    raise self._error(
                        f"{end.text} cannot be the end of a range", end, expected="a string of one character, no flags"
                    )
            return Pattern(f"[{leaf.low.text[1:-1]}-{leaf.high.text[1:-1]}]")
        quote = leaf.text[0]
        end_at = leaf.text.rindex(quote)
        flags = leaf.text[end_at + 1 :]
        if quote == "/" and "\n" in leaf.text and "x" not in flags:
            raise self._error("a regular expression of several lines needs the flag x", leaf)
        value = self._unescaped(leaf, leaf.text[1:end_at])
        if not value:
            raise self._error(f"the literal {leaf.text} is empty: Empty terminals are not allowed", leaf)
        if quote == "/":
            return Pattern(value, flags)
        value = value.replace("\\\\", "\\")
        return Pattern(re.escape(value), flags, string=value) if flags else Pattern(value, plain=True)

    def _unescaped(self, literal: Literal, inside: str) -> str:
        """What stands between the quotes of a literal, its escapes read."""
        if "\0" in inside:
            raise self._error("the literal holds a null character", literal, expected=r"\x00 in its place")
        if "\r" in inside:  # line ends are read as in Python's own source
            inside = inside.replace("\r\n", "\n").replace("\r", "\n")
        if "\\" not in inside:
            return inside

        def read(escape: re.Match[str]) -> str:
            written = escape[0]
            if written[1] in "xuU":
                if len(written) == 2:
                    raise self._error(
                        f"the literal {literal.text} cannot be read: {written} without a character's number",
                        literal,
                        expected=r"\xhh, \uhhhh or \Uhhhhhhhh, in hexadecimal digits",
                    )
                return chr(int(written[2:], 16))
            # lark takes the second half of a backslash pair in front of a quote for an escape of the quote
            if written == r"\\" and inside.startswith('"', escape.end()):
                return "\\"
            return _ESCAPED.get(written, written)

        return _ESCAPE.sub(read, inside)

    def _check(self, leaf: Literal | Range, pattern: Pattern) -> None:
        if pattern.plain:
            return
        try:
            python_re.check(pattern.regexp)
        except (RegexError, LimitError) as error:
            raise type(error)(
                f"in the regular expression {leaf.written}: {error.message}",
                span=self.place(leaf, error.span),
                expected=error.expected,
            ) from None

    def _error(self, message: str, literal: Literal, *, expected: str | None = None) -> GrammarError:
        return GrammarError(message, span=self._span(literal), expected=expected)

    def _span(self, leaf: Literal | Range) -> Span:
        return text_span(self._text, leaf.at, self._file)
