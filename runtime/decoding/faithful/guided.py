"""A draw that a trie guides: each token in proportion to P(t) c~(t), and what is met on the way is learned.

What ``asap`` and ``exact`` share. They differ in one step: where the bound of a beginning turns out to be lower than it
was said to be, ``exact`` lets the attempt go with the probability that is missing.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.decoding.distribution import draw, log_sum_exp
from constrain.runtime.decoding.faithful.draw import Draw, Effort, impossible
from constrain.runtime.decoding.faithful.explorer import Explorer, Place
from constrain.runtime.decoding.faithful.trie import Node, Trie, indices_of

__all__ = ["GuidedDraws", "Leaves"]


class Leaves(Protocol):
    """Of a place, the logarithm of the value of each way on while the model was not asked about it: float64 ``[n]``."""

    @property
    def revision(self) -> int:
        """Another number once the values are others."""

    def __call__(self, place: Place) -> NDArray[np.float64]:
        """The values."""


class GuidedDraws:
    """Draws from one prompt that learn from each other."""

    def __init__(
        self,
        explorer: Explorer,
        trie: Trie,
        random: np.random.Generator,
        *,
        rejects: bool,
        leaves: Leaves | None = None,
        max_model_calls: int | None = None,
    ) -> None:
        """Begin with what a trie knows.

        Args:
            explorer: of the prompt.
            trie: likewise; it is added to.
            random: random numbers.
            rejects: is an attempt let go with the probability that a bound was too high?
            leaves: estimates in place of the bound 1; not together with ``rejects``.
            max_model_calls: for one draw.
        """
        if rejects and leaves is not None:
            raise ValueError("estimates are no bounds, so that nothing can be rejected by them")
        self._explorer = explorer
        self._trie = trie
        self._random = random
        self._rejects = rejects
        self._leaves = leaves
        self._max_model_calls = max_model_calls

    def draw(self) -> Draw:
        """The next output: see :class:`~constrain.runtime.decoding.faithful.draw.DrawMethod`."""
        effort = Effort(self._explorer, self._explorer.options, self._max_model_calls)
        while True:
            if self._trie.root.value == -math.inf:
                raise impossible(self._explorer)
            effort.begin(self._known())
            before = self._bounds()
            drawn = self.attempt()
            if drawn is not None:
                details = {}
                if before is not None and not self._rejects:
                    details["total_variation"] = max(0.0, -math.expm1(before[0] - before[1]))
                return Draw(*drawn, attempts=effort.attempts, bounds=self._bounds(), details=details)

    def _bounds(self) -> tuple[float, float] | None:
        return None if self._leaves else (self._trie.root.proven, self._trie.root.value)

    def _known(self) -> str:
        root = self._trie.root
        if self._leaves is not None:
            return "the language's probability is not known"
        return f"the language's probability is at most {math.exp(root.value):.3g}"

    def attempt(self) -> tuple[Place, tuple[float, ...], tuple[float, ...]] | None:
        """One try: the place where the text ends, log P and log q by token; None where it came to nothing.

        Log q is conditional on what the trie knew before. That of an attempt that may be rejected is its part of all
        attempts, so that the probabilities of outputs add up to less than 1 by that of a rejection.
        """
        node, place = self._trie.root, self._explorer.root
        logprobs: list[float] = []
        laws: list[float] = []
        while not place.is_whole:
            before = node.value
            if not node.is_explored and not self._explore(node, place):
                return None
            self._refresh(node, place)
            whole = before if self._rejects else node.value
            chosen = self._chosen(node, place)
            if chosen is None:
                logprobs.append(node.stop)
                laws.append(node.stop - whole)
                return place, tuple(logprobs), tuple(laws)
            following = self._explorer.after(place, chosen.token_id)
            if following is None:
                self._close(node, place, chosen.token_id, chosen.logprob)
                return None
            logprobs.append(chosen.logprob)
            laws.append(chosen.logprob + chosen.value - whole)
            node, place = chosen, following
        Trie.finish(node)
        Trie.back_up(node)
        return place, tuple(logprobs), tuple(laws)

    def _refresh(self, node: Node, place: Place) -> None:
        """Estimates may be others than when the place was explored: what is drawn from is what log q tells of."""
        if self._leaves is None:
            return
        self._explorer.read([place])  # estimates may learn from that
        if node.revision != self._leaves.revision:
            self._weigh(node, place)
            Trie.back_up(node)

    def _weigh(self, node: Node, place: Place) -> None:
        Trie.weigh(node, place, self._leaves_of(place))
        node.revision = 0 if self._leaves is None else self._leaves.revision

    def _explore(self, node: Node, place: Place) -> bool:
        """Ask the model what comes next; may the attempt go on?"""
        before = node.value
        self._explorer.read([place])
        self._weigh(node, place)
        Trie.back_up(node)
        if node.value == -math.inf:
            return False
        return not self._rejects or math.log1p(-self._random.random()) <= node.value - before

    def _chosen(self, node: Node, place: Place) -> Node | None:
        """The next token, drawn in proportion to P c~; None for stopping."""
        children = list(node.children.values())
        parts = np.array([node.rest, *(child.logprob + child.value for child in children)])
        part = draw(parts, float(self._random.random()))
        if part > 0:
            indices_of(place, np.array([children[part - 1].token_id]))  # the trie may come from a file
            return children[part - 1]
        self._explorer.read([place])
        leaves = self._leaves_of(place)
        weights = Trie.weigh(node, place, leaves)
        index = draw(weights, float(self._random.random()))
        if index == place.stop:
            return None
        value = 0.0 if leaves is None else float(leaves[index])
        child = self._trie.grow(node, int(place.ids[index]), float(place.known[index]), value)
        if child.token_id in node.children:
            weights[index] = -np.inf
            node.rest = log_sum_exp(weights)
        return child

    def _leaves_of(self, place: Place) -> NDArray[np.float64] | None:
        return None if self._leaves is None else self._leaves(place)

    def _close(self, node: Node, place: Place, token_id: int, logprob: float) -> None:
        """Nothing can be completed after a token, as it turns out."""
        self._trie.close(node, token_id, logprob)
        self._explorer.read([place])
        self._weigh(node, place)
        Trie.back_up(node)
