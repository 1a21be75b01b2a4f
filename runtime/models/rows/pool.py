"""Keys and values by slot, in the place of a transformers cache.

A transformers cache has a row for each sequence and appends to all of them at once, so that a sequence that is shorter,
ends early or goes back leaves holes in every tensor. Here each layer has one pool of slots; a forward says where it
writes, and which slots the attention gets to see as columns.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import Cache

from constrain.runtime.models.rows.layout import Layout

__all__ = ["SlotCache"]

FIRST_CAPACITY = 256
"""Slots that a pool begins with; it doubles."""


class SlotCache(Cache):
    """What transformers models take as ``past_key_values``."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self._pools: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._capacity = FIRST_CAPACITY
        self._lanes = self._width = self._length = 0

    def prepare(self, layout: Layout, writes: torch.Tensor, capacity: int) -> None:
        """Say what the next forward reads and writes.

        Args:
            layout: the forward.
            writes: slot of each query in turn.
            capacity: every slot is below this.
        """
        if capacity > self._capacity:
            self._capacity = max(capacity, 2 * self._capacity)
        device = writes.device
        self._lanes, self._width = layout.token_ids.shape
        self._length = layout.columns.shape[1]
        self._writes = writes
        full = len(layout.places) == self._lanes * self._width
        self._places = None if full else torch.from_numpy(layout.places).to(device)
        first = int(layout.columns[0, 0])
        self._span: slice | None = None
        if self._lanes == 1 and bool((layout.columns[0] == range(first, first + self._length)).all()):
            self._span = slice(first, first + self._length)
        else:
            self._columns = torch.from_numpy(layout.columns.reshape(-1)).to(device)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the keys and values of the queries; those of all columns."""
        keys, values = self._pool(key_states, value_states, layer_idx)
        self._write(keys, key_states)
        self._write(values, value_states)
        return self._read(keys), self._read(values)

    def _pool(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        found = self._pools.get(layer)
        if found is None:
            found = self._grown(None, key_states), self._grown(None, value_states)
        elif len(found[0]) < self._capacity:
            found = self._grown(found[0], key_states), self._grown(found[1], value_states)
        self._pools[layer] = found
        return found

    def _grown(self, old: torch.Tensor | None, states: torch.Tensor) -> torch.Tensor:
        """Slots, heads, dimensions. Zeros, for what is masked has to be finite."""
        new = states.new_zeros((self._capacity, states.shape[1], states.shape[3]))
        if old is not None:
            new[: len(old)] = old
        return new

    def _write(self, pool: torch.Tensor, states: torch.Tensor) -> None:
        tokens = states.transpose(1, 2).reshape(self._lanes * self._width, *pool.shape[1:])
        if self._places is not None:
            tokens = tokens.index_select(0, self._places)
        pool.index_copy_(0, self._writes, tokens)

    def _read(self, pool: torch.Tensor) -> torch.Tensor:
        """Lanes, heads, columns, dimensions."""
        if self._span is not None:
            return pool[self._span].transpose(0, 1).unsqueeze(0)
        gathered = pool.index_select(0, self._columns)
        return gathered.view(self._lanes, self._length, *pool.shape[1:]).transpose(1, 2)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """How many columns come before the queries."""
        return self._length - self._width

    def get_query_offset(self, layer_idx: int = 0) -> int:
        """As :meth:`get_seq_length`."""
        return self._length - self._width

    def get_mask_sizes(self, query_length: Any, layer_idx: int = 0) -> tuple[int, int]:
        """How many columns there are, and which is the first."""
        return self._length, 0

    def get_max_length(self, layer_idx: int | None = None) -> int:
        """None is known."""
        return -1

    def get_max_cache_shape(self, layer_idx: int = 0) -> int:
        """As :meth:`get_max_length`, in older versions of transformers."""
        return -1

    @property
    def is_sliding(self) -> list[bool]:
        """No layer forgets."""
        return [False] * len(self._pools)

    @property
    def is_compileable(self) -> bool:
        """Shapes change from forward to forward."""
        return False
