"""The chance that a text ends in the language within the tokens that are left, foretold from where it stands.

What is not known is foretold from what is: where a token leads to a state that was never met, its chance is that of
the state's brothers, as far as the state it comes from tells; nothing known at all counts as certain, as do leaves
without any weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar, Matcher
from constrain.compiler.weights.chain import Chain, Sweeps
from constrain.compiler.weights.future_weights import FutureWeights
from constrain.compiler.weights.witnesses import replay

__all__ = ["Future"]

UNKNOWN = -1
"""The state of what was never met."""

REFUSED = 0
"""The lump of tokens that are not accepted."""

TINY = 1e-300
"""Chances have a logarithm."""


class Future:
    """Chances of texts of one language, from weights.

    Attributes:
        beta: their power that is used.
        least: the part of the mean chance after a token that every token has at least.
        revision: goes up when the chances change.
    """

    revision = 0

    def __init__(self, compiled: CompiledGrammar, weights: FutureWeights) -> None:
        """Find the states again.

        Raises:
            ArtifactError: the weights are not for this language.
        """
        lumps = replay(compiled, weights.parents, weights.tokens)
        lasting = weights.places >= 0
        self.beta = weights.beta
        self.least = weights.least
        self._set(weights.chain(), lumps[lasting], weights.places[lasting])

    def _set(self, chain: Chain, lumps: NDArray[np.uint64], states: NDArray[np.integer]) -> None:
        """Take a chain, and the states of lumps."""
        # one lump may stand for several states to whoever tells fewer apart: then the first is taken
        self._lumps, first = np.unique(lumps, return_index=True)
        self._states = states[first].astype(np.int64)
        self._chain = chain
        self._sweeps = Sweeps(chain)
        self.revision += 1

    @property
    def states(self) -> int:
        """How many states are known."""
        return len(self._chain.ends)

    def _find(self, lumps: NDArray[np.uint64]) -> NDArray[np.int64]:
        """States of lumps, where they are known."""
        if not len(self._lumps):
            return np.full(len(lumps), UNKNOWN)
        places = np.searchsorted(self._lumps, lumps)
        places[places == len(self._lumps)] = 0
        found: NDArray[np.int64] = np.where(self._lumps[places] == lumps, self._states[places], UNKNOWN)
        return found

    def log_psi_after(self, matcher: Matcher, token_ids: NDArray[np.int64], left: int) -> NDArray[np.float64]:
        """Logarithms of the weights of tokens: the chance to end after each, to its power.

        Args:
            matcher: the text so far.
            token_ids: int64.
            left: text tokens that may still come after the token.

        Returns:
            float64, as many; minus infinity where a token is not accepted.
        """
        lumps = matcher.lumps_after(token_ids)
        states = self._find(lumps)
        known = states != UNKNOWN
        chances = np.empty(len(states))
        chances[known] = self._sweeps.row(left)[states[known]]
        mean = self._mean_after(matcher, states[known], left)
        chances[~known] = mean
        weights: NDArray[np.float64] = self.beta * np.log(np.maximum(chances, max(self.least * mean, TINY)))
        weights[lumps == REFUSED] = -np.inf
        return weights

    def log_psi(self, matcher: Matcher, left: int) -> float:
        """The logarithm of the weight of a text, with so many text tokens left."""
        return self.beta * float(np.log(max(self.chance(matcher, left), TINY)))

    def chance(self, matcher: Matcher, left: int) -> float:
        """The chance to end within so many more text tokens; 1 where nothing is known."""
        state = int(self._find(np.array([matcher.lump()], dtype=np.uint64))[0])
        return 1.0 if state == UNKNOWN else float(self._sweeps.row(left)[state])

    def _mean_after(self, matcher: Matcher, states: NDArray[np.int64], left: int) -> float:
        """The mean chance after a token from here."""
        here = int(self._find(np.array([matcher.lump()], dtype=np.uint64))[0])
        goes_on = self._chain.goes_on(here) if here != UNKNOWN else 0.0
        if goes_on > 0.0:
            ends = float(self._sweeps.row(left + 1)[here] - self._chain.ends[here])
            return min(max(ends / goes_on, 0.0), 1.0)
        if len(states):
            return float(self._sweeps.row(left)[np.unique(states)].mean())
        return 1.0
