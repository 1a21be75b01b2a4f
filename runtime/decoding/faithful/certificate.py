"""Bounds on Z, the probability of the language, that anybody can check: best-first expansion of the most probable
beginnings.

The outputs that were seen say how much Z is at least, and what has not been ruled out how much it is at most. The two
meet as more is seen. From them follows how far the law of a guided draw (``asap``) is from the exact one at most:
outputs that the trie knows are drawn with probability P(x) / Z_hi, which is no more than their share P(x) / Z. So the
total variation between the two laws is at most 1 - Z_lo / Z_hi.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

import numpy as np

from constrain.runtime.decoding.faithful.explorer import Explorer, Place
from constrain.runtime.decoding.faithful.trie import Node, Trie

__all__ = ["Certificate", "certify"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is certain of Z.

    Attributes:
        log_lower: log of what it is at least; minus infinity for nothing.
        log_upper: log of what it is at most.
        model_calls: how many it took.
    """

    log_lower: float
    log_upper: float
    model_calls: int

    @property
    def total_variation(self) -> float:
        """The most that the law of a guided draw is away from the exact one."""
        if self.log_lower == -math.inf:
            return 1.0
        return max(0.0, -math.expm1(self.log_lower - self.log_upper))


def certify(
    explorer: Explorer, trie: Trie, *, seconds: float = math.inf, max_model_calls: float = math.inf
) -> Certificate:
    """Look for bounds until the time is up, the calls are used, or the bounds are the same.

    Args:
        explorer: of the prompt.
        trie: likewise, with bounds only, no estimates; what is seen is added to it, so that later draws have use of it.
        seconds: how long.
        max_model_calls: how many beginnings the model may read.

    Raises:
        ModelError: the model fails.
        MonitorError: the monitor does.
    """
    ends = time.monotonic() + seconds
    calls = explorer.calls
    search = _Search(explorer, trie)
    while time.monotonic() < ends and explorer.calls - calls < max_model_calls and search.step():
        pass
    return Certificate(trie.root.proven, trie.root.value, explorer.calls - calls)


class _Search:
    """The beginnings that the model was not asked about, the most probable first."""

    def __init__(self, explorer: Explorer, trie: Trie) -> None:
        self._explorer = explorer
        self._trie = trie
        self._tie = count()
        self._queue: list[tuple[float, int, Node, tuple[int, ...], bool]] = []
        waiting: list[tuple[Node, tuple[int, ...], float]] = [(trie.root, (), 0.0)]
        while waiting:
            node, token_ids, logprob = waiting.pop()
            self._push(node, token_ids, logprob + (node.rest if node.is_explored else node.value), is_exact=False)
            waiting += [
                (child, (*token_ids, token_id), logprob + child.logprob) for token_id, child in node.children.items()
            ]

    def _push(self, node: Node, token_ids: tuple[int, ...], logprob: float, *, is_exact: bool) -> None:
        """Come back to a node: what is open there has at most this probability, or exactly."""
        if logprob > -math.inf and node.proven < node.value:
            heappush(self._queue, (-logprob, next(self._tie), node, token_ids, is_exact))

    def step(self) -> bool:
        """Look at the most probable one; False where there is none, or no room for more."""
        if not self._queue or self._trie.size >= self._trie.max_nodes:
            return False
        bound, _, node, token_ids, is_exact = heappop(self._queue)
        place = self._explorer.at(token_ids)
        if place is None:
            if node.parent is not None:
                self._close(node.parent, token_ids[:-1], node.token_id, node.logprob)
        elif place.is_whole:
            Trie.finish(node)
            Trie.back_up(node)
        elif not node.is_explored:
            self._explorer.read([place])
            Trie.weigh(node, place)
            Trie.back_up(node)
            self._open(node, place)
        elif not is_exact:
            self._explorer.read([place])
            self._open(node, place)
        else:
            self._descend(node, place, -bound)
        return True

    def _open(self, node: Node, place: Place) -> None:
        """Find out how probable the most probable way on is."""
        weights = Trie.weigh(node, place)
        if place.stop is not None:
            weights[place.stop] = -np.inf
        best = float(weights.max(initial=-np.inf))
        self._push(node, place.token_ids, self._logprob(node) + best, is_exact=True)

    def _descend(self, node: Node, place: Place, logprob: float) -> None:
        """Go the most probable way that has no node."""
        self._explorer.read([place])
        weights = Trie.weigh(node, place)
        if place.stop is not None:
            weights[place.stop] = -np.inf
        index = int(np.argmax(weights))
        if weights[index] > -np.inf:
            child = self._trie.grow(node, int(place.ids[index]), float(place.known[index]), 0.0)
            Trie.weigh(node, place)
            self._push(child, (*place.token_ids, child.token_id), logprob, is_exact=False)
            self._open(node, place)

    def _close(self, node: Node, token_ids: tuple[int, ...], token_id: int, logprob: float) -> None:
        self._trie.close(node, token_id, logprob)
        place = self._explorer.at(token_ids)
        if place is not None:
            self._explorer.read([place])
            Trie.weigh(node, place)
        Trie.back_up(node)

    @staticmethod
    def _logprob(node: Node) -> float:
        return sum(above.logprob for above in node.path())
