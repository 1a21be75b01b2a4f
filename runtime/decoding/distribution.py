"""Log-probabilities and draws in float64. Pure functions over one-dimensional arrays."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lots", "draw", "effective_sample_size", "log_sum_exp", "normalise", "pooled"]


def log_sum_exp(values: NDArray[np.float64]) -> float:
    """Logarithm of the sum of exponentials, without overflow; minus infinity where all are."""
    peak = float(values.max())
    if peak == -np.inf:
        return peak
    return peak + float(np.log(np.exp(values - peak).sum()))


def effective_sample_size(logweights: NDArray[np.float64]) -> float:
    """How many draws of equal weight tell as much as these: the square of the sum by the sum of squares (Kish 1965).

    Args:
        logweights: logarithms, at least one of them finite.
    """
    return float(np.exp(2 * log_sum_exp(logweights) - log_sum_exp(2 * logweights)))


def normalise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-probabilities of weights given as logarithms, at least one of them finite."""
    shifted = values - values.max()  # first, so that huge values leave digits for the sum
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return result


def pooled(logprobs: NDArray[np.float64], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log-probabilities in which some members are one event, in the place of the first of them."""
    places = np.flatnonzero(members)
    if len(places) < 2:
        return logprobs
    result = logprobs.copy()
    result[places[0]], result[places[1:]] = log_sum_exp(logprobs[places]), -np.inf
    return result


class Lots:
    """Weights that are summed up once, for any number of draws.

    Attributes:
        logweights: float64 ``[n]``; not to be changed.
        peak: the largest of them; minus infinity where all are.
        sums: float64 ``[n]``, ascending: of the weights up to each, as shares of that of the largest.
        total: the last of these; 0 where there is nothing to draw.
    """

    __slots__ = ("logweights", "peak", "sums", "total")

    def __init__(self, logweights: NDArray[np.float64]) -> None:
        """Sum up."""
        self.logweights = logweights
        self.peak = float(logweights.max())
        # relative to the largest, so that neither huge nor tiny ones are lost
        self.sums = np.cumsum(np.exp(logweights - self.peak)) if self.peak > -np.inf else np.zeros(1)
        self.total = float(self.sums[-1])

    @property
    def log_total(self) -> float:
        """Logarithm of the sum of all weights; minus infinity where there is nothing to draw."""
        return self.peak + math.log(self.total) if self.total else -math.inf

    def at(self, uniform: float) -> int:
        """The index at which the cumulative distribution first exceeds ``uniform`` (inverse transform sampling).

        An index of probability zero is never drawn: there the cumulative distribution does not rise.

        Args:
            uniform: from 0 up to but not including 1.
        """
        index = int(np.searchsorted(self.sums, uniform * self.total, side="right"))
        if index < len(self.sums):
            return index
        return int(np.searchsorted(self.sums, self.total, side="left"))  # rounding has led past the end


def draw(logprobs: NDArray[np.float64], uniform: float) -> int:
    """An index in proportion to weights, as :meth:`Lots.at` has it.

    Args:
        logprobs: log-probabilities, normalised or not, at least one of them finite.
        uniform: from 0 up to but not including 1.
    """
    return Lots(logprobs).at(uniform)
