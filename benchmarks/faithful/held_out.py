"""Precomputed weights on prompts that they were not fitted on: how far is the law of draws from the model's own?

The languages are small enough to list, so that each law is known in closed form and nothing is estimated: not how
often an output came, but with which probability the next draw would have been it. The only randomness is in what
earlier draws taught the trie; so everything is done several times.

For one prompt, the model reads every beginning once, and all methods share what it said. What a method cost is counted
by itself: how many beginnings its own trie has asked about.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from constrain.errors import LimitError
from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.law import (
    divergence,
    law_of_model,
    law_of_proposal,
    law_of_trie,
    normalised,
)
from constrain.runtime.decoding.faithful.trie import Trie

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar
    from constrain.compiler.weights import FutureWeights
    from constrain.runtime import CausalModel, GenerationOptions
    from constrain.runtime.decoding.faithful.guided import Leaves
    from constrain.runtime.decoding.faithful.law import Law
    from constrain.runtime.models.rows import Rows

__all__ = ["COUNTS", "measure", "read_all"]

COUNTS = (1, 10, 100)
"""After so many draws."""

MOST_DRAWS = 2_000
"""Plain draws at most, to come to as many calls of the model as draws with weights took."""

MOST_BEGINNINGS = 10_000

TOGETHER = 16
"""Beginnings that the model reads in one run."""


def read_all(explorer: Explorer) -> int:
    """Have the model read every beginning that it finds possible; how many these are.

    Raises:
        LimitError: they are too many.
    """
    level = [explorer.root]
    number = 0
    while level:
        level = [place for place in level if not place.is_whole]
        number += len(level)
        if number > MOST_BEGINNINGS:
            raise LimitError(f"outputs have more than {MOST_BEGINNINGS:,} beginnings", expected="a smaller language")
        for start in range(0, len(level), TOGETHER):
            explorer.read(level[start : start + TOGETHER])
        following = [
            explorer.after(place, token_id)
            for place in level
            for index, token_id in enumerate(place.ids.tolist())
            if index != place.stop and place.known[index] > -math.inf
        ]
        level = [place for place in following if place is not None]
    return number


class Guided:
    """Draws of one restart, and how far their law is from the model's own."""

    def __init__(self, explorer: Explorer, target: Law, leaves: Leaves | None, random: np.random.Generator) -> None:
        """Begin with an empty trie.

        Args:
            explorer: of the prompt, which knows what the model says of every beginning.
            target: the model's own law.
            leaves: with weights, what they say.
            random: random numbers.
        """
        self._explorer = explorer
        self._target = target
        self._leaves = leaves
        self._trie = Trie()
        self._method = asap(explorer, self._trie, random, leaves=leaves)
        self.drawn = 0

    @property
    def calls(self) -> int:
        """What the draws so far have cost."""
        return asked(self._trie)

    def draw(self) -> None:
        """One more."""
        self._method.draw()
        self.drawn += 1

    def point(self) -> dict[str, float]:
        """Where it is now; what would be a divergence below 0 is rounding."""
        found = divergence(self._target, law_of_trie(self._explorer, self._trie, leaves=self._leaves))
        return {"draws": self.drawn, "calls": self.calls, "kl": max(0.0, found)}


def asked(trie: Trie) -> int:
    """Beginnings that the model was asked about."""
    number, waiting = 0, [trie.root]
    while waiting:
        node = waiting.pop()
        number += node.is_explored
        waiting += node.children.values()
    return number


def measure(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions,
    rows: Rows,
    weights: FutureWeights,
    *,
    draws: int,
    restarts: int,
    seed: int,
    notify: Callable[[str], None],
) -> dict[str, Any]:
    """One prompt: the divergences and calls of each restart, and what the language is like after it."""
    from constrain.compiler.weights import Future
    from constrain.runtime.decoding.faithful.weights import leaves_of

    notify("listing the language")
    explorer = Explorer(model, compiled, prompt_ids, options, rows)
    started = time.perf_counter()
    beginnings = read_all(explorer)
    seconds = time.perf_counter() - started
    possible = {token_ids: value for token_ids, value in law_of_model(explorer).items() if value > -math.inf}
    target = normalised(possible)
    leaves = leaves_of(Future(compiled, weights))
    counts = [count for count in COUNTS if count <= draws]
    runs = []
    for restart in range(restarts):
        notify(f"restart {restart + 1} of {restarts}")
        runs.append(_restart(explorer, target, leaves, counts, (seed, restart)))
    return {
        "outputs": len(target),
        "beginnings": beginnings,
        "seconds": round(seconds, 2),
        "log_z": log_sum_exp(np.array(list(possible.values()))),
        "masking": divergence(target, law_of_proposal(explorer)),
        "weights": divergence(target, law_of_proposal(explorer, leaves=leaves)),
        "restarts": runs,
    }


def _restart(
    explorer: Explorer, target: Law, leaves: Leaves, counts: Sequence[int], seed: tuple[int, int]
) -> dict[str, Any]:
    """Guided draws with weights and without, these also where they have cost as many calls; and exact ones."""
    weighted = Guided(explorer, target, leaves, np.random.default_rng([*seed, 0]))
    found: dict[str, Any] = {"weighted": _points(weighted, counts)}
    plain = Guided(explorer, target, None, np.random.default_rng([*seed, 1]))
    points = []
    equal = None
    while plain.drawn < counts[-1] or (equal is None and plain.drawn < MOST_DRAWS):
        plain.draw()
        if plain.drawn in counts:
            points.append(plain.point())
        if equal is None and plain.calls >= weighted.calls:
            equal = plain.point()
    found["plain"] = points
    found["equal"] = equal or plain.point()
    trie = Trie()
    sampler = exact(explorer, trie, np.random.default_rng([*seed, 2]), max_model_calls=None)
    attempts = sum(sampler.draw().attempts for _ in range(counts[-1]))
    found["exact"] = {"draws": counts[-1], "attempts": attempts, "calls": asked(trie)}
    return found


def _points(guided: Guided, counts: Sequence[int]) -> list[dict[str, float]]:
    """Where draws are after each of these numbers of them."""
    points = []
    for count in counts:
        while guided.drawn < count:
            guided.draw()
        points.append(guided.point())
    return points
