"""The letters of a pattern: code points that none of its classes tells apart are one letter.

A set of letters is a number, one bit for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from constrain.compiler.grammar import normalise_ranges
from constrain.compiler.regex.ast import ANY, Ranges

__all__ = ["Alphabet"]


class Alphabet:
    """The letters of some classes, and any character besides."""

    def __init__(self, classes: Sequence[Ranges]) -> None:
        # where a class begins (or ends), its bit flips
        flips: dict[int, int] = {}
        for number, ranges in enumerate([*classes, ANY.ranges]):
            for low, high in ranges:
                flips[low] = flips.get(low, 0) ^ 1 << number
                flips[high + 1] = flips.get(high + 1, 0) ^ 1 << number
        pieces: dict[int, list[tuple[int, int]]] = {}
        inside = 0
        places = sorted(flips)
        for low, above in pairwise(places):
            inside ^= flips[low]
            if inside:
                pieces.setdefault(inside, []).append((low, above - 1))
        self.members = list(pieces)
        """Of each letter, the classes that it is in, as bits."""
        self._ranges = list(pieces.values())
        self._grouped: dict[int, list[tuple[int, int]]] = {}
        self._merged: dict[int, Ranges] = {}

    def groups(self, classes: int) -> list[tuple[int, int]]:
        """Letters told apart by some classes (bits) only: of each group, the classes that it is in, and the letters."""
        known = self._grouped.get(classes)
        if known is None:
            found: dict[int, int] = {}
            for letter, members in enumerate(self.members):
                found[members & classes] = found.get(members & classes, 0) | 1 << letter
            known = self._grouped[classes] = list(found.items())
        return known

    def ranges(self, letters: int) -> Ranges:
        """The characters of a set of letters."""
        known = self._merged.get(letters)
        if known is None:
            pieces = [piece for letter, each in enumerate(self._ranges) if letters >> letter & 1 for piece in each]
            known = self._merged[letters] = normalise_ranges(pieces)
        return known
