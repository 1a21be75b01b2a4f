"""Laws of methods in closed form, where a language is small enough to list: what checks hold draws against."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from constrain.errors import LimitError
from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.faithful.explorer import Explorer, Place
from constrain.runtime.decoding.faithful.guided import Leaves
from constrain.runtime.decoding.faithful.trie import Node, Trie

__all__ = ["Law", "divergence", "law_of_model", "law_of_proposal", "law_of_trie", "normalised", "total_variation"]

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
    """That of :class:`~constrain.runtime.decoding.faithful.proposal.MaskedDraws`, as long as no attempt leads nowhere."""

    def drawn(place: Place) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        weights = place.known if leaves is None else place.known + leaves(place)
        whole = log_sum_exp(weights)
        return weights - whole if whole > -np.inf else weights

    return _law(explorer, drawn, most)


def law_of_trie(
    explorer: Explorer, trie: Trie, *, rejects: bool = False, leaves: Leaves | None = None, most: int = MOST
) -> Law:
    """That of the next attempt of :class:`~constrain.runtime.decoding.faithful.guided.GuidedDraws`.

    With ``rejects``, what is missing to 1 is the probability that the attempt is rejected.
    """
    law: Law = {}

    def visit(place: Place, node: Node | None, value: float, logprob: float) -> None:
        if place.is_whole:
            _add(law, place, logprob, most)
            return
        explorer.read([place])
        weights = place.known if leaves is None else place.known + leaves(place)
        values = np.zeros_like(weights) if leaves is None else leaves(place)
        if node is not None and node.children:
            weights, values = weights.copy(), values.copy()
            for token_id, child in node.children.items():
                index = int(np.searchsorted(place.ids, token_id))
                values[index] = child.value
                weights[index] = child.logprob + child.value
        whole = log_sum_exp(weights)
        if whole == -np.inf:
            return
        norm = value if rejects else whole
        for index, token_id in enumerate(place.ids.tolist()):
            step = logprob + float(weights[index]) - norm
            if index == place.stop:
                _add(law, place, step, most)
            elif step > -np.inf and (following := explorer.after(place, token_id)) is not None:
                child_node = node.children.get(token_id) if node is not None else None
                visit(following, child_node, float(values[index]), step)

    visit(explorer.root, trie.root, trie.root.value, 0.0)
    return law


def _law(explorer: Explorer, drawn: Callable[[Place], np.ndarray[tuple[int], np.dtype[np.float64]]], most: int) -> Law:
    law: Law = {}
    for place, logprob in _ends(explorer, explorer.root, drawn, 0.0):
        _add(law, place, logprob, most)
    return law


def _ends(
    explorer: Explorer,
    place: Place,
    drawn: Callable[[Place], np.ndarray[tuple[int], np.dtype[np.float64]]],
    logprob: float,
) -> Iterator[tuple[Place, float]]:
    if place.is_whole:
        yield place, logprob
        return
    explorer.read([place])
    for index, (token_id, step) in enumerate(zip(place.ids.tolist(), drawn(place).tolist(), strict=True)):
        if step == -math.inf:
            continue
        if index == place.stop:
            yield place, logprob + step
        elif (following := explorer.after(place, token_id)) is not None:
            yield from _ends(explorer, following, drawn, logprob + step)


def _add(law: Law, place: Place, logprob: float, most: int) -> None:
    if len(law) == most:
        raise LimitError(f"the language has more than {most:,} outputs", expected="a smaller one, or fewer --max-tokens")
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
    return 0.5 * math.fsum(
        abs(math.exp(law.get(key, -math.inf)) - math.exp(other.get(key, -math.inf))) for key in keys
    )
