"""One sequence after the other, each with a cache of its own: for models that take no mask, slower and right."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from constrain.runtime.models.errors import model_errors
from constrain.runtime.models.rows.engine import Reading

if TYPE_CHECKING:
    from constrain.runtime.models.causal import CausalModel, KeyValueCache

__all__ = ["SeparateCaches"]


@dataclass(slots=True, eq=False)
class _Sequence:
    """What a sequence holds, and the model's memory of it or of a beginning of it."""

    cache: KeyValueCache
    token_ids: list[int] = field(default_factory=list)


class SeparateCaches:
    """The engine for models of which nothing is known but that they read a sequence from its beginning.

    Their memory can be copied, but neither shortened nor merged. What a sequence has after going back is read again.
    """

    is_batched = False

    def __init__(self, model: CausalModel) -> None:
        self._model = model
        self._living: list[_Sequence] = []

    @property
    def used_slots(self) -> int:
        """How many tokens the caches hold."""
        return sum(len(sequence.cache.token_ids) for sequence in self._living)

    def open(self, token_ids: Sequence[int]) -> tuple[_Sequence, int]:
        """A copy of the longest sequence that is a proper prefix."""
        wanted = list(token_ids[:-1])
        state = _Sequence(self._model.new_cache())
        for sequence in self._living:
            read = sequence.cache.token_ids
            if len(read) > len(state.token_ids) and wanted[: len(read)] == read:
                state = _Sequence(sequence.cache, list(read))
        state.cache = copy.deepcopy(state.cache)
        self._living.append(state)
        return state, len(state.token_ids)

    def fork(self, state: _Sequence) -> _Sequence:
        """A copy."""
        twin = _Sequence(copy.deepcopy(state.cache), list(state.token_ids))
        self._living.append(twin)
        return twin

    def close(self, state: _Sequence) -> None:
        """Forget it."""
        self._living.remove(state)

    def crop(self, state: _Sequence, length: int) -> None:
        """Forget all, for a memory can't be shortened."""
        del state.token_ids[length:]
        if len(state.cache.token_ids) > length:
            state.cache = self._model.new_cache()

    def read(self, readings: Sequence[Reading]) -> list[torch.Tensor]:
        """Each sequence in turn."""
        lengths = [len(reading.state.token_ids) for reading in readings]
        try:
            return [self._read(reading) for reading in readings]
        except BaseException:
            for reading, length in zip(readings, lengths, strict=True):
                del reading.state.token_ids[length:]
                reading.state.cache = self._model.new_cache()  # which of its layers were changed nobody knows
            raise

    def _read(self, reading: Reading) -> torch.Tensor:
        logits = self._read_tokens(reading)
        return torch.cat([logits, *self._read_tree(reading)]) if len(reading.tree) else logits

    def _read_tree(self, reading: Reading) -> list[torch.Tensor]:
        """Each token on a copy of what its parent left."""
        above: list[_Sequence] = []
        logits: list[torch.Tensor] = []
        for token_id, parent in zip(reading.tree.token_ids, reading.tree.parents, strict=True):
            origin = reading.state if parent < 0 else above[parent]
            above.append(_Sequence(copy.deepcopy(origin.cache), list(origin.token_ids)))
            logits.append(self._read_tokens(Reading(above[-1], [token_id], 1)))
        return logits

    def _read_tokens(self, reading: Reading) -> torch.Tensor:
        """What isn't wanted waits until something is."""
        state: _Sequence = reading.state
        state.token_ids += reading.token_ids
        if not reading.wanted:
            return torch.empty(0)
        cache = state.cache
        if reading.wanted > 1 and cache.token_ids and cache.state is None:
            return self._read_without_cache(state.token_ids, reading.wanted)
        unread = state.token_ids[len(cache.token_ids) :]
        before = len(unread) - reading.wanted
        if cache.state is None:  # the beginning at once: no model fails at that
            logits = [self._model.forward(unread[: before + 1], cache)]
        else:  # not every kind of memory takes more than one token at a time
            logits = [self._model.forward([token_id], cache) for token_id in unread[: before + 1]][-1:]
        logits += [self._model.forward([token_id], cache) for token_id in unread[before + 1 :]]
        return torch.stack(logits)

    def _read_without_cache(self, token_ids: Sequence[int], wanted: int) -> torch.Tensor:
        """The whole sequence, for a model that remembers nothing anyway."""
        arguments = {"logits_to_keep": wanted} if self._model.takes_logits_to_keep else {}
        with model_errors("running the model"), torch.inference_mode():
            input_ids = torch.tensor([list(token_ids)], dtype=torch.long, device=self._model.device)
            logits: torch.Tensor = self._model.network(input_ids=input_ids, **arguments).logits[0, -wanted:]
            return logits.to(device="cpu", dtype=torch.float32)
