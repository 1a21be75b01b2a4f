"""Drawing one after another without putting back, in proportion to weights that may span hundreds of magnitudes."""

from __future__ import annotations

import math

import numpy as np

from constrain.runtime.decoding.distribution import Lots

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

    def __init__(self, lots: Lots) -> None:
        """Put all of them in.

        Args:
            lots: are left as they are; minus infinity is never drawn.
        """
        self._lots = lots
        self._gone: set[int] = set()
        """What was drawn since the weights were summed up, and how much that was."""
        self._drawn = 0.0

    def _sum_up(self) -> None:
        left = self._lots.logweights.copy()
        left[list(self._gone)] = -np.inf
        self._lots = Lots(left)  # relative to the largest that is left: what others dwarfed counts once they are gone
        self._gone = set()
        self._drawn = 0.0

    def log_left(self) -> float:
        """Logarithm of what all that is left weighs; minus infinity where nothing is."""
        if self._drawn > UNCERTAIN * self._lots.total:
            self._sum_up()
        lots = self._lots
        return lots.peak + math.log(lots.total - self._drawn) if lots.total else -math.inf

    def draw(self, random: np.random.Generator) -> int:
        """Draw an index and take it out.

        Args:
            random: the random numbers.

        Raises:
            ValueError: nothing is left.
        """
        if self._drawn > REDRAWN * self._lots.total:
            self._sum_up()
        lots = self._lots
        if not lots.total:
            raise ValueError("nothing is left to draw")
        index = lots.at(float(random.random()))
        while index in self._gone:
            index = lots.at(float(random.random()))
        self._gone.add(index)
        self._drawn += math.exp(lots.logweights[index] - lots.peak)
        return index
