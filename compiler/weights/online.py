"""Weights learnt while they are used: each law that the model gives anyway is an observation.

Sweeps take as long as some calls of a small model, so they are made anew only when there are half as many observations
again; between that, the chances stay as they are, and those of states met since are guessed from their brothers'.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar, Matcher
from constrain.compiler.weights.chain import Chain
from constrain.compiler.weights.fitted import fitted
from constrain.compiler.weights.future import Future
from constrain.compiler.weights.future_weights import LEAST, FutureWeights
from constrain.compiler.weights.key import WeightsKey
from constrain.compiler.weights.lump import Lump
from constrain.compiler.weights.smoothing import smoothed

__all__ = ["OnlineFuture"]

FIRST = 8
"""Observations before the first sweeps."""

GROWTH = 1.5

GUESSES = 32
"""States of which something may be assumed each time: each costs a mask."""


class OnlineFuture(Future):
    """Chances of texts of one language, from what the model was observed to do."""

    def __init__(
        self,
        compiled: CompiledGrammar,
        weights: FutureWeights | None = None,
        *,
        beta: float = 1.0,
        least: float = LEAST,
    ) -> None:
        """Begin with nothing, or with weights, whose power and least chance hold then.

        Raises:
            ArtifactError: the weights are not for this language.
        """
        self._lump = Lump(compiled, weights)
        self._due = FIRST
        if weights is not None:
            super().__init__(compiled, weights)
            return
        self.beta, self.least = beta, least
        nothing = np.zeros(0, dtype=np.int64)
        empty = Chain(np.zeros(1, dtype=np.int64), nothing, np.zeros(0), np.zeros(0))
        self._set(empty, np.zeros(0, dtype=np.uint64), nothing)

    @property
    def observations(self) -> int:
        """How often the model was observed."""
        return self._lump.observations

    def observe(
        self,
        matcher: Matcher,
        token_ids: NDArray[np.int64],
        logprobs: NDArray[np.float64],
        end_logprob: float = -math.inf,
    ) -> None:
        """One law of the model: see :meth:`Lump.observe`."""
        self._lump.observe(matcher, token_ids, logprobs, end_logprob)
        if self._lump.observations >= self._due:
            self.refresh()

    def refresh(self) -> None:
        """Make the sweeps anew."""
        self._due = max(FIRST, math.ceil(self._lump.observations * GROWTH))
        found = smoothed(self._lump, GUESSES)
        if found is not None:
            lumps = np.array([self._lump.places[number].key for number in found.numbers], dtype=np.uint64)
            self._set(found.chain, lumps, np.arange(len(lumps)))

    def weights(self, key: WeightsKey) -> FutureWeights:
        """What was learnt, as data.

        Raises:
            ValueError: too little was observed.
        """
        return fitted(self._lump, key, beta=self.beta, least=self.least)
