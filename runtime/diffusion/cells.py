"""What stands at the positions of a canvas: tokens, and marks where nothing is decided yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DELETED", "OPEN", "OPTIONAL", "Gap", "GapLength", "cells_of"]

OPEN = -1
"""Any token may come here."""

OPTIONAL = -2
"""Any token, or none: the position may be left out."""

DELETED = -3
"""Left out."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Positions to fill.

    Attributes:
        slots: how many there are.
        optional: may some of them be left out? Then the gap has at most so many tokens, else exactly so many.
    """

    slots: int
    optional: bool = False

    def __post_init__(self) -> None:
        if type(self.slots) is not int or self.slots < 0:
            raise ValueError(f"a gap must have a number of slots from 0 up, not {self.slots!r}")


@dataclass(frozen=True, slots=True)
class GapLength:
    """A gap of a canvas, from ``start`` up to ``end``: a shortest completion has ``needed`` tokens in it."""

    start: int
    end: int
    needed: int


def cells_of(parts: Iterable[Sequence[int] | Gap]) -> NDArray[np.int64]:
    """The cells of fixed tokens and gaps, one behind the other: int64 ``[positions]``."""
    cells: list[int] = []
    for part in parts:
        if isinstance(part, Gap):
            cells += [OPTIONAL if part.optional else OPEN] * part.slots
        else:
            cells += part
    return np.array(cells, dtype=np.int64)
