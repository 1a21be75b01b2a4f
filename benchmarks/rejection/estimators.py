"""How probable are the accepted tokens together? Estimators that all get the same draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from constrain.runtime.decoding.distribution import Lots
from constrain.runtime.decoding.local_mass import log_accepted_mass
from constrain.runtime.decoding.urn import Urn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rejection.contexts import Context

__all__ = ["ESTIMATORS", "Deck", "compare"]


class Deck:
    """Draws without replacement, made as far as somebody asks: all estimators see the same."""

    def __init__(self, logprobs: NDArray[np.float64], accepted: NDArray[np.bool_], random: np.random.Generator) -> None:
        self._urn, self._random, self._accepted = Urn(Lots(logprobs)), random, accepted
        self._logprobs = logprobs
        self._cards: list[tuple[float, float, bool]] = []

    def __getitem__(self, at: int) -> tuple[float, float, bool] | None:
        """Logarithm of what is left before a draw, log-probability, is it accepted; None where nothing is left."""
        while at >= len(self._cards):
            left = self._urn.log_left()
            if left == -math.inf:
                return None
            index = self._urn.draw(self._random)
            self._cards.append((left, float(self._logprobs[index]), bool(self._accepted[index])))
        return self._cards[at]


Estimator = Callable[[Deck, np.random.Generator], tuple[float, int]]


def ours(stopping: float) -> Estimator:
    """As :func:`draw_accepted` has it."""

    def estimate(deck: Deck, random: np.random.Generator) -> tuple[float, int]:
        rejected: list[float] = []
        found, at, left = None, 0, 0.0
        while (card := deck[at]) is not None:
            left, logprob, accepted = card
            if found is not None and random.random() * (1 + math.exp(min(left - found, 700.0)) / stopping) < 1:
                return log_accepted_mass(rejected, found, left, stopping), at
            at += 1
            if not accepted:
                rejected.append(logprob)
            elif found is None:
                found = logprob
            else:
                return log_accepted_mass(rejected, found, left, stopping), at
        return (-math.inf if found is None else log_accepted_mass(rejected, found, -math.inf, stopping)), at

    return estimate


def one_more(deck: Deck, random: np.random.Generator) -> tuple[float, int]:
    """The recursive estimator of AWRS: all that is not rejected, if the next one is accepted, too; else x alone."""
    at = 0
    while (card := deck[at]) is not None and not card[2]:
        at += 1
    if card is None:
        return -math.inf, at
    following = deck[at + 1]
    return (card[1] if following is None or not following[2] else card[0]), at + 1 + (following is not None)


def with_replacement(deck: Deck, random: np.random.Generator) -> tuple[float, int]:
    """The geometric estimator of AWRS: draws with replacement until the second success, repetitions being free."""
    found, draws, at = 0.0, 0, 0
    while True:
        card = deck[at]
        others = found + (0.0 if card is None else math.exp(card[0]))  # what is not known to be rejected
        draws += int(random.geometric(others)) if others < 1.0 else 1
        if card is None or random.random() * others < found:
            return -math.log(draws - 1), at
        at += 1
        if card[2]:
            if found:
                return -math.log(draws - 1), at
            found = math.exp(card[1])


ESTIMATORS: dict[str, Estimator] = {
    "one further draw (AWRS, recursive)": one_more,
    "with replacement (AWRS, geometric)": with_replacement,
    **{f"stopping {each:g}": ours(each) for each in (1.0, 0.5, 0.2, 0.1, 0.05)},
}


def compare(contexts: Sequence[Context], draws: int, random: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """By estimator: mean calls, mean square of the error of the logarithm, that of the estimate by Z; by context."""
    rows: dict[str, list[list[float]]] = {name: [] for name in ESTIMATORS}
    for context in contexts:
        logprobs = context.logprobs.astype(np.float64)
        logprobs -= math.log(np.exp(logprobs).sum())
        exact = math.log(float(np.exp(logprobs[context.accepted]).sum()))
        errors: dict[str, list[tuple[int, float]]] = {name: [] for name in ESTIMATORS}
        for _ in range(draws):
            deck = Deck(logprobs, context.accepted, random)
            for name, estimate in ESTIMATORS.items():
                log_mass, calls = estimate(deck, random)
                errors[name].append((calls, log_mass - exact))
        for name, found in errors.items():
            calls_, off = np.array(found).T
            rows[name].append([calls_.mean(), (off**2).mean(), (np.expm1(off) ** 2).mean()])
    return {name: np.array(found) for name, found in rows.items()}
