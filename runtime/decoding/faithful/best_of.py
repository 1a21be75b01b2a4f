"""The best of several draws, by a reward: a user's function of the text, or the model's own probability.

The draws are those of ``mask``, each by itself. What is given out is likelier to have a high reward than any of them,
and its probability under that law is not known: the record has log q of the draw that it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from constrain.runtime.decoding.faithful.draw import Draw
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.opinion import opinion
from constrain.runtime.decoding.faithful.proposal import MaskedDraws
from constrain.runtime.decoding.text import text_of

__all__ = ["DRAWS", "BestDraws", "Reward"]

DRAWS = 8

Reward: TypeAlias = Callable[[str], float]
"""Of a whole text; more is better."""


class BestDraws:
    """Outputs, each the best of several."""

    def __init__(
        self, method: MaskedDraws, explorer: Explorer, *, draws: int = DRAWS, reward: Reward | None = None
    ) -> None:
        """Choose among so many.

        Args:
            method: draws them.
            explorer: of the same prompt.
            draws: how many.
            reward: None for log P.

        Raises:
            ValueError: no draws.
        """
        if draws < 1:
            raise ValueError(f"draws must be at least 1, not {draws}")
        self._method = method
        self._explorer = explorer
        self._draws = draws
        self._reward = reward

    def draw(self) -> Draw:
        """The next output: see :class:`~constrain.runtime.decoding.faithful.draw.DrawMethod`."""
        drawn = self._method.several(self._draws)
        rewards = [self._rewarded(one) for one in drawn]
        best = max(rewards)
        chosen = drawn[rewards.index(best)]
        attempts = sum(one.attempts for one in drawn)
        return replace(chosen, attempts=attempts, details={"reward": best, "draws": float(self._draws)})

    def _rewarded(self, drawn: Draw) -> float:
        if self._reward is None:
            return drawn.logprob
        text = text_of(self._explorer.vocabulary, drawn.place.token_ids)
        return opinion(
            self._reward, text, of="reward", allows=lambda reward: not math.isnan(reward), expected="a number"
        )
