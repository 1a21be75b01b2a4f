"""Random texts of a JSON automaton: a walk over its bytes, in which every kind of value and every member has a chance.

What may come next is drawn by kind, not by byte, since a draw over bytes would make nine values out of ten numbers. The
longer the text gets, the likelier is what closes; past its length the shortest completion ends it. So samples are short
however far the language reaches, and they are valid by the automaton's own account.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from constrain._core import CompiledGrammar, Matcher

__all__ = ["DEFAULT_LENGTH", "sample"]

DEFAULT_LENGTH = 200
"""Bytes after which a text is brought to its end."""

_STRING_LENGTH = 12
"""Bytes of a string after which its end is as likely as everything else together."""
_DIGITS = 4
"""The same for the digits of a number."""

_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_CAPITALS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NUMERALS = frozenset(b"0123456789")
_BLANKS = frozenset(b" \t\n\r")
_OPENING = frozenset(b"{[")
_CLOSING = frozenset(b"}]")
_EXPONENT = frozenset(b"eE")
_NAMED = _OPENING | _CLOSING | _NUMERALS | _BLANKS | _EXPONENT
_NON_ASCII = frozenset(range(0x80, 0x100))
_PUNCTUATION = frozenset(range(0x21, 0x7F)) - _LETTERS - _CAPITALS - _NUMERALS

_TEXT_KINDS: tuple[tuple[frozenset[int], float], ...] = (
    (_LETTERS, 6),
    (_CAPITALS, 2),
    (_NUMERALS, 2),
    (frozenset(b" "), 1),
    (_PUNCTUATION - frozenset(b'"\\'), 0.6),
    (frozenset(b"\\"), 0.2),
    (_NON_ASCII, 0.4),
    (frozenset(range(0x20)) | {0x7F}, 0.2),
)
"""Kinds of bytes inside a string, with their weights."""


def sample(compiled: CompiledGrammar, source: random.Random, *, length: int = DEFAULT_LENGTH) -> bytes:
    """One random text.

    Args:
        compiled: an automaton of JSON texts, over single bytes.
        source: of all chance; equal sources give equal texts.
        length: bytes after which the text is brought to its end; it may end before.

    Raises:
        LimitError: a budget of the automaton ran out.
    """
    walk = _Walk(compiled.matcher(), source, length)
    while walk.step():
        pass
    return bytes(walk.text) + walk.matcher.shortest_completion()


class _Walk:
    """A text in the making, with as much of its syntax as the weights need."""

    def __init__(self, matcher: Matcher, source: random.Random, length: int) -> None:
        self.matcher = matcher
        self.text = bytearray()
        self._source = source
        self._length = length
        self._in_string = False
        self._escapes = False
        self._run = 0
        """Bytes of the string or number so far."""

    def step(self) -> bool:
        """One byte more; False at the end."""
        if len(self.text) >= self._length:
            return False
        allowed = self.matcher.next_bytes()
        if not allowed:
            return False
        if self.matcher.is_accepting() and self._source.random() < self._haste(_DIGITS):
            return False
        byte = self._drawn(allowed)
        self.matcher.accept_bytes(bytes([byte]))
        self.text.append(byte)
        self._follow(byte)
        return True

    def _haste(self, usual: int) -> float:
        """How likely an end is, from 0 to 1: by the run's own length, and by the whole text's."""
        return min(1.0, 0.5 * self._run / usual + 0.5 * len(self.text) / self._length)

    def _drawn(self, allowed: bytes) -> int:
        if len(allowed) == 1:
            return allowed[0]
        if not self._in_string:
            return self._between(frozenset(allowed))
        if self._escapes:
            return self._source.choice(allowed)
        if 0x22 in allowed and self._source.random() < self._haste(_STRING_LENGTH):
            return 0x22
        rest = frozenset(allowed) - {0x22}
        return self._of_kind([(kind & rest, weight) for kind, weight in _TEXT_KINDS])

    def _between(self, allowed: frozenset[int]) -> int:
        """A byte outside strings: the start of a value, the next digit, or punctuation."""
        done = len(self.text) / self._length
        empty = bool(self.text) and self.text[-1] in _OPENING
        kinds = [
            (allowed & _OPENING, 2 * (1 - done) ** 2),
            (allowed & _CLOSING, (0.2 if empty else 0.6) + 4 * done),
            (allowed & _NUMERALS, 1 - self._haste(_DIGITS) if self._run else 1.0),
            (allowed & _EXPONENT, 0.1),
            (allowed & _BLANKS, 0.2),
            *((frozenset([byte]), 0.7) for byte in sorted(allowed - _NAMED)),
        ]
        return self._of_kind(kinds)

    def _of_kind(self, kinds: Sequence[tuple[frozenset[int], float]]) -> int:
        possible = [(sorted(kind), max(weight, 0.01)) for kind, weight in kinds if kind]
        (chosen,) = self._source.choices([kind for kind, _ in possible], [weight for _, weight in possible])
        return self._source.choice(chosen)

    def _follow(self, byte: int) -> None:
        if self._in_string:
            self._run += 1
            if self._escapes:
                self._escapes = False
            elif byte == 0x5C:
                self._escapes = True
            elif byte == 0x22:
                self._in_string, self._run = False, 0
        elif byte == 0x22:
            self._in_string, self._run = True, 0
        else:
            self._run = self._run + 1 if byte in _NUMERALS else 0
