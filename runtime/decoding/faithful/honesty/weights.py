"""Is the mean of W what it should be, Z? A z-test that knows how far it can be trusted.

Where the law of the weights is known, so is their variance; a sample that has not met the rare heavy ones yet knows of
neither these nor a spread. And a mean is normal only where enough of what makes up the variance was seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from constrain.runtime.decoding.faithful.law import Law

__all__ = ["Spread", "WeightTest", "deviation", "spread_of"]

MOST_SKEWED = 0.5
"""Of a mean: more, and the tail beyond four sigma is far from the normal law's."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the weight W / Z of one attempt of plain masking.

    Attributes:
        variance: of it.
        skewness: of it.
    """

    variance: float
    skewness: float


@dataclass(frozen=True, slots=True)
class WeightTest:
    """A mean of weights against what it should be.

    Attributes:
        mean: of W / Z.
        z: how many standard errors it is from 1.
        is_telling: are there enough draws for ``z`` to be judged?
    """

    mean: float
    z: float
    is_telling: bool


def spread_of(law: Law, logprobs: Law, log_z: float) -> Spread:
    """The spread of W = P / q.

    Args:
        law: log q of each output in an attempt; they may add up to less than 1, and the rest weighs nothing.
        logprobs: log P.
        log_z: log of their sum.
    """
    known = [
        (math.exp(value), math.exp(logprobs[key] - value - log_z)) for key, value in law.items() if value > -math.inf
    ]
    missed = max(0.0, 1.0 - math.fsum(share for share, _ in known))
    variance = math.fsum(share * (weight - 1) ** 2 for share, weight in known) + missed
    third = math.fsum(share * (weight - 1) ** 3 for share, weight in known) - missed
    return Spread(variance, third / variance**1.5 if variance > 1e-18 else 0.0)


def deviation(logweights: list[float], log_z: float, spread: Spread, *, of_each: float = 1.0) -> WeightTest:
    """The z-test.

    Args:
        logweights: log W, each independent of the others.
        log_z: log of what their mean should be.
        spread: of what each is a mean of.
        of_each: how many weights that is.
    """
    weights = [math.exp(value - log_z) for value in logweights]
    number = len(weights)
    mean = math.fsum(weights) / number
    known = spread.variance / of_each
    seen = math.fsum((weight - mean) ** 2 for weight in weights) / max(1, number - 1)
    error = math.sqrt(max(known, seen) / number)
    away = mean - 1.0
    if error < 1e-9:
        return WeightTest(mean, 0.0 if abs(away) < 1e-7 else math.copysign(math.inf, away), True)
    return WeightTest(mean, away / error, abs(spread.skewness) / math.sqrt(number * of_each) <= MOST_SKEWED)
