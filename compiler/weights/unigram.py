"""How likely tokens are whatever the text: what is assumed where the model was never asked.

The mean of the model's laws over all observations would be too low a guess of what comes at one place: where only a
closing quote may follow, a model mostly writes one. So the guess is the mean law given that something allowed comes,
times how much of the model's law was allowed on average. After two draws from toy models, weights smoothed so were
two to four times as even in their effect as with the mean law itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Unigram"]

UNSEEN = 1e-9
"""What tokens count for that were never likely."""

UNSEEN_ENDS = 0.5
"""So many observed ends are assumed before any."""


class Unigram:
    """Mean chances of tokens and of ends, over all observations."""

    def __init__(self, vocab_size: int) -> None:
        """Nothing was observed yet."""
        self._sums = np.zeros(vocab_size)
        self._ends = 0.0
        self._allowed = 0.0
        self.observations = 0

    def add(self, token_ids: NDArray[np.int64], chances: NDArray[np.float64], end: float, allowed: float) -> None:
        """One more observation.

        Args:
            token_ids: some tokens, the likeliest.
            chances: theirs.
            end: that the text ends.
            allowed: of all that is allowed, the end included.
        """
        self._sums[token_ids] += chances  # each token once
        self._ends += end
        self._allowed += allowed
        self.observations += 1

    def likeliest(self, token_ids: NDArray[np.int64], count: int) -> NDArray[np.int64]:
        """The likeliest of some tokens, at most so many."""
        if len(token_ids) <= count:
            return token_ids
        chosen: NDArray[np.int64] = token_ids[np.argpartition(self._sums[token_ids], -count)[-count:]]
        return chosen

    def law(self, token_ids: NDArray[np.int64], *, may_end: bool) -> tuple[NDArray[np.float64], float]:
        """Chances of tokens, the only ones that are allowed, and of the end."""
        observations = max(self.observations, 1)
        chances = self._sums[token_ids] / observations + UNSEEN
        end = (self._ends + UNSEEN_ENDS) / (observations + 1) if may_end else 0.0
        scale = (self._allowed / observations if self.observations else 1.0) / (float(chances.sum()) + end)
        return chances * scale, end * scale
