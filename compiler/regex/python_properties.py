r"""``\p{...}`` and ``\P{...}`` in Python's notation, which ``re`` lacks: as the ``regex`` package reads them.

Names are general categories, scripts and binary properties, in any spelling of Unicode's (``\p{Lu}``, ``\pL``,
``\p{Greek}``, ``\p{Script=Greek}``, ``\p{scx=Greek}``, ``\p{^Alphabetic}``); the tables are the engine's. Blocks are
not among them.

Python's parser does not know the notation. It is shown a surrogate in place of each property, which no text holds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from constrain._core import unicode_class
from constrain.compiler.grammar import normalise_ranges
from constrain.compiler.regex.ast import Ranges, complement_ranges

__all__ = ["Prepared", "Property", "prepare", "property_ranges"]

_ESCAPE = re.compile(r"\\(?:(?P<sign>[pP])(?:\{(?P<braced>[^{}]*)\}|(?P<letter>[A-Z]))|.)", re.DOTALL)
_NAME = re.compile(r"(?:(?P<kind>[\w\s-]+)\s*[=:])?\s*(?P<value>[\w\s-]+)", re.ASCII)
_KINDS = {"gc", "generalcategory", "sc", "script", "scx", "scriptextensions"}
_LONGEST_NAME = 200
_BEYOND_ASCII = ((0x80, 0x10FFFF),)


@dataclass(frozen=True, slots=True)
class Property:
    """Characters that have, or do not have, a property."""

    name: str
    negated: bool


@dataclass(slots=True)
class Prepared:
    """A pattern for Python's parser.

    Attributes:
        text: the pattern with a surrogate in place of each property.
        properties: what the surrogates stand for.
    """

    text: str
    properties: dict[int, Property] = field(default_factory=dict)
    _ends: list[int] = field(default_factory=list)
    _shortened: list[int] = field(default_factory=list)

    def place(self, position: int) -> int:
        """The place in the pattern that a place in the text stands for."""
        count = bisect_right(self._ends, position)
        return position + (self._shortened[count - 1] if count else 0)

    def is_property(self, position: int | None) -> bool:
        """Does a property stand at a place in the text?"""
        return position is not None and ord(self.text[position : position + 1] or "\0") in self.properties

    def message(self, text: str) -> str:
        """What Python's parser says about the text, said about the pattern."""
        for surrogate, found in self.properties.items():
            spelled = f"\\{'P' if found.negated else 'p'}{{{found.name}}}"
            for shown in (chr(surrogate), repr(chr(surrogate))[1:-1]):
                text = text.replace(shown, spelled)
        return text


def prepare(pattern: str) -> Prepared:
    """Replace the properties of a pattern; those that are unknown stay, for Python's parser to refuse."""
    if not re.search(r"\\[pP]", pattern):
        return Prepared(pattern)
    prepared = Prepared("")
    spare = _unused_surrogates(pattern)
    given: dict[Property, int] = {}
    pieces: list[str] = []
    length = end = 0
    for escape in _ESCAPE.finditer(pattern):
        found = _property_of(escape)
        if found is None:
            continue
        surrogate = given.get(found) or next(spare, None)
        if surrogate is None:
            break
        given[found] = surrogate
        prepared.properties[surrogate] = found
        pieces += [pattern[end : escape.start()], chr(surrogate)]
        length += escape.start() - end + 1
        end = escape.end()
        prepared._ends.append(length)
        prepared._shortened.append(end - length)
    prepared.text = "".join([*pieces, pattern[end:]])
    return prepared


def _property_of(escape: re.Match[str]) -> Property | None:
    written = (escape["letter"] or escape["braced"] or "").strip()
    name = written.removeprefix("^").lstrip()
    if not name or len(name) > _LONGEST_NAME or _ranges(name) is None:
        return None
    return Property(name, (escape["sign"] == "P") != written.startswith("^"))


def _unused_surrogates(pattern: str) -> Iterator[int]:
    """Surrogates that the pattern does not spell by their number."""
    lowered = pattern.lower()
    spelled = "\\ud" in lowered or "\\u0000d" in lowered
    return (point for point in range(0xD800, 0xE000) if not (spelled and f"{point:04x}" in lowered))


def property_ranges(found: Property, *, ignore_case: bool, ascii_only: bool) -> Ranges:
    """The characters of a property. Where case is ignored, each case of letters stands for all of them.

    (But not among ASCII characters alone: that is how ``regex`` has it.)
    """
    ranges = _ranges(found.name) or ()
    if ignore_case and not ascii_only:
        for cases, all_of_them in (("Lu Ll Lt", "LC"), ("Uppercase Lowercase", "Cased")):
            if any(ranges == _ranges(case) for case in cases.split()):
                ranges = _ranges(all_of_them) or ()
    if ascii_only:
        ranges = complement_ranges([*complement_ranges(ranges), *_BEYOND_ASCII])
    return complement_ranges(ranges) if found.negated else ranges


@lru_cache(maxsize=256)
def _ranges(name: str) -> Ranges | None:
    """The characters that have a property, None if it is unknown."""
    parsed = _NAME.fullmatch(name)
    if parsed is None:
        return None
    kind, value = parsed["kind"], parsed["value"]
    if kind is None:
        found = unicode_class(value)
    elif re.sub(r"[\s_-]", "", kind).lower() in _KINDS:
        found = unicode_class(f"{kind.strip()}={value}")
    else:
        found = None
    return None if found is None else normalise_ranges(found)
