"""What the readers of GBNF and EBNF share: a place in the text, budgets, complaints, characters, classes and counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from constrain.compiler.grammar import Limits
from constrain.compiler.regex.ast import MAXIMUM_REPEAT, text_span
from constrain.errors import GrammarError, LimitError, Span, UnsupportedError

__all__ = ["MAXIMUM_CHARACTERS", "MAXIMUM_DEPTH", "Scanner"]

MAXIMUM_DEPTH = 100
"""Brackets within brackets, as in Lark grammars, and repetitions of repetitions; so no later pass runs out of stack."""

MAXIMUM_CHARACTERS = 200_000
"""Characters of all strings and classes of a grammar together, as for the terminals of a Lark grammar."""

_HEXADECIMAL = {letter: re.compile(f"[0-9A-Fa-f]{{{length}}}") for letter, length in (("x", 2), ("u", 4), ("U", 8))}
_ANY_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")
_DIGITS = re.compile(r"[0-9]+")
_SIGNS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}


class Scanner:
    """A place in a grammar's text.

    Attributes:
        text: the grammar.
        at: index of the next character.
    """

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.at = 0
        self._limits = limits
        self._tokens = 0
        self._characters = 0
        self._open: list[int] = []

    # -- reading -----------------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """Is there nothing more?"""
        return self.at >= len(self.text)

    def next_is(self, text: str) -> bool:
        """Does ``text`` come next?"""
        return self.text.startswith(text, self.at)

    def took(self, text: str) -> bool:
        """Read ``text``, if it comes next."""
        if not self.next_is(text):
            return False
        self.at += len(text)
        self.count()
        return True

    def passed(self, text: str) -> bool:
        """As :meth:`took`, inside a string or class, which count as one."""
        if not self.next_is(text):
            return False
        self.at += len(text)
        return True

    def expect(self, text: str, *instead: str) -> None:
        """Read ``text``, which must come next; ``instead`` says what else could have."""
        if not self.took(text):
            self.unexpected(*instead, f"'{text}'")

    def took_match(self, pattern: re.Pattern[str]) -> str | None:
        """Read what ``pattern`` matches, if it comes next."""
        match = pattern.match(self.text, self.at)
        if match is None or match.end() == self.at:
            return None
        self.at = match.end()
        self.count()
        return match[0]

    def count(self) -> None:
        """One more word or sign.

        Raises:
            LimitError: there are more than ``max_grammar_tokens``.
        """
        self._tokens += 1
        if self._tokens > self._limits.max_grammar_tokens:
            self._limits.check("max_grammar_tokens", self._tokens)

    def count_characters(self, number: int, at: int) -> None:
        """So many more characters in strings and classes."""
        self._characters += number
        if self._characters > MAXIMUM_CHARACTERS:
            raise LimitError(
                f"the grammar's strings and classes have more than {MAXIMUM_CHARACTERS} characters",
                span=self.span(at),
                expected="a shorter grammar; this limit is fixed",
            )

    def enter(self) -> None:
        """An opening bracket was read."""
        self._open.append(self.at - 1)
        self.check_height(len(self._open))

    def check_height(self, height: int) -> None:
        """Refuse what nests too deeply."""
        if height > MAXIMUM_DEPTH:
            raise LimitError(
                f"the grammar nests deeper than {MAXIMUM_DEPTH} levels",
                span=self.span(self.at - 1),
                expected="a flatter rule; this limit is fixed",
            )

    def leave(self) -> None:
        """Read the closing bracket."""
        if not self.next_is(")"):
            opened = self.span(self._open[-1])
            self.unexpected("an item", "'|'", "')'", why=f"'(' at {opened} is not closed yet")
        self.took(")")
        self._open.pop()

    # -- characters, classes and counts ------------------------------------------------------------------------

    def escaped(self, escapes: Mapping[str, str], *, long_x: bool = False) -> int:
        r"""Read an escape, whose backslash comes next; the number of its character.

        Args:
            escapes: what a backslash and one character stand for.
            long_x: does ``\x`` take as many digits as there are?
        """
        begin = self.at
        letter = self.text[begin + 1 : begin + 2]
        if letter in escapes:
            self.at += 2
            return ord(escapes[letter])
        if letter not in _HEXADECIMAL:
            known = " ".join(f"\\{each}" for each in escapes)
            self.refuse(f"unknown escape \\{letter}", begin, expected=rf"one of {known} \xHH \uHHHH \UHHHHHHHH")
        digits = _ANY_HEXADECIMAL if long_x and letter == "x" else _HEXADECIMAL[letter]
        match = digits.match(self.text, begin + 2)
        if match is None:
            length = {"x": "2", "u": "4", "U": "8"}[letter]
            self.refuse(f"\\{letter} without its digits", begin, expected=f"{length} hexadecimal digits")
        self.at = match.end()
        return self.code_point(match[0], begin)

    def code_point(self, digits: str, at: int) -> int:
        """A character by its number in hexadecimal digits."""
        significant = digits.lstrip("0") or "0"
        if len(significant) > 6 or int(significant, 16) > 0x10FFFF:
            self.refuse(f"there is no character of number {digits[:12]}", at, expected="at most 10FFFF")
        return int(significant, 16)

    def check_scalar(self, code_point: int, at: int) -> None:
        """Refuse half of a surrogate pair in a string: no text holds one."""
        if 0xD800 <= code_point <= 0xDFFF:
            self.refuse(f"U+{code_point:04X} is half a character", at, expected=r"the whole one, as in \U0001F600")

    def class_ranges(self, member: Callable[[], int]) -> tuple[list[tuple[int, int]], bool]:
        """Read a class, whose bracket comes next: its ranges, and whether it is all but them.

        Args:
            member: reads one character, of which there must be one.
        """
        self.took("[")
        negated = self.passed("^")
        ranges: list[tuple[int, int]] = []
        while not self.next_is("]"):
            at = self.at
            low = high = member()
            if self.next_is("-") and not self.next_is("-]"):
                self.passed("-")
                high = member()
            if high < low:
                self.refuse(f"the range {self.text[at : self.at]} runs backwards", at, expected="its lower end first")
            ranges.append((low, high))
            self.count_characters(self.at - at, at)
        self.passed("]")
        return ranges, negated

    def counts(self, space: Callable[[], None]) -> tuple[int, int | None] | None:
        """Read ``?``, ``*``, ``+`` or counts in braces, if they come next: how often, at least and at most.

        Args:
            space: reads what may stand between words and signs.
        """
        at = self.at
        sign = self.text[at : at + 1]
        if sign in _SIGNS:
            self.took(sign)
            return _SIGNS[sign]
        if not self.took("{"):
            return None
        space()
        minimum = self.whole_number()
        maximum: int | None = minimum
        space()
        if self.took(","):
            space()
            maximum = None if self.next_is("}") else self.whole_number()
            space()
        self.expect("}", "','")
        self.check_counts(minimum, maximum, at)
        return minimum, maximum

    def whole_number(self) -> int:
        """Read a repetition count."""
        begin = self.at
        digits = self.took_match(_DIGITS)
        if digits is None:
            self.unexpected("a count")
        if len(digits) > 10 or int(digits) > MAXIMUM_REPEAT:
            raise LimitError(
                "a repetition count is too large", span=self.span(begin), expected=f"at most {MAXIMUM_REPEAT}"
            )
        return int(digits)

    def check_counts(self, minimum: int, maximum: int | None, at: int) -> None:
        """Refuse bounds that no number is between."""
        if maximum is not None and maximum < minimum:
            self.refuse(
                f"the repetition {{{minimum},{maximum}}} has no meaning", at, expected="counts in ascending order"
            )

    # -- complaints --------------------------------------------------------------------------------------------

    def span(self, at: int) -> Span:
        """Line and column of an index."""
        return text_span(self.text, at)

    def refuse(self, message: str, at: int, *, expected: str | None = None) -> NoReturn:
        """A mistake at ``at``."""
        raise GrammarError(message, span=self.span(at), expected=expected)

    def unsupported(self, message: str, at: int, *, expected: str | None = None) -> NoReturn:
        """Something at ``at`` that is not implemented."""
        raise UnsupportedError(f"{message} is not implemented", span=self.span(at), expected=expected)

    def unexpected(self, *expected: str, why: str | None = None) -> NoReturn:
        """What comes next cannot stand here."""
        following = self.text[self.at : self.at + 1]
        found = {"": "end of the grammar", "\n": "end of line", "\r": "end of line"}.get(following, repr(following))
        message = f"unexpected {found} in the grammar" + (f": {why}" if why else "")
        self.refuse(message, self.at, expected=" or ".join(expected))
