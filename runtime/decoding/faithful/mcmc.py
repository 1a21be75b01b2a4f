"""Markov chain Monte Carlo: an output is changed again and again by moves that keep the model's distribution.

Two kinds of moves, each as likely, both accepted with the probability of Metropolis and Hastings:

* a new output, whatever the old one was (independence sampler): accepted by the ratio of their weights;
* a new end: a place of the old output, each as likely, and a draw of all that comes after it (Gonzalez et al.,
  arXiv 2506.05754). The same output may come about from every place that both have in common: accepted by the ratio of
  their weights and lengths.

After ``steps`` moves the output is given out. The more moves, the closer its law is to the model's own distribution
over the language; a chain that has converged forgets where it began. What W the law has is not known: the one that is
reported is the mean of the weights of all independent outputs that were proposed, an unbiased estimate of Z. Proposals
that lead nowhere weigh nothing; a chain of nothing else came to nothing.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.faithful.draw import Draw, Effort
from constrain.runtime.decoding.faithful.proposal import Path, Proposal

__all__ = ["STEPS", "ChainDraws", "log_ratio_of_ends"]

STEPS = 20


class ChainDraws:
    """Outputs, each the end of a chain of its own."""

    def __init__(
        self,
        proposal: Proposal,
        random: np.random.Generator,
        *,
        steps: int = STEPS,
        max_model_calls: int | None = None,
    ) -> None:
        """Make so many moves for an output.

        Raises:
            ValueError: fewer than none.
        """
        if steps < 0:
            raise ValueError(f"steps must be at least 0, not {steps}")
        self._proposal = proposal
        self._random = random
        self._steps = steps
        self._max_model_calls = max_model_calls

    def draw(self) -> Draw:
        """The next output: see :class:`~constrain.runtime.decoding.faithful.draw.DrawMethod`."""
        explorer = self._proposal.explorer
        effort = Effort(explorer, explorer.options, self._max_model_calls)
        while True:
            effort.begin("each chain led nowhere")
            weights: list[float] = []
            path, accepted = self._chain(weights)
            if path is None:
                continue
            estimate = log_sum_exp(np.array(weights)) - math.log(len(weights))
            details = {"accepted_moves": float(accepted), "moves": float(self._steps)}
            return replace(path.draw(effort.attempts), estimate=estimate, details=details)

    def _chain(self, weights: list[float]) -> tuple[Path | None, int]:
        """Where a chain ends, None for nowhere, and how many moves it accepted.

        A chain that begins nowhere goes on from there, to whatever is proposed. To begin anew until something is
        proposed would make the number of proposals depend on their weights, and the mean of these a biased estimate.
        """
        path = self._proposed(weights)
        accepted = 0
        for _ in range(self._steps):
            if self._random.random() < 0.5:
                other, ratio = self._proposed(weights), math.inf
                if other is not None and path is not None:
                    ratio = other.logweight - path.logweight
            elif path is None:
                continue
            else:
                other = self._with_new_end(path)
                ratio = -math.inf if other is None else log_ratio_of_ends(path, other)
            if other is not None and math.log1p(-self._random.random()) <= ratio:
                path = other
                accepted += 1
        return path, accepted

    def _proposed(self, weights: list[float]) -> Path | None:
        """A new output; its weight is added to the others."""
        path = self._proposal.run(self._proposal.explorer.root)
        weights.append(-math.inf if path is None else path.logweight)
        return path

    def _with_new_end(self, path: Path) -> Path | None:
        if not path.steps:
            return None
        at = int(self._random.integers(len(path.steps)))
        end = self._proposal.run(path.steps[at].place)
        return None if end is None else Path((*path.steps[:at], *end.steps), end.end)


def log_ratio_of_ends(path: Path, other: Path) -> float:
    """The logarithm of P(other) q(path | other) / (P(path) q(other | path)), where q replaces the end from a place of
    the output on, each as likely.

    The new end may begin at any place w that both have in common, with probability q(other) / q(w) / n of an output of
    n places. The sum of 1 / q(w) is the same there and back; what is left are the weights, and the numbers of places.
    """
    return other.logweight - path.logweight + math.log(len(path.steps) / len(other.steps))
