"""Log-probabilities and draws in float64. Pure functions over one-dimensional arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw", "effective_sample_size", "log_sum_exp", "normalise", "pooled"]


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


def draw(logprobs: NDArray[np.float64], uniform: float) -> int:
    """The index at which the cumulative distribution first exceeds ``uniform`` (inverse transform sampling).

    An index of probability zero is never drawn: there the cumulative distribution does not rise.

    Args:
        logprobs: log-probabilities, normalised or not.
        uniform: from 0 up to but not including 1.
    """
    probabilities = np.exp(logprobs - logprobs.max())
    cumulative = np.cumsum(probabilities)
    index = int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"))
    return min(index, int(np.flatnonzero(probabilities)[-1]))  # rounding may lead past the end
