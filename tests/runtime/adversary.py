"""Models that never want to stop, or want what is not allowed: what they write is complete only if it is made so.

What they say of a text depends on the text alone, so that it can be read in parts, ahead, or again.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from constrain import CompiledGrammar, ModelError, Vocabulary, allocate_token_bitmask
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.runtime.tree import NOTHING, Tree

__all__ = ["FarthestFromTheEnd", "NeverClosing", "OutOfTheLanguage", "PrefixRows"]

CLOSING = frozenset(b'"]}')
PROBED = 24
"""Tokens that are tried at a step."""


class NeverClosing:
    """Random logits, far lower for what closes something and lowest for stopping."""

    name = "never closing"
    context_length = None

    def __init__(self, vocabulary: Vocabulary, seed: int) -> None:
        self.vocabulary = vocabulary
        self.eos_token_ids = vocabulary.eos_token_ids
        self.calls = 0
        self._seed = seed
        closes = [bool(CLOSING & set(vocabulary.text(token))) for token in range(vocabulary.vocab_size)]
        self._likings = np.where(closes, -30.0, 0.0)
        self._likings[vocabulary.eos_token_ids] = -60.0

    def new_cache(self) -> Any:
        return SimpleNamespace(token_ids=[])

    def forward_last(self, token_ids: Sequence[int], cache: Any, count: int) -> torch.Tensor:
        rows = []
        for token_id in token_ids:
            cache.token_ids.append(token_id)
            if len(token_ids) - len(rows) <= count:
                rows.append(self._likings_after(cache.token_ids[1:]))
            else:
                rows.append(self._likings)
        self.calls += 1
        return torch.from_numpy(np.stack(rows[-count:]).astype(np.float32))

    def _number_of(self, text: Sequence[int]) -> int:
        """One that differs from text to text."""
        return zlib.crc32(np.array(text, dtype=np.int32).tobytes(), self._seed)

    def _likings_after(self, text: Sequence[int]) -> np.ndarray:
        return self._likings + np.random.default_rng(self._number_of(text)).normal(size=len(self._likings))


class FarthestFromTheEnd(NeverClosing):
    """Likes, of some tokens that it tries, those best after which the most is needed."""

    name = "farthest from the end"

    def __init__(self, compiled: CompiledGrammar, seed: int) -> None:
        super().__init__(compiled.vocabulary, seed)
        self._compiled = compiled

    def _likings_after(self, text: Sequence[int]) -> np.ndarray:
        likings = super()._likings_after(text)
        matcher = self._compiled.matcher()
        bitmask = allocate_token_bitmask(1, self.vocabulary.vocab_size)
        if all(map(matcher.accept_token, text)):
            matcher.fill_next_token_bitmask(bitmask)
            allowed = bitmask_to_ids(bitmask[0]).tolist()
            probed = random.Random(self._number_of(text)).sample(allowed, min(PROBED, len(allowed)))
            for token in probed:
                if token not in self.vocabulary.eos_token_ids and matcher.accept_token(token):
                    likings[token] = 10.0 + len(matcher.fewest_tokens()[0])
                    matcher.rollback(1)
        return likings


class OutOfTheLanguage(NeverClosing):
    """Likes what is not allowed best of all, and finds nearly all that is impossible: the extremes of numbers."""

    name = "out of the language"

    def __init__(self, compiled: CompiledGrammar, seed: int) -> None:
        super().__init__(compiled.vocabulary, seed)
        self._compiled = compiled

    def _likings_after(self, text: Sequence[int]) -> np.ndarray:
        choose = random.Random(self._number_of(text))
        likings = np.full(self.vocabulary.vocab_size, 1e30)
        matcher = self._compiled.matcher()
        bitmask = allocate_token_bitmask(1, self.vocabulary.vocab_size)
        if all(map(matcher.accept_token, text)):
            matcher.fill_next_token_bitmask(bitmask)
            allowed = bitmask_to_ids(bitmask[0]).tolist()
            likings[allowed] = -np.inf
            for token in choose.sample(allowed, choose.choice([0, 1, 1, 2, 5, 50]) % (len(allowed) + 1)):
                likings[token] = choose.choice([-1e30, 0.0, 1.0, 1e30, -3e38, 3e38])
        return likings


class PrefixRows:
    """Rows of such a model, as :class:`constrain.runtime.models.rows.Rows`; what was read once is known for good."""

    is_batched = True

    def __init__(self, model: NeverClosing) -> None:
        self._model = model
        self._living: set[Any] = set()
        self._known: set[tuple[int, ...]] = set()
        self.fails_at: int | None = None
        """The forward that fails, counted from here."""

    def __len__(self) -> int:
        return len(self._living)

    def join(self, token_ids: Sequence[int]) -> Any:
        length = max((n for n in range(len(token_ids)) if tuple(token_ids[:n]) in self._known), default=0)
        return self._joined(list(token_ids[:length]))

    def fork(self, row: Any) -> Any:
        assert row in self._living
        return self._joined(list(row.token_ids))

    def _joined(self, token_ids: list[int]) -> Any:
        row = _Row(token_ids)
        self._living.add(row)
        return row

    def leave(self, row: Any) -> None:
        self._living.remove(row)

    def crop(self, row: Any, length: int) -> None:
        assert row in self._living
        assert length <= row.length
        del row.token_ids[length:]

    def keep(self, row: Any, path: Sequence[int]) -> None:
        assert row in self._living
        assert row.tree.is_path(path)
        row.token_ids.extend(row.tree.token_ids[index] for index in path)

    def forward(
        self,
        token_ids: Mapping[Any, Sequence[int]],
        positions: Any = "last",
        trees: Mapping[Any, Tree] | None = None,
    ) -> dict[Any, torch.Tensor]:
        if self.fails_at is not None:
            self.fails_at -= 1
            if self.fails_at < 0:
                raise ModelError("it was to fail here")
        logits = {}
        for row, fresh in token_ids.items():
            assert row in self._living
            assert fresh
            before = row.length
            row.token_ids.extend(fresh)
            self._known.update(tuple(row.token_ids[:n]) for n in range(before + 1, row.length + 1))
            wanted = positions.get(row, "last") if isinstance(positions, Mapping) else positions
            count = 1 if wanted == "last" else len(fresh) if wanted == "all" else wanted
            after = [row.token_ids[1:n] for n in range(row.length - count + 1, row.length + 1)]
            row.tree = (trees or {}).get(row, NOTHING)
            beside: list[list[int]] = []
            for token_id, parent in zip(row.tree.token_ids, row.tree.parents, strict=True):
                beside.append([*(beside[parent] if parent >= 0 else row.token_ids[1:]), token_id])
            after += beside
            found = torch.from_numpy(np.stack([self._model._likings_after(text) for text in after]).astype(np.float32))
            logits[row] = found[0] if wanted == "last" else found
        return logits


class _Row:
    def __init__(self, token_ids: list[int]) -> None:
        self.token_ids = token_ids
        self.tree = NOTHING

    @property
    def length(self) -> int:
        return len(self.token_ids)
