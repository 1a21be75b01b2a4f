"""A judge of grammars in which every split of a text into terminals counts, and every terminal sees the whole text.

Whether a terminal matches a piece of a text is asked of Python's ``re``, at its place in that text. The rules are those
that lark makes of a grammar; which pieces each derives is found by trying all until there are no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from lark import Lark

__all__ = ["Splits"]


@cache
def compiled(pattern: str, left: int) -> re.Pattern[str]:
    """The pattern where so many characters follow its match."""
    return re.compile(rf"(?:{pattern})(?=(?s:.{{{left}}})\Z)")


class Splits:
    """The language of a grammar."""

    def __init__(self, grammar: str) -> None:
        """Args: a grammar that lark reads; of its regular expressions none is lazy."""
        lark = Lark(grammar, parser="earley", ambiguity="forest")
        self._patterns = {each.name: each.pattern.to_regexp() for each in lark.terminals}
        self._ignored = frozenset(lark.ignore_tokens)
        rules = [(rule.origin.name, [symbol.name for symbol in rule.expansion]) for rule in lark.rules]
        reached = ["start"]
        for name in reached:
            reached.extend(part for rule, parts in rules if rule == name for part in parts if part not in reached)
        self._rules = [(name, parts) for name, parts in rules if name in reached]
        self._used = [name for name in reached if name in self._patterns]

    def takes(self, text: str) -> bool:
        """Is the text in the language?"""
        size = len(text)
        # for each place, the ends of pieces that begin there, as bits
        skipped = [1 << place for place in range(size + 1)]
        for place in reversed(range(size)):
            for end in self._ends(self._ignored, text, place):
                skipped[place] |= skipped[end]
        ends = {}
        for name in self._used:
            ends[name] = [0] * (size + 1)
            for place in range(size):
                for end in self._ends([name], text, place):
                    ends[name][place] |= skipped[end]
        for name, _ in self._rules:
            ends[name] = [0] * (size + 1)
        changed = set(ends)
        while changed:
            tried = [rule for rule in self._rules if not rule[1] or not changed.isdisjoint(rule[1])]
            changed = set()
            for name, parts in tried:
                for place in range(size + 1):
                    reached = 1 << place
                    for part in parts:
                        reached = _joined(reached, ends[part])
                    if reached & ~ends[name][place]:
                        ends[name][place] |= reached
                        changed.add(name)
        return any(ends["start"][place] >> size & 1 for place in range(size + 1) if skipped[0] >> place & 1)

    def _ends(self, names: Iterable[str], text: str, place: int) -> Iterator[int]:
        for name in names:
            for end in range(place + 1, len(text) + 1):
                if compiled(self._patterns[name], len(text) - end).match(text, place):
                    yield end


def _joined(places: int, ends: list[int]) -> int:
    """All ends of pieces that begin at one of the places."""
    found = 0
    while places:
        lowest = places & -places
        found |= ends[lowest.bit_length() - 1]
        places ^= lowest
    return found
