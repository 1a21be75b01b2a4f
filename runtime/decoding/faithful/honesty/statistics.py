"""The few statistics that draws are judged by: chi-squared over pooled cells, Holm's correction, z of a mean.

Written out here, for a library of statistics would be one dependency more for thirty lines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.faithful.law import Law

__all__ = ["EXPECTED", "Cells", "adjusted", "binomial_survival", "chi_squared_survival", "pooled_cells"]

EXPECTED = 5.0
"""Draws that each cell has to expect, for the chi-squared law to hold of them."""

MOST_TERMS = 100_000
"""More than any number of degrees of freedom here needs: the terms grow with its square root."""


def chi_squared_survival(value: float, degrees: int) -> float:
    """The probability that a chi-squared variable is larger than a value.

    It is the regularised incomplete gamma function Q(degrees / 2, value / 2): below its bend by the power series of
    1 - Q (DLMF 8.11.4), above it by the continued fraction of Q (DLMF 8.9.2) with Lentz's method, as in Press et al.,
    Numerical Recipes, section 6.2.

    Args:
        value: at least 0.
        degrees: of freedom, at least 1.
    """
    shape, at = degrees / 2.0, value / 2.0
    if at <= 0.0:
        return 1.0
    if at == math.inf:
        return 0.0
    scale = math.exp(shape * math.log(at) - at - math.lgamma(shape))
    if at < shape + 1.0:
        return max(0.0, 1.0 - scale * _series(shape, at))
    return min(1.0, scale * _fraction(shape, at))


def _series(shape: float, at: float) -> float:
    term = total = 1.0 / shape
    for step in range(1, MOST_TERMS):
        term *= at / (shape + step)
        total += term
        if term < total * 1e-16:
            break
    return total


def _fraction(shape: float, at: float) -> float:
    tiny = 1e-300  # stands in for 0 below a line
    below = at + 1.0 - shape
    ratio, inverse = 1.0 / tiny, 1.0 / below
    total = inverse
    for step in range(1, MOST_TERMS):
        numerator = -step * (step - shape)
        below += 2.0
        inverse = 1.0 / (numerator * inverse + below or tiny)
        ratio = below + numerator / ratio or tiny
        change = ratio * inverse
        total *= change
        if abs(change - 1.0) < 1e-15:
            break
    return total


def binomial_survival(count: int, number: int, share: float) -> float:
    """The probability that of so many draws at least ``count`` fall on something that has this share.

    Of a count up to the mean, 1 is said, which is no less.
    """
    if count <= number * share:
        return 1.0
    if share <= 0.0:
        return 0.0
    total, term = 0.0, 1.0
    for value in range(count, number + 1):
        total += term
        term *= (number - value) / (value + 1) * share / (1 - share)
        if term < total * 1e-17:
            break
    choices = math.lgamma(number + 1) - math.lgamma(count + 1) - math.lgamma(number - count + 1)
    return min(1.0, total * math.exp(choices + count * math.log(share) + (number - count) * math.log1p(-share)))


def adjusted(p_values: Sequence[float]) -> list[float]:
    """P-values after Holm's correction for their number: the chance that any one of them is as small by luck."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    found, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        found[index] = largest
    return found


@dataclass(frozen=True, slots=True)
class Cells:
    """Outputs in groups that each expect draws enough, but for the last one, of which too few are expected.

    Attributes:
        of: which group an output is in.
        expected: float64 ``[n]``: the probability of each group; they add up to 1. The last may be 0.
    """

    of: Mapping[tuple[int, ...], int]
    expected: NDArray[np.float64]

    def observed(self, counts: Mapping[tuple[int, ...], int]) -> NDArray[np.float64]:
        """Draws by group, as float64 ``[n]``; each of an output that is in one."""
        found = np.zeros(len(self.expected))
        for key, count in counts.items():
            found[self.of[key]] += count
        return found

    def p_value(self, counts: Mapping[tuple[int, ...], int]) -> float | None:
        """Of Pearson's chi-squared test, for which the last group joins the one before it, and a binomial test of
        whether that last one has too many, corrected for being two. None where there is nothing to test.
        """
        observed = self.observed(counts)
        number = int(observed.sum())
        found = []
        if len(observed) > 2:
            joined = np.append(observed[:-2], observed[-2:].sum())
            expected = number * np.append(self.expected[:-2], self.expected[-2:].sum())
            statistic = float(((joined - expected) ** 2 / expected).sum())
            found.append(chi_squared_survival(statistic, len(joined) - 1))
        if len(observed) > 1 and self.expected[-1] > 0:
            found.append(binomial_survival(int(observed[-1]), number, float(self.expected[-1])))
        return min(1.0, len(found) * min(found)) if found else None

    def divergence(self, counts: Mapping[tuple[int, ...], int]) -> float:
        """Kullback-Leibler divergence of frequencies from what is expected, in nats."""
        observed = self.observed(counts)
        shares = observed / observed.sum()
        seen = shares > 0
        return float((shares[seen] * np.log(shares[seen] / self.expected[seen])).sum())

    @property
    def number(self) -> int:
        """How many groups can be drawn from."""
        return int((self.expected > 0).sum())

    def floor(self, draws: int) -> float:
        """What that divergence is on average where nothing is wrong."""
        return (self.number - 1) / (2 * draws)

    def total_variation(self, counts: Mapping[tuple[int, ...], int]) -> float:
        """Between frequencies and what is expected."""
        observed = self.observed(counts)
        return float(np.abs(observed / observed.sum() - self.expected).sum() / 2)

    def total_variation_floor(self, draws: int) -> float:
        """What that is on average where nothing is wrong, by the normal law."""
        spread = self.expected * (1 - self.expected)
        return float(np.sqrt(2 * spread / (math.pi * draws)).sum() / 2)


def pooled_cells(law: Law, draws: int, *, expected: float = EXPECTED) -> Cells:
    """Groups of outputs: one output each, as long as it is likely enough, then of as many as that takes, and the rest.

    Args:
        law: log-probabilities that add up to 1.
        draws: how many there will be.
        expected: by each group but the last.
    """
    of: dict[tuple[int, ...], int] = {}
    masses: list[float] = []
    mass, members = 0.0, []
    for key in sorted(law, key=lambda key: (-law[key], key)):
        if law[key] == -math.inf:
            continue
        members.append(key)
        mass += math.exp(law[key])
        if mass * draws >= expected:
            of |= dict.fromkeys(members, len(masses))
            masses.append(mass)
            mass, members = 0.0, []
    of |= dict.fromkeys(members, len(masses))
    masses.append(mass)
    shares = np.array(masses)
    return Cells(of, shares / shares.sum())
