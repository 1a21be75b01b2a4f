"""How large the values get that a model writes, where the schema does not say; and how much is written between them.

No part of the language: what is valid stays what it is, and whoever checks a text never asks for sizes. What is written
under them is a part of the language, the one that a model cannot ramble in: no string, number, array, nesting or run of
blanks goes on without end.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MAXIMUM_SIZE", "UNBOUNDED", "Sizes"]

MAXIMUM_SIZE = 1_000_000
"""Of each; what is larger bounds nothing that a model writes."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bounds of what has none. None: not even this one.

    A bound that the schema sets counts instead, also if it is larger. And no value is lost for want of size: one that
    must be larger (``minLength``, ``minItems``, ``pattern``, a required member that nests deeply) may be so large.

    Attributes:
        max_string: characters of a string, and of a name that the schema does not declare. A page of prose has 2,000.
        max_digits: digits of a number before its point, and as many after it. Those of 64 bits have 20 at most, and a
            double is told from all others by 17.
        max_items: items of an array; members of an object, as many as the schema declares and so many more.
        max_depth: arrays and objects inside each other down to which a value may hold one of its own kind again: by a
            ``$ref`` that leads back, or where the schema allows anything. Levels that it spells out always fit.
        max_blanks: blanks between two tokens of JSON, where there may be any; characters of what a Lark grammar ignores
            between two terminals.
    """

    max_string: int | None = 1000
    max_digits: int | None = 20
    max_items: int | None = 100
    max_depth: int | None = 16
    max_blanks: int | None = 64

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and (type(value) is not int or not 1 <= value <= MAXIMUM_SIZE):
                raise ValueError(f"{name} must be an integer from 1 to {MAXIMUM_SIZE:,} or None, not {value!r}")


UNBOUNDED = Sizes(None, None, None, None, None)
"""Those of the whole language."""
