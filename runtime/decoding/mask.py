"""Plain masking (grammar-constrained decoding): draw from the model's distribution over the allowed tokens.

Always valid and as fast as decoding gets, but biased: each step is renormalised without regard to what can still
follow. ``GenerationResult.logweight`` measures the bias of one output.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.distribution import draw, normalise
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.sampler import Choice
from constrain.runtime.decoding.truncation import keep_min_p, keep_top_k, keep_top_p

__all__ = ["MaskSampler", "truncate"]


class MaskSampler:
    """Draws with a generator of its own, so the same seed gives the same output."""

    def __init__(self, options: GenerationOptions) -> None:
        self._options = options
        self._random = np.random.default_rng(options.seed)

    def choose(self, logprobs: NDArray[np.float64]) -> Choice:
        """Truncate, renormalise, draw."""
        truncated = normalise(truncate(logprobs, self._options))
        index = draw(truncated, float(self._random.random()))
        return Choice(index, float(truncated[index]))


def truncate(logprobs: NDArray[np.float64], options: GenerationOptions) -> NDArray[np.float64]:
    """top-k, then top-p of what is left, then min-p; minus infinity for what is cut."""
    if options.top_k is not None:
        logprobs = np.where(keep_top_k(logprobs, options.top_k), logprobs, -np.inf)
    if options.top_p < 1.0:
        logprobs = np.where(keep_top_p(logprobs, options.top_p), logprobs, -np.inf)
    if options.min_p > 0.0:
        logprobs = np.where(keep_min_p(logprobs, options.min_p), logprobs, -np.inf)
    return logprobs
