"""All rows in one key-value cache: common prefixes are read and kept once, and one forward reads tokens of any rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from constrain.runtime.models.rows.engine import Reading
from constrain.runtime.models.rows.forward import SlotForward
from constrain.runtime.models.rows.layout import Query
from constrain.runtime.models.rows.trie import Node, SlotTrie

__all__ = ["SharedCache"]


@dataclass(slots=True, eq=False)
class _Path:
    """A sequence: its nodes, pinned, and their slots again as an array.

    Attributes:
        nodes: one for each token.
        slots: theirs; longer than ``nodes`` so that it can grow.
        tree: nodes beside the sequence that its next reading may need, pinned too.
    """

    nodes: list[Node] = field(default_factory=list)
    slots: NDArray[np.int64] = field(default_factory=lambda: np.zeros(64, dtype=np.int64))
    tree: list[Node] = field(default_factory=list)

    def append(self, node: Node) -> None:
        length = len(self.nodes)
        if length == len(self.slots):
            self.slots = np.concatenate((self.slots, np.zeros_like(self.slots)))
        self.slots[length] = node.slot
        self.nodes.append(node)


class SharedCache:
    """The engine for models whose attention takes a mask."""

    is_batched = True

    def __init__(
        self, forward: SlotForward, *, max_slots: int, kept_slots: int, chunk: int, dtype: torch.dtype
    ) -> None:
        """Begin without sequences.

        Args:
            forward: the model.
            max_slots: how many tokens the cache may hold.
            kept_slots: how many of them may belong to no sequence any more.
            chunk: most tokens that one forward reads; more take more memory for masks and activations.
            dtype: of the logits.
        """
        self._forward = forward
        self._trie = SlotTrie(max_slots=max_slots, kept_slots=kept_slots)
        self._dtype = dtype
        self._chunk = chunk

    @property
    def used_slots(self) -> int:
        """How many tokens the cache holds."""
        return self._trie.used

    def open(self, token_ids: Sequence[int]) -> tuple[_Path, int]:
        """A sequence with the longest proper prefix that is there."""
        path = _Path()
        found = self._trie.walk(token_ids[:-1])
        self._trie.pin(found)
        for node in found:
            path.append(node)
        return path, len(found)

    def fork(self, state: _Path) -> _Path:
        """The same nodes, pinned once more."""
        self._trie.pin(state.nodes)
        return _Path(list(state.nodes), state.slots.copy())

    def close(self, state: _Path) -> None:
        """Unpin everything; the tokens stay for a while."""
        self._unpin_tree(state)
        self.crop(state, 0)

    def crop(self, state: _Path, length: int) -> None:
        """Unpin what comes after ``length`` tokens."""
        self._unpin_tree(state)
        self._trie.unpin(state.nodes[length:])
        del state.nodes[length:]
        self._trie.trim()

    def read(self, readings: Sequence[Reading]) -> list[torch.Tensor]:
        """Read the tokens that are not there, and those whose logits are needed."""
        plan = _Plan(self._trie)
        lengths = [len(reading.state.nodes) for reading in readings]
        trees: list[list[Node]] = [[] for _ in readings]
        try:
            for number, (reading, pinned) in enumerate(zip(readings, trees, strict=True)):
                plan.add_sequence(number, reading)
                plan.add_tree(number, reading, pinned)
            logits = self._run(plan)
        except BaseException:
            for reading, length, pinned in zip(readings, lengths, trees, strict=True):
                self._trie.unpin(pinned)
                self._trie.unpin(reading.state.nodes[length:])
                del reading.state.nodes[length:]
            plan.undo()
            raise
        plan.finish()
        for reading, pinned in zip(readings, trees, strict=True):
            self._unpin_tree(reading.state)
            reading.state.tree = pinned
        self._trie.trim()
        return logits

    def _unpin_tree(self, state: _Path) -> None:
        self._trie.unpin(state.tree)
        state.tree = []

    def _run(self, plan: _Plan) -> list[torch.Tensor]:
        """Logits of each reading, all of them brought to the CPU at once."""
        wanted = sorted({index for each in plan.wanted for index in each})
        place = {index: place for place, index in enumerate(wanted)}
        found: list[torch.Tensor] = []
        for start in range(0, len(plan.queries), self._chunk):
            queries = plan.queries[start : start + self._chunk]
            needed = [index for index in range(len(queries)) if start + index in place]
            found += self._forward.run(queries, needed, self._trie.positions, self._trie.high)
        logits = torch.stack(found).to(device="cpu", dtype=self._dtype) if found else torch.empty(0)
        return [logits[[place[index] for index in each]] for each in plan.wanted]


class _Plan:
    """Queries that answer some readings, each computed once however many rows need it."""

    def __init__(self, trie: SlotTrie) -> None:
        self.queries: list[Query] = []
        self.wanted: list[list[int]] = []
        self._trie = trie
        self._query_of: dict[Node, int] = {}
        self._fresh: list[Node] = []
        self._spare: list[int] = []

    def add_sequence(self, number: int, reading: Reading) -> None:
        """Advance a sequence by tokens."""
        path: _Path = reading.state
        wanted: list[int] = []
        self.wanted.append(wanted)
        first_wanted = len(reading.token_ids) - reading.wanted
        for place, token_id in enumerate(reading.token_ids):
            node = self._pinned(self._end(path), token_id)
            path.append(node)
            self._ensure_read(number, node, path.slots[: len(path.nodes)])
            if place >= first_wanted:
                wanted.append(self._with_logits(number, node, path.slots[: len(path.nodes)]))

    def add_tree(self, number: int, reading: Reading, pinned: list[Node]) -> None:
        """Logits of every token of a tree beside the sequence last added; its nodes go to ``pinned``, parents first."""
        path: _Path = reading.state
        wanted = self.wanted[-1]
        length = len(path.nodes)
        paths: list[NDArray[np.int64]] = []
        for token_id, parent in zip(reading.tree.token_ids, reading.tree.parents, strict=True):
            above = path.slots[:length] if parent < 0 else paths[parent]
            node = self._pinned(self._end(path) if parent < 0 else pinned[parent], token_id)
            pinned.append(node)
            paths.append(np.append(above, node.slot))
            self._ensure_read(number, node, paths[-1])
            wanted.append(self._with_logits(number, node, paths[-1]))

    def _end(self, path: _Path) -> Node:
        return path.nodes[-1] if path.nodes else self._trie.root

    def _pinned(self, parent: Node, token_id: int) -> Node:
        node = parent.children.get(token_id)
        if node is not None:
            self._trie.pin([node])
            return node
        node = self._trie.add(parent, token_id)
        self._fresh.append(node)
        return node

    def _ensure_read(self, number: int, node: Node, path: NDArray[np.int64]) -> None:
        if self._fresh and self._fresh[-1] is node and node not in self._query_of:
            self._add_query(number, node, path)

    def _with_logits(self, number: int, node: Node, path: NDArray[np.int64]) -> int:
        """The query of a node; one that was read before is read again, into a spare slot."""
        if node not in self._query_of:
            slot = self._trie.take(node.depth - 1)
            self._spare.append(slot)
            self._add_query(number, node, np.append(path[:-1], slot))
        return self._query_of[node]

    def _add_query(self, number: int, node: Node, path: NDArray[np.int64]) -> None:
        self._query_of[node] = len(self.queries)
        self.queries.append(Query(node.token_id, path, number, node.depth - 1))

    def finish(self) -> None:
        """Give spare slots back."""
        for slot in self._spare:
            self._trie.release(slot)

    def undo(self) -> None:
        """Likewise, and remove the new nodes, unpinned by now: nothing was read into them."""
        self.finish()
        self._trie.forget(self._fresh)
