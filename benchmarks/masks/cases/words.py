"""Words and sentences that look like language, the same on every machine."""

from __future__ import annotations

import random

__all__ = ["sentence", "word"]

SYLLABLES = [consonant + vowel for consonant in "bcdfghklmnprstv" for vowel in "aeiou"]


def word(source: random.Random) -> str:
    """A word of two to four syllables."""
    return "".join(source.choices(SYLLABLES, k=source.randint(2, 4)))


def sentence(source: random.Random, length: int) -> str:
    """Words with single spaces between them, ``length`` characters in all."""
    text = word(source)
    while len(text) <= length:
        text += " " + word(source)
    return text[: length - 1] + "x"  # no space at the end
