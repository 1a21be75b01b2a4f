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

__all__ = ["EXPECTED", "Cells", "adjusted", "chi_squared_survival", "pooled_cells"]

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
    """Outputs in groups that are each likely enough.

    Attributes:
        of: which group an output is in.
        expected: float64 ``[n]``: the probability of each group; they add up to 1.
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
        """Of Pearson's chi-squared test; None for a single group, of which there is nothing to say."""
        if len(self.expected) < 2:
            return None
        observed = self.observed(counts)
        expected = observed.sum() * self.expected
        return chi_squared_survival(float(((observed - expected) ** 2 / expected).sum()), len(self.expected) - 1)

    def divergence(self, counts: Mapping[tuple[int, ...], int]) -> float:
        """Kullback-Leibler divergence of frequencies from what is expected, in nats."""
        observed = self.observed(counts)
        shares = observed / observed.sum()
        seen = shares > 0
        return float((shares[seen] * np.log(shares[seen] / self.expected[seen])).sum())

    def floor(self, draws: int) -> float:
        """What that divergence is on average where nothing is wrong."""
        return (len(self.expected) - 1) / (2 * draws)

    def total_variation(self, counts: Mapping[tuple[int, ...], int]) -> float:
        """Between frequencies and what is expected."""
        observed = self.observed(counts)
        return float(np.abs(observed / observed.sum() - self.expected).sum() / 2)

    def total_variation_floor(self, draws: int) -> float:
        """What that is on average where nothing is wrong, by the normal law."""
        spread = self.expected * (1 - self.expected)
        return float(np.sqrt(2 * spread / (math.pi * draws)).sum() / 2)


def pooled_cells(law: Law, draws: int, *, expected: float = EXPECTED) -> Cells:
    """Groups of outputs that each expect so many draws: one output each, as long as it is likely enough, and then of
    as many as that takes. What is left over joins the last group.

    Args:
        law: log-probabilities that add up to 1.
        draws: how many there will be.
        expected: by each group.
    """
    of: dict[tuple[int, ...], int] = {}
    masses: list[float] = []
    mass, group = 0.0, 0
    members: list[tuple[int, ...]] = []
    for key in sorted(law, key=lambda key: (-law[key], key)):
        if law[key] == -math.inf:
            continue
        members.append(key)
        mass += math.exp(law[key])
        if mass * draws >= expected:
            of |= dict.fromkeys(members, group)
            masses.append(mass)
            mass, group, members = 0.0, group + 1, []
    of |= dict.fromkeys(members, max(0, group - 1))
    if masses:
        masses[-1] += mass
    else:
        masses.append(mass)
    shares = np.array(masses)
    return Cells(of, shares / shares.sum())
