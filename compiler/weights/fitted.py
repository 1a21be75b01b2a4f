"""Weights made of observations."""

from __future__ import annotations

import numpy as np

from constrain.compiler.weights.future_weights import LEAST, FutureWeights
from constrain.compiler.weights.key import WeightsKey
from constrain.compiler.weights.lump import Lump
from constrain.compiler.weights.smoothing import GUESSES, smoothed

__all__ = ["fitted"]


def fitted(
    lump: Lump, key: WeightsKey, *, beta: float = 1.0, least: float = LEAST, guesses: int = GUESSES
) -> FutureWeights:
    """Weights as data, of all that was observed.

    Args:
        lump: the observations.
        key: what they are of.
        beta: the power of the chances that is used.
        least: the part of the mean chance after a token that every token has at least.
        guesses: of so many states at most something is assumed.

    Raises:
        ValueError: too little was observed.
    """
    found = smoothed(lump, guesses, witnessed=True)
    if found is None:
        raise ValueError("weights need observations at the start of the language, and of what comes after it")
    witnesses = lump.witnesses
    states = {}
    for state, number in enumerate(found.numbers):
        witness = lump.witness(lump.places[number])
        if witness is not None:
            states[witness.number] = state
    kept = set()
    for node in states:
        while node not in kept:
            kept.add(node)
            node = witnesses.parents[node]
    nodes = sorted(kept)
    numbers = {node: number for number, node in enumerate(nodes)}
    chain = found.chain
    return FutureWeights(
        key,
        np.array([numbers[witnesses.parents[node]] for node in nodes], dtype=np.int32),
        np.array([witnesses.tokens[node] for node in nodes], dtype=np.int32),
        np.array([states.get(node, -1) for node in nodes], dtype=np.int32),
        chain.indptr.astype(np.int32),
        chain.indices.astype(np.int32),
        chain.values.astype(np.float32),
        chain.ends.astype(np.float32),
        found.counts.astype(np.float32),
        beta=beta,
        least=least,
    )
