"""How much of a distribution is accepted, estimated without bias from a few draws without replacement.

Each token i rings at random times, at the rate p(i). First rings, in order of time, are draws without replacement. The
first accepted one is x. From then on a stopper rings at the rate m = ``stopping`` * p(x); it ends the draws, unless
another token is accepted before. Known then are x, and the rejected tokens, S, whenever they came.

The estimate of the accepted mass Z is the probability, given all that, that the first ring of all was that of x. The
first ring of all is that of t with probability p(t), and then x = t, so that E[estimate; x = t] = p(t): token and
estimate together are properly weighted. As drawing until one is accepted gives P(x = t) = p(t) / Z, the mean of the
estimate is Z whatever x is.

Let u be the mass that is not drawn when it ends (the second accepted token's included). That it ends at the time t, in
this way, has the density F(t) = prod over S of (1 - e^(-p(i) t)) * e^(-u t), times a constant, times the probability
that x has rung by t and the stopper has not:

    estimate = integral of F(t) e^(-m t) dt / integral of F(t) (e^(-m t) - e^(-p(x) t)) / (p(x) - m) dt

Where a bound on the number of rejected tokens ends it, the product in F gives way to its derivative: the last of them
rings at t. Without S, the integrals give p(x) + u, which is 1.

Without a stopper (m = 0) this is Murthy's estimator (1957), in samples that end with the second success (Salehi and
Seber 2001): the mean of Des Raj's ordered estimators over the orders in which the same tokens could have come. With
m = p(x) it is the one for draws with replacement until the second success, of which the authors of AWRS make use, but
without the noise of imagined repetitions. ``benchmarks/awrs.py`` compares them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_accepted_mass"]

NODES = 256
"""Of the trapezoidal rule, whose error falls exponentially for integrands that vanish at both ends, as these do."""

STEP = 0.25
"""In the logarithm of time, to find where the integrand is; narrow ones are of many tokens, some hundredths wide."""

NEGLIGIBLE = 60.0
"""What is smaller than the largest value by this logarithm is far below the rounding of a float64."""


def log_accepted_mass(
    rejected: Sequence[float], accepted: float, left: float, stopping: float, *, is_cut: bool = False
) -> float:
    """The logarithm of the estimate.

    Args:
        rejected: log-probabilities of the rejected tokens.
        accepted: that of the first accepted one.
        left: logarithm of what was not drawn, the second accepted one included; minus infinity where nothing is left.
        stopping: the rate of the stopper, as a share of that of the first accepted token; above 0, at most 1.
        is_cut: did it end with the last of the rejected ones, since there may be no more?
    """
    scale = float(np.logaddexp(accepted, left))
    if not rejected:
        return scale
    # in units in which what was not rejected has the rate 1, so that times are neither huge nor tiny
    rate, unresolved = math.exp(accepted - scale), math.exp(left - scale)
    rates = np.exp(np.minimum(np.asarray(rejected) - scale, 600.0))
    stopper = stopping * rate
    end = unresolved + stopper
    nodes = _nodes(rates, end, is_cut)
    values = _log_integrand(nodes, rates, end, is_cut)
    weights, times = np.exp(values - values.max()), np.exp(nodes)
    ahead = rate - stopper
    waits = -np.expm1(-ahead * times) / ahead if ahead > 0.0 else times
    return scale + math.log(float(weights.sum()) / float((weights * waits).sum()))


def _nodes(rates: NDArray[np.float64], end: float, is_cut: bool) -> NDArray[np.float64]:
    """Logarithms of times, evenly spaced over where the integrand is not negligible."""
    many = len(rates) + 1
    last = math.log((many + 10.0 * math.sqrt(many) + NEGLIGIBLE) / end)
    first = -math.log(end) - NEGLIGIBLE - (max(0.0, math.log(rates.min())) if is_cut else 0.0)
    coarse = np.arange(first, last + STEP, STEP, dtype=np.float64)
    values = _log_integrand(coarse, rates, end, is_cut)
    near = np.flatnonzero(values > values.max() - NEGLIGIBLE)
    return np.linspace(coarse[max(near[0] - 1, 0)], coarse[min(near[-1] + 1, len(coarse) - 1)], NODES)


def _log_integrand(
    nodes: NDArray[np.float64], rates: NDArray[np.float64], end: float, is_cut: bool
) -> NDArray[np.float64]:
    """The first integrand, over the logarithm of time."""
    times = np.exp(nodes)
    with np.errstate(divide="ignore", over="ignore"):  # where rates are huge, or times tiny: the limits are right
        rung = np.multiply.outer(times, rates)
        values: NDArray[np.float64] = np.log(-np.expm1(-rung)).sum(axis=1) - end * times + nodes
        if is_cut:
            values += np.log((rates / np.expm1(rung)).sum(axis=1))
    return values
