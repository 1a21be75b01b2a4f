"""Greedy decoding: the likeliest allowed token, the smallest id among equals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.sampler import Choice

__all__ = ["GreedySampler"]


class GreedySampler:
    """Deterministic: nothing is drawn, so the sampling log-probability is zero."""

    def choose(self, logprobs: NDArray[np.float64]) -> Choice:
        """The likeliest."""
        return Choice(int(np.argmax(logprobs)), 0.0)
