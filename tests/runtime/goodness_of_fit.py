"""Tests of whether draws follow a law, without scipy: chi-squared, Kolmogorov-Smirnov, and Holm's for many at once."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

LEAST = 5.0
"""A cell that fewer draws than this are expected in is pooled with others: chi-squared is not good for it."""


def p_value(observed: Mapping[Any, int], law: Mapping[Any, float]) -> float:
    """Pearson's test of counts against a law, given as logarithms that add up to 1.

    Cells of which too little is expected are pooled into one. What the law rules out makes it 0.
    """
    if any(law.get(key, -math.inf) == -math.inf for key in observed):
        return 0.0
    number = sum(observed.values())
    cells = sorted((number * math.exp(logprob), observed.get(key, 0)) for key, logprob in law.items())
    pooled: list[tuple[float, int]] = []
    expected, found = 0.0, 0
    for share, count in cells:
        expected, found = expected + share, found + count
        if expected >= LEAST:
            pooled.append((expected, found))
            expected, found = 0.0, 0
    if expected > 0.0:
        last = pooled.pop() if pooled else (0.0, 0)
        pooled.append((last[0] + expected, last[1] + found))
    if len(pooled) < 2:
        raise ValueError("there is one cell only, and nothing to test")
    statistic = math.fsum((count - share) ** 2 / share for share, count in pooled)
    return chi_squared_tail(statistic, len(pooled) - 1)


def chi_squared_tail(statistic: float, degrees: int) -> float:
    """Probability that a chi-squared variable is larger: the regularised incomplete gamma function Q(k/2, x/2).

    By its series where x is small and by its continued fraction (Lentz's method) elsewhere.
    """
    a, x = degrees / 2, statistic / 2
    if x <= 0.0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1.0 / a
        step = a
        while term > total * 1e-16:
            step += 1.0
            term *= x / step
            total += term
        return 1.0 - front * total
    b = x + 1.0 - a
    c, d = 1e300, 1.0 / b
    fraction = d
    for n in range(1, 10_000):
        numerator = -n * (n - a)
        b += 2.0
        d = 1.0 / (numerator * d + b)
        c = b + numerator / c
        fraction *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return front * fraction


def uniform_p_value(values: Sequence[float]) -> float:
    """Kolmogorov and Smirnov's test of numbers against the uniform law from 0 to 1; good from some 20 of them on."""
    number = len(values)
    farthest = max(max((rank + 1) / number - value, value - rank / number) for rank, value in enumerate(sorted(values)))
    root = math.sqrt(number)
    scaled = (root + 0.12 + 0.11 / root) * farthest  # Stephens' correction for few
    if scaled < 0.2:
        return 1.0
    return min(1.0, 2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101)))


def rejected(p_values: Mapping[Hashable, float], level: float = 0.01) -> set[Hashable]:
    """Of many hypotheses, those that are rejected at a level for all of them together (Holm 1979)."""
    found: set[Hashable] = set()
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        if p_values[name] > level / (len(p_values) - rank):
            break
        found.add(name)
    return found
