"""What was learned of a prompt by drawing from it: bounds on how likely a beginning is to be completed.

For a beginning w, c(w) is the probability that what the model writes after it makes an output: the *expected future
grammaticality* (Park et al., Grammar-Aligned Decoding, arXiv 2405.21047). The exact law of the next token is
P(t | w) c(wt) / c(w). A trie of the beginnings that were visited holds upper bounds of c: 1 where the model was not
asked yet, 0 where nothing can be completed, and

    c~(w) = sum over t of P(t | w) c~(wt)

elsewhere. They never rise, and never fall below c. Beside them are lower bounds: what whole outputs that were seen
account for. All of it is kept as logarithms, for a long output's probability is no number that a float64 holds.

Tokens that no draw took have no node: their mass is one number, ``rest``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from constrain.errors import ArtifactError
from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.faithful.explorer import Place

__all__ = ["MAX_NODES", "Node", "Trie", "indices_of"]

MAX_NODES = 1_000_000
"""Beginnings that a trie remembers; some 200 bytes each."""


class Node:
    """A beginning.

    Attributes:
        parent: the beginning without its last token; None for the empty one.
        token_id: that token; -1 for the empty one.
        logprob: log P of the token after the parent.
        value: log of the bound c~, or of an estimate in its place.
        proven: log of the part of c that outputs that were seen account for.
        rest: log of the sum of P(t) c~(t) over the tokens without a node; NaN until the model was asked.
        revision: of the estimates in that sum.
        stop: log P of stopping here, which ``rest`` holds, too; minus infinity where the text must go on.
        children: by token.
    """

    __slots__ = ("children", "logprob", "parent", "proven", "rest", "revision", "stop", "token_id", "value")

    def __init__(self, parent: Node | None, token_id: int, logprob: float, value: float) -> None:
        self.parent = parent
        self.token_id = token_id
        self.logprob = logprob
        self.value = value
        self.proven = -math.inf
        self.rest = math.nan
        self.revision = 0
        self.stop = -math.inf
        self.children: dict[int, Node] = {}

    @property
    def is_explored(self) -> bool:
        """Was the model asked what comes next?"""
        return not math.isnan(self.rest)

    @property
    def is_found(self) -> bool:
        """Does its parent know of it? Not if the trie was full when it was grown."""
        return self.parent is None or self.parent.children.get(self.token_id) is self

    def update(self) -> None:
        """Take over what is known of the children."""
        if not self.is_explored:
            return
        children = self.children.values()
        self.value = _log_sum([self.rest, *(child.logprob + child.value for child in children)])
        self.proven = _log_sum([self.stop, *(child.logprob + child.proven for child in children)])

    def path(self) -> Iterator[Node]:
        """This node and those above it."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent


class Trie:
    """The beginnings of one prompt's outputs that were visited, at most so many."""

    def __init__(self, max_nodes: int = MAX_NODES) -> None:
        """Know of the empty beginning only."""
        self.root = Node(None, -1, 0.0, 0.0)
        self.size = 1
        self.max_nodes = max_nodes

    def grow(self, parent: Node, token_id: int, logprob: float, value: float) -> Node:
        """A node for a beginning that had none.

        In a full trie it is one that nobody finds again: what is learned there is lost, and stays true.
        """
        node = Node(parent, token_id, logprob, value)
        if self.size < self.max_nodes:
            parent.children[token_id] = node
            self.size += 1
        return node

    @staticmethod
    def weigh(node: Node, place: Place, leaves: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Sum up the tokens without a node.

        Args:
            node: the beginning.
            place: the same, with what the model says.
            leaves: float64 ``[n]``: log of the value of each way on before it is visited; None for 0. That of the stop
                token must be 0.

        Returns:
            float64 ``[n]``: the logarithm of P(t) c~(t) for those without a node; minus infinity for the others.

        Raises:
            ArtifactError: the trie is another prompt's.
        """
        weights = place.known.copy() if leaves is None else place.known + leaves
        if node.children:
            taken = np.fromiter(node.children, dtype=np.int64, count=len(node.children))
            weights[indices_of(place, taken)] = -np.inf
        node.rest = log_sum_exp(weights)
        node.stop = -math.inf if place.stop is None else float(place.known[place.stop])
        return weights

    def close(self, parent: Node, token_id: int, logprob: float) -> None:
        """Nothing can be completed after a token of the beginning. That is kept in a full trie, too."""
        if token_id not in parent.children:
            parent.children[token_id] = Node(parent, token_id, logprob, -math.inf)
            self.size += parent.is_found
        parent.children[token_id].value = -math.inf

    @staticmethod
    def finish(node: Node) -> None:
        """The beginning is an output, with nothing to add."""
        node.value = node.proven = 0.0

    @staticmethod
    def back_up(node: Node) -> None:
        """Tell the nodes above what changed, this one included."""
        for above in node.path():
            above.update()


def indices_of(place: Place, token_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where tokens that a trie has nodes for, at least one, are among the ways on from a place.

    Raises:
        ArtifactError: one of them is not, or is a stop token: the trie is another prompt's.
    """
    indices = np.searchsorted(place.ids, token_ids)
    if (
        indices.max() >= len(place.ids)
        or not np.array_equal(place.ids[indices], token_ids)
        or (place.stop is not None and place.stop in indices)
    ):
        raise ArtifactError("the trie knows of beginnings that the constraint does not allow")
    return indices


def _log_sum(values: list[float]) -> float:
    peak = max(values)
    if peak == -math.inf:
        return peak
    return peak + math.log(math.fsum(math.exp(value - peak) for value in values))
