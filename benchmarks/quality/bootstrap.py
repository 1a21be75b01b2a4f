"""Intervals of means and of paired differences, by resampling items (Efron's percentile bootstrap)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Estimate", "difference", "mean"]

RESAMPLES = 10_000
SEED = 7


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float


def mean(marks: Sequence[float], *, resamples: int = RESAMPLES, seed: int = SEED) -> Estimate:
    """The mean of the marks."""
    values = np.asarray(marks, dtype=np.float64)
    if not len(values):
        raise ValueError("there are no marks")
    drawn = np.random.default_rng(seed).integers(len(values), size=(resamples, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high))


def difference(marks: Sequence[float], others: Sequence[float], *, resamples: int = RESAMPLES) -> Estimate:
    """How much larger the mean of ``marks`` is than that of ``others``, which are of the same items in turn."""
    return mean([one - other for one, other in zip(marks, others, strict=True)], resamples=resamples)
