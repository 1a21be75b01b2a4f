"""Letters and marks beyond ASCII that internationalised labels may always hold, script by script.

All of them are PVALID (RFC 5892) in every version of Unicode since 14; those of one script can stand in any order after
a letter, and the text is in normal form C: what composes with a character before it is left out. Left-to-right scripts
hold nothing whose direction is right-to-left. The tests hold each character against Unicode's data.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from constrain._core import unicode_class

__all__ = ["LEFT_TO_RIGHT", "LONGEST_MIXED", "RIGHT_TO_LEFT", "Script", "letters", "marks", "reordered_marks"]

_Ranges = tuple[tuple[int, int], ...]


class Script(NamedTuple):
    """A stretch of code points.

    Attributes:
        low: the first one.
        high: the last one.
        longest: how many characters a label may have, whichever of these or ASCII: its A-label is short enough then.
        left_out: letters and marks among them that aren't used.
        reordered: marks of a combining class other than 0: normal form C may have to swap two of them.
    """

    low: int
    high: int
    longest: int
    left_out: str = ""
    reordered: str = ""


LEFT_TO_RIGHT = (
    Script(0x00DF, 0x017E, 21, "\u0133\u0140\u0149"),  # Latin
    Script(0x1E00, 0x1EFF, 19, "\u1e9a\u1e9b"),  # Latin of Vietnamese and others
    Script(0x03AC, 0x03CE, 27),  # Greek
    Script(0x0430, 0x045F, 26),  # Cyrillic
    Script(0x0561, 0x0586, 27),  # Armenian
    Script(0x0901, 0x0950, 25, "\u093c", "\u094d"),  # Devanagari
    Script(0x0981, 0x09CD, 25, "\u09bc\u09be", "\u09cd"),  # Bengali
    Script(0x0A01, 0x0A4D, 25, "\u0a33\u0a36", "\u0a3c\u0a4d"),  # Gurmukhi
    Script(0x0A81, 0x0ACD, 25, "", "\u0abc\u0acd"),  # Gujarati
    Script(0x0B82, 0x0BCD, 25, "\u0bbe", "\u0bcd"),  # Tamil
    Script(0x0C01, 0x0C4D, 25, "\u0c3c", "\u0c4d"),  # Telugu
    Script(0x0C82, 0x0CCD, 25, "\u0cc2", "\u0cbc\u0ccd"),  # Kannada
    Script(0x0D02, 0x0D3A, 26, ""),  # Malayalam
    Script(0x0E01, 0x0E4E, 25, "\u0e33", "\u0e38\u0e39\u0e3a\u0e48\u0e49\u0e4a\u0e4b"),  # Thai
    Script(0x0E81, 0x0ECD, 25, "\u0eb3", "\u0eb8\u0eb9\u0eba\u0ec8\u0ec9\u0eca\u0ecb"),  # Lao
    Script(0x1000, 0x103F, 25, "\u102e", "\u1037\u1039\u103a"),  # Burmese
    Script(0x10D0, 0x10FA, 26),  # Georgian
    Script(0x1200, 0x135A, 18),  # Ethiopic
    Script(0x1780, 0x17D3, 25, "\u17b4\u17b5", "\u17d2"),  # Khmer
    Script(0x3041, 0x30FE, 21, "\u3099\u309a\u309f"),  # Hiragana and Katakana
    Script(0x3105, 0x312F, 26),  # Bopomofo
    Script(0x4E00, 0x9FFC, 12),  # Han
    Script(0xAC00, 0xD7A3, 13),  # Hangul
)

RIGHT_TO_LEFT = (
    Script(0x05D0, 0x05EA, 27),  # Hebrew
    Script(0x0620, 0x064A, 26, "\u0640"),  # Arabic
    Script(0x0679, 0x06D3, 24),  # Arabic of Persian, Urdu and others
)

LONGEST_MIXED = 11
"""As :attr:`Script.longest`, for characters of any scripts among these."""


@cache
def letters(script: Script) -> _Ranges:
    """Lower-case letters, and letters without case."""
    return tuple(_within(("Ll", "Lo", "Lm"), script, script.left_out))


@cache
def marks(script: Script) -> _Ranges:
    """Marks that may stand anywhere after a letter."""
    return tuple(_within(("M",), script, script.left_out + script.reordered))


def reordered_marks(script: Script) -> _Ranges:
    """Marks of which no two are to stand side by side."""
    return tuple((ord(mark), ord(mark)) for mark in script.reordered)


@cache
def _of(categories: tuple[str, ...]) -> _Ranges:
    return tuple(sorted(found for name in categories for found in unicode_class(name) or ()))


def _within(categories: tuple[str, ...], script: Script, left_out: str) -> Iterator[tuple[int, int]]:
    gaps = sorted(map(ord, left_out))
    ranges = _of(categories)
    for low, high in ranges[max(0, bisect(ranges, (script.low, 0)) - 1) :]:
        if low > script.high:
            return
        start, stop = max(low, script.low), min(high, script.high)
        for gap in gaps:
            if start <= gap <= stop:
                if start < gap:
                    yield start, gap - 1
                start = gap + 1
        if start <= stop:
            yield start, stop
