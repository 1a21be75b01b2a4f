"""Laws of methods in closed form, where a language is small enough to list: what checks hold draws against."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from constrain.errors import LimitError
from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.faithful.explorer import Explorer, Place
from constrain.runtime.decoding.faithful.guided import Leaves
from constrain.runtime.decoding.faithful.proposal import proposed
from constrain.runtime.decoding.faithful.trie import Node, Trie

__all__ = [
    "Law",
    "divergence",
    "law_of_accepted",
    "law_of_model",
    "law_of_proposal",
    "law_of_trie",
    "normalised",
    "total_variation",
]

Law: TypeAlias = dict[tuple[int, ...], float]
"""By the tokens of an output, the logarithm of its probability."""

MOST = 5_000
"""Outputs that are listed."""


def law_of_model(explorer: Explorer, *, most: int = MOST) -> Law:
    """Log P of every output; their sum is Z.

    Raises:
        LimitError: there are more outputs than ``most``.
    """
    return _law(explorer, lambda place: place.known, most)


def law_of_proposal(explorer: Explorer, *, leaves: Leaves | None = None, most: int = MOST) -> Law:
    """That of an attempt of :class:`~constrain.runtime.decoding.faithful.proposal.MaskedDraws`."""

    return _law(explorer, lambda place: _shares(proposed(place, explorer.options, leaves)), most)


def law_of_accepted(explorer: Explorer, *, leaves: Leaves | None = None, most: int = MOST) -> Law:
    """That of an attempt of a :class:`~constrain.runtime.decoding.faithful.proposal.Proposal` that asks on.

    A token that a monitor refuses is replaced: it is drawn from those that are accepted, in proportion to their
    probabilities, however many were asked about. What its weight is made of is an estimate; the law is none.

    Raises:
        LimitError: there are more outputs than ``most``.
    """

    def accepted(place: Place) -> NDArray[np.float64]:
        weights = proposed(place, explorer.options, leaves).copy()
        for index, token_id in enumerate(place.ids.tolist()):
            if index != place.stop and weights[index] > -np.inf and explorer.after(place, token_id) is None:
                weights[index] = -np.inf
        return _shares(weights)

    return _law(explorer, accepted, most)


def law_of_trie(
    explorer: Explorer, trie: Trie, *, rejects: bool = False, leaves: Leaves | None = None, most: int = MOST
) -> Law:
    """That of the next attempt of :class:`~constrain.runtime.decoding.faithful.guided.GuidedDraws`.

    With ``rejects``, what is missing to 1 is the probability that the attempt is rejected.
    """
    law: Law = {}
    waiting: list[tuple[Place, Node | None, float, float]] = [(explorer.root, trie.root, trie.root.value, 0.0)]
    while waiting:
        place, node, value, logprob = waiting.pop()
        if place.is_whole:
            _add(law, place, logprob, most)
            continue
        explorer.read([place])
        values = np.zeros(len(place.ids)) if leaves is None else leaves(place).copy()
        weights = place.known + values
        for token_id, child in node.children.items() if node is not None else ():
            index = int(np.searchsorted(place.ids, token_id))
            values[index] = child.value
            weights[index] = child.logprob + child.value
        whole = log_sum_exp(weights)
        if whole == -np.inf:
            continue
        steps = logprob + weights - (value if rejects else whole)
        for index, token_id in enumerate(place.ids.tolist()):
            step = float(steps[index])
            if index == place.stop:
                _add(law, place, step, most)
            elif step > -np.inf and (following := explorer.after(place, token_id)) is not None:
                child_node = None if node is None else node.children.get(token_id)
                waiting.append((following, child_node, float(values[index]), step))
    return law


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithms of shares of the whole, where there is any."""
    whole = log_sum_exp(weights)
    return weights - whole if whole > -np.inf else weights


def _law(explorer: Explorer, drawn: Callable[[Place], NDArray[np.float64]], most: int) -> Law:
    law: Law = {}
    waiting = [(explorer.root, 0.0)]
    while waiting:
        place, logprob = waiting.pop()
        if place.is_whole:
            _add(law, place, logprob, most)
            continue
        explorer.read([place])
        for index, (token_id, step) in enumerate(zip(place.ids.tolist(), drawn(place).tolist(), strict=True)):
            if step == -math.inf:
                continue
            if index == place.stop:
                _add(law, place, logprob + step, most)
            elif (following := explorer.after(place, token_id)) is not None:
                waiting.append((following, logprob + step))
    return law


def _add(law: Law, place: Place, logprob: float, most: int) -> None:
    if len(law) == most:
        raise LimitError(f"the language has more than {most:,} outputs", expected="fewer, or fewer --max-tokens")
    law[place.token_ids] = logprob


def normalised(law: Law) -> Law:
    """The same in proportion, as probabilities that add up to 1; of a law that has any."""
    whole = log_sum_exp(np.array(list(law.values())))
    return {key: value - whole for key, value in law.items()}


def divergence(law: Law, other: Law) -> float:
    """Kullback-Leibler divergence of a law from another, in nats; both add up to 1."""
    return math.fsum(
        math.exp(value) * (value - other.get(key, -math.inf)) for key, value in law.items() if value > -math.inf
    )


def total_variation(law: Law, other: Law) -> float:
    """Total variation between two laws."""
    keys = law.keys() | other.keys()
    return 0.5 * math.fsum(abs(math.exp(law.get(key, -math.inf)) - math.exp(other.get(key, -math.inf))) for key in keys)
