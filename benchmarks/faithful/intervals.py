"""Means with 95 % intervals, of draws that depend on each other and of a few restarts (Student's t)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from quality.bootstrap import Estimate

__all__ = ["BATCHES", "of_batches", "of_few", "ratio"]

BATCHES = 8
"""Draws that depend on each other are cut into so many runs; the means of these nearly do not."""

QUANTILES = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""97.5 % of Student's t with 1 to 10 degrees of freedom; beyond, a few terms of its expansion are enough."""

TINY = 1e-9
"""Divergences have a logarithm."""


def of_few(values: Sequence[float]) -> Estimate:
    """The mean of independent values, a few or many."""
    found = np.asarray(values, dtype=np.float64)
    mean = float(found.mean())
    degrees = len(found) - 1
    if degrees < 1:
        return Estimate(mean, -math.inf, math.inf)
    quantile = QUANTILES[degrees - 1] if degrees <= len(QUANTILES) else 1.96 + 2.37 / degrees + 2.8 / degrees**2
    half = quantile * float(found.std(ddof=1)) / math.sqrt(len(found))
    return Estimate(mean, mean - half, mean + half)


def of_batches(values: Sequence[float], batches: int = BATCHES) -> Estimate:
    """The mean of draws that depend on each other, in their order."""
    parts = np.array_split(np.asarray(values, dtype=np.float64), min(batches, len(values)))
    few = of_few([float(part.mean()) for part in parts])
    mean = float(np.mean(values))
    return Estimate(mean, mean + few.low - few.value, mean + few.high - few.value)


def ratio(ones: Sequence[float], others: Sequence[float]) -> Estimate:
    """The geometric mean of ratios, pair by pair."""
    logs = [math.log(max(one, TINY) / max(other, TINY)) for one, other in zip(ones, others, strict=True)]
    found = of_few(logs)
    return Estimate(*(math.exp(min(value, 700.0)) for value in (found.value, found.low, found.high)))
