"""Drawing one after another without putting back, in proportion to weights that may span hundreds of magnitudes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["Urn"]

REDRAWN = 0.5
"""Once this share of the weights at hand is drawn, they are summed anew: until then, every other try hits at least."""

UNCERTAIN = 0.999
"""Once this share is drawn, what is left can't be told as a difference: too few digits remain."""


class Urn:
    """What has not been drawn yet.

    The weights at hand are those of the last summing up. A draw is one from all of them, made again where it hits what
    was drawn since: a search in sums that are there already, where a vocabulary takes milliseconds to sum up.
    """

    def __init__(self, logweights: NDArray[np.float64]) -> None:
        """Put all of them in.

        Args:
            logweights: minus infinity is never drawn.
        """
        self._left = logweights.copy()
        self._sum_up()

    def _sum_up(self) -> None:
        self._peak = float(self._left.max())
        # relative to the largest that is left, so that what others dwarfed counts once they are gone
        self._sums = np.cumsum(np.exp(self._left - self._peak)) if self._peak > -math.inf else np.zeros(1)
        self._total = float(self._sums[-1])
        self._drawn = 0.0

    def log_left(self) -> float:
        """Logarithm of what all that is left weighs; minus infinity where nothing is."""
        if self._drawn > UNCERTAIN * self._total:
            self._sum_up()
        return self._peak + math.log(self._total - self._drawn) if self._total else -math.inf

    def draw(self, random: np.random.Generator) -> int:
        """Draw an index and take it out.

        Args:
            random: the random numbers.

        Raises:
            ValueError: nothing is left.
        """
        if self._drawn > REDRAWN * self._total:
            self._sum_up()
        if not self._total:
            raise ValueError("nothing is left to draw")
        while True:
            place = float(random.random()) * self._total
            index = int(np.searchsorted(self._sums, place, side="right"))  # its sum exceeds that before it
            if index < len(self._sums) and self._left[index] > -np.inf:
                break
        self._drawn += math.exp(self._left[index] - self._peak)
        self._left[index] = -np.inf
        return index
