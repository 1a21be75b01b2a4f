r"""How much of a distribution is accepted, estimated without bias from a few draws without replacement.

Each token :math:`i` rings at random times, with rate :math:`p_i`. First rings in order of time are draws without
replacement. The first accepted one is :math:`x`. From then on a stopper rings with rate :math:`\mu_x`, and the draws
end when it does, or when another token is accepted, whichever comes first. Known then are the rejected tokens :math:`S`,
before or after :math:`x`, in whatever order.

The estimate of the accepted mass :math:`Z` is the probability, given all that, that the first ring of all was that of
:math:`x`. Without the condition this event has the probability :math:`p_t` for :math:`x = t`, so that
:math:`E[\hat Z\, 1\{x = t\}] = p_t`: the token and the estimate are properly weighted. And as draws until one is
accepted give :math:`P(x = t) = p_t / Z`, :math:`E[\hat Z \mid x = t] = Z` for each :math:`t`.

With :math:`u` the mass that was not drawn when it ended (that of the second accepted token included), the condition has
the density :math:`F(t) = \prod_S (1 - e^{-p_i t})\, e^{-u t}` at its end :math:`t`, times a constant, times the
probability that :math:`x` has rung by then and the stopper has not. So

.. math:: \hat Z = \int F(t)\, e^{-\mu t}\, dt \Big/ \int F(t) \int_0^t e^{-p_x s - \mu (t - s)}\, ds\, dt.

Where a bound on the number of rejected tokens ends it, the product in :math:`F` is replaced by its derivative: then the
last of them rang at :math:`t`.

Without a stopper this is the estimator of Murthy (1957, Sankhya 18) for samples that end with the second success
(Salehi and Seber 2001, Scand. J. Statist. 28): the mean of the ordered estimators of Des Raj over all orders in which
the same tokens could have come. With :math:`\mu_x = p_x` it is that of draws with replacement until the second success,
which the paper on AWRS uses, without its noise. Compared with all of these in ``benchmarks/awrs.py``.
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
