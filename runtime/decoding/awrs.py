"""Adaptive weighted rejection sampling: a draw from the tokens that a checker accepts, asked about as few as it takes.

For checkers that are too slow to be asked about every token: a monitor. Tokens are drawn without replacement until one
is accepted, which makes it an exact draw from the accepted ones. A few more draws tell how probable those are together,
without bias, so that outputs can carry weights. Lipkin et al., "Fast Controlled Generation from Language Models with
Adaptive Weighted Rejection Sampling", COLM 2025 (arXiv 2504.05410); the estimate is another one, of less variance for
as many calls, which is derived in :mod:`constrain.runtime.decoding.local_mass`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.distribution import Lots, normalise
from constrain.runtime.decoding.local_mass import log_accepted_mass
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.sampler import Choice
from constrain.runtime.decoding.truncation import truncate
from constrain.runtime.decoding.urn import Urn

__all__ = ["STOPPING", "AcceptedDraw", "AwrsSampler", "draw_accepted"]

STOPPING = 0.2
"""How soon the draws after the accepted one end: a lower number asks more and estimates better. Chosen by measuring:
see ``benchmarks/awrs.py``."""


@dataclass(frozen=True, slots=True)
class AcceptedDraw:
    """A draw from the accepted ones.

    Attributes:
        index: the one that was drawn.
        log_mass: logarithm of an estimate of the probability of all accepted ones together. Its mean, whichever was
            drawn, is that probability; it is never 0, but may be larger than 1 by rounding, or less than that of the
            one drawn by as much as ``stopping``.
        calls: how often the checker was asked.
    """

    index: int
    log_mass: float
    calls: int


def draw_accepted(
    lots: Lots,
    accepts: Callable[[int], bool],
    random: np.random.Generator,
    *,
    stopping: float = STOPPING,
    most_rejected: int | None = None,
) -> AcceptedDraw | None:
    """Draw an index in proportion to the weights of the accepted ones; None where none is.

    Args:
        lots: what has no weight is never drawn, or asked about. Probabilities are spoken of below; where weights do not
            add up to 1, it is in their units.
        accepts: the checker; equal questions have equal answers, and none is asked twice.
        random: the random numbers.
        stopping: when to be content with the estimate: above 0, at most 1.
        most_rejected: after so many, no more is asked; at least 1. The estimate stays without bias, None counting as 0.
    """
    urn = Urn(lots)
    logprobs = lots.logweights
    rejected: list[float] = []
    found: int | None = None
    has_second = False
    left = urn.log_left()
    while left > -math.inf and len(rejected) != most_rejected:
        if found is not None and random.random() < _stops(left, logprobs[found], stopping):
            break
        index = urn.draw(random)
        if accepts(index):
            if found is not None:
                has_second = True
                break
            found = index
        else:
            rejected.append(float(logprobs[index]))
        left = urn.log_left()
    if found is None:
        return None
    is_cut = len(rejected) == most_rejected
    log_mass = log_accepted_mass(rejected, float(logprobs[found]), left, stopping, is_cut=is_cut)
    return AcceptedDraw(found, log_mass, len(rejected) + 1 + has_second)


def _stops(left: float, accepted: float, stopping: float) -> float:
    """The probability that the stopper rings before any token that is left."""
    ahead = left - accepted - math.log(stopping)
    return 1.0 / (1.0 + math.exp(ahead)) if ahead < 700.0 else 0.0


class AwrsSampler:
    """Draws as ``mask`` does, from what a checker accepts; the same seed gives the same output."""

    def __init__(self, options: GenerationOptions) -> None:
        self._options = options
        self._random = np.random.default_rng(options.seed)

    def choose(self, logprobs: NDArray[np.float64]) -> Choice:
        """Draw one of which nothing is refused."""
        choice = self.choose_accepted(logprobs, lambda _: True)
        if choice is None:
            raise ValueError("nothing has a probability above 0")
        return choice

    def choose_accepted(
        self, logprobs: NDArray[np.float64], accepts: Callable[[int], bool], most_rejected: int | None = None
    ) -> Choice | None:
        """Truncate, renormalise, draw; None where nothing of that is accepted.

        Its log-probability is that of the token less the estimate of that of all accepted ones.
        """
        if not self._options.truncate_before:
            logprobs = truncate(logprobs, self._options)
        truncated = normalise(logprobs)
        drawn = draw_accepted(Lots(truncated), accepts, self._random, most_rejected=most_rejected)
        return None if drawn is None else Choice(drawn.index, float(truncated[drawn.index]) - drawn.log_mass)
