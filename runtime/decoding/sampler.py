"""The interface of decoding methods, and the one place that lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.options import GenerationOptions

__all__ = ["Choice", "Sampler", "make_sampler"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen token.

    Attributes:
        index: which of the allowed tokens.
        sampling_logprob: its log-probability under the distribution it was drawn from.
    """

    index: int
    sampling_logprob: float


class Sampler(Protocol):
    """A decoding method: chooses among the allowed tokens."""

    def choose(self, logprobs: NDArray[np.float64]) -> Choice:
        """Choose one.

        Args:
            logprobs: float64 ``[n]``: log-probabilities of the n allowed tokens under the model restricted to them, at
                least one of them finite.
        """


def make_sampler(options: GenerationOptions) -> Sampler:
    """The method that ``options`` name."""
    from constrain.runtime.decoding.awrs import AwrsSampler
    from constrain.runtime.decoding.greedy import GreedySampler
    from constrain.runtime.decoding.mask import MaskSampler

    if options.method == "greedy" or options.heat == 0.0:
        return GreedySampler()
    if options.method == "awrs":
        return AwrsSampler(options)
    return MaskSampler(options)
