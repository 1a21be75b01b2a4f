"""Models that never want to stop: what they write is complete only if the limits make it so."""

from __future__ import annotations

import random
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from constrain import CompiledGrammar, Vocabulary, allocate_token_bitmask
from constrain.compiler.bitmask import bitmask_to_ids

__all__ = ["FarthestFromTheEnd", "NeverClosing"]

CLOSING = frozenset(b'"]}')
PROBED = 24
"""Tokens that are tried at a step."""


class NeverClosing:
    """Random logits, far lower for what closes something and lowest for stopping."""

    name = "never closing"
    context_length = None

    def __init__(self, vocabulary: Vocabulary, seed: int) -> None:
        self.vocabulary = vocabulary
        self.calls = 0
        self._random = np.random.default_rng(seed)
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

    def _likings_after(self, text: Sequence[int]) -> np.ndarray:
        return self._likings + self._random.normal(size=len(self._likings))


class FarthestFromTheEnd(NeverClosing):
    """Likes, of some tokens that it tries, those best after which the most is needed."""

    name = "farthest from the end"

    def __init__(self, compiled: CompiledGrammar, seed: int) -> None:
        super().__init__(compiled.vocabulary, seed)
        self._compiled = compiled
        self._probed = random.Random(seed)

    def _likings_after(self, text: Sequence[int]) -> np.ndarray:
        likings = super()._likings_after(text)
        matcher = self._compiled.matcher()
        bitmask = allocate_token_bitmask(1, self.vocabulary.vocab_size)
        if all(map(matcher.accept_token, text)):
            matcher.fill_next_token_bitmask(bitmask)
            allowed = bitmask_to_ids(bitmask[0]).tolist()
            for token in self._probed.sample(allowed, min(PROBED, len(allowed))):
                if token not in self.vocabulary.eos_token_ids and matcher.accept_token(token):
                    likings[token] = 10.0 + len(matcher.fewest_tokens()[0])
                    matcher.rollback(1)
        return likings
