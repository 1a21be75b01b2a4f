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
from constrain.runtime.decoding.truncation import truncate

__all__ = ["MaskSampler"]


class MaskSampler:
    """Draws with a generator of its own, so the same seed gives the same output."""

    def __init__(self, options: GenerationOptions) -> None:
        self._options = options
        self._random = np.random.default_rng(options.seed)

    def choose(self, logprobs: NDArray[np.float64]) -> Choice:
        """Truncate, renormalise, draw."""
        if not self._options.truncate_before:
            logprobs = truncate(logprobs, self._options)
        truncated = normalise(logprobs)
        index = draw(truncated, float(self._random.random()))
        return Choice(index, float(truncated[index]))
