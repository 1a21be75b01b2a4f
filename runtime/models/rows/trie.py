"""Which token a slot of the key-value cache holds: a trie, so that what several sequences begin with is there once.

A slot is a place in the cache for the keys and values of one token. What they are depends on the token and on all
tokens before it, so a slot is known by its path from the root, and two sequences share exactly the slots of their
common prefix. Sequences pin the nodes on their path. Nodes without pins stay for later sequences until their slots are
needed, or until there are more of them than are to be kept; the one longest without use goes first, and a node never
before its children.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np

from constrain.errors import ModelError

__all__ = ["Node", "SlotTrie"]

FIRST_CAPACITY = 256
"""Slots that the table of positions begins with; it doubles."""


class Node:
    """A token after a path of tokens, and the slot that holds its keys and values."""

    __slots__ = ("children", "depth", "parent", "pins", "slot", "token_id")

    def __init__(self, token_id: int, parent: Node | None, slot: int) -> None:
        self.token_id = token_id
        self.parent = parent
        self.slot = slot
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.children: dict[int, Node] = {}
        self.pins = 0


class SlotTrie:
    """Slots in use, by the tokens they hold."""

    def __init__(self, *, max_slots: int, kept_slots: int) -> None:
        """Start empty.

        Args:
            max_slots: how many may be in use.
            kept_slots: how many of these may be unpinned after :meth:`trim`.
        """
        self.root = Node(-1, None, -1)
        self.positions = np.zeros(FIRST_CAPACITY, dtype=np.int64)
        self._max_slots = max_slots
        self._kept_slots = kept_slots
        self._freed: list[int] = []  # a heap: low slots first, so that those in use lie close together
        self._high = 0
        self._unpinned: OrderedDict[Node, None] = (
            OrderedDict()
        )  # in the order they were left, children before their parents

    @property
    def high(self) -> int:
        """Every slot in use is below this."""
        return self._high

    @property
    def used(self) -> int:
        """How many slots are in use, pinned or not."""
        return self._high - len(self._freed)

    def walk(self, token_ids: Iterable[int]) -> list[Node]:
        """The nodes of the longest prefix that is there."""
        path: list[Node] = []
        node = self.root
        for token_id in token_ids:
            found = node.children.get(token_id)
            if found is None:
                break
            path.append(found)
            node = found
        return path

    def add(self, parent: Node, token_id: int) -> Node:
        """A new node, pinned once; its parent has to be pinned.

        Raises:
            ModelError: every slot is pinned.
        """
        node = Node(token_id, parent, self.take(parent.depth))
        node.pins = 1
        parent.children[token_id] = node
        return node

    def take(self, position: int) -> int:
        """A slot for a token at ``position``, in use until :meth:`release`.

        Raises:
            ModelError: every slot is pinned.
        """
        if self.used >= self._max_slots:
            if not self._unpinned:
                raise ModelError(
                    f"the sequences hold {self.used} tokens, which is all that the key-value cache may hold",
                    expected="fewer or shorter sequences at once, or a larger max_slots",
                )
            self._drop(next(iter(self._unpinned)))
        if self._freed:
            slot = heapq.heappop(self._freed)
        else:
            slot = self._high
            self._high += 1
            if self._high > len(self.positions):
                self.positions = np.concatenate((self.positions, np.zeros_like(self.positions)))
        self.positions[slot] = position
        return slot

    def release(self, slot: int) -> None:
        """Give a slot of :meth:`take` back."""
        heapq.heappush(self._freed, slot)

    def pin(self, nodes: Iterable[Node]) -> None:
        """Keep nodes, given with all their ancestors or after these were pinned."""
        for node in nodes:
            node.pins += 1
            if node.pins == 1:
                del self._unpinned[node]

    def unpin(self, nodes: Sequence[Node]) -> None:
        """Undo :meth:`pin`; the nodes come parents first, as in a path."""
        for node in reversed(nodes):
            node.pins -= 1
            if node.pins == 0:
                self._unpinned[node] = None

    def forget(self, nodes: Sequence[Node]) -> None:
        """Remove unpinned nodes, parents first, whose slots were never written."""
        for node in reversed(nodes):
            self._drop(node)

    def trim(self) -> None:
        """Remove unpinned nodes until no more are left than may be kept."""
        while len(self._unpinned) > self._kept_slots:
            self._drop(next(iter(self._unpinned)))

    def _drop(self, node: Node) -> None:
        del self._unpinned[node]
        if node.parent is not None:
            del node.parent.children[node.token_id]
        self.release(node.slot)
