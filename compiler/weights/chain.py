"""A model lumped onto the states of a language: where tokens lead from each, and how often it stops there.

The chance to end within so many more text tokens follows by sweeps, which the native core makes. A stop token costs no
text token, so with none left there is still the chance to stop at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constrain._core import expected_future

__all__ = ["Chain", "Sweeps"]

MOST_LEFT = 1024
"""Tokens left beyond which the chances count as those of so many: they hardly rise any more."""

FIRST_ROWS = 32
"""So many rows are made when the first is asked for; each time that more are needed, twice as many."""

MOST_NUMBERS = 1 << 26
"""Chances that are kept at most: half a gigabyte."""


@dataclass(frozen=True, slots=True)
class Chain:
    """States, the first of which is the start, in compressed sparse rows.

    Attributes:
        indptr: int64 ``[n + 1]``.
        indices: int64, states that the rows lead to.
        values: float64, how likely; with ``ends`` they come to at most 1, as the rest is not allowed.
        ends: float64 ``[n]``, how likely the text ends there.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    values: NDArray[np.float64]
    ends: NDArray[np.float64]

    def goes_on(self, state: int) -> float:
        """How likely the text goes on from a state."""
        return float(self.values[self.indptr[state] : self.indptr[state + 1]].sum())


class Sweeps:
    """Chances to have ended within so many text tokens, by the tokens left and the state, made as far as asked for."""

    def __init__(self, chain: Chain) -> None:
        """Of a chain, which must be well-formed.

        Raises:
            ValueError: it isn't.
        """
        self._chain = chain
        self._most = min(MOST_LEFT, max(1, MOST_NUMBERS // max(1, len(chain.ends))))
        self._rows = self._made(0, None)

    def row(self, left: int) -> NDArray[np.float64]:
        """Chances of all states with so many text tokens left; below 0, there are none."""
        if left < 0:
            return np.zeros(len(self._chain.ends))
        left = min(left, self._most)
        while left >= len(self._rows):
            known = len(self._rows)
            wanted = min(max(left + 1, 2 * known, FIRST_ROWS), self._most + 1)
            more = self._made(wanted - known, self._rows[-1])
            self._rows = np.concatenate([self._rows, more[1:]])
        row: NDArray[np.float64] = self._rows[left]
        return row

    def _made(self, steps: int, first: NDArray[np.float64] | None) -> NDArray[np.float64]:
        chain = self._chain
        return expected_future(chain.indptr, chain.indices, chain.values, chain.ends, steps, first)
