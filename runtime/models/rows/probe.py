"""Does a model read several sequences at once rightly? Tried on the model itself, for its name doesn't tell.

Models differ in what they take as a mask, in which layers have a sliding window, and in where they take positions from
(given ones, or the order of columns); some have no keys and values at all, some scale positions by the longest sequence
of a batch. So a few tokens are read plainly and then by way of slots: in scrambled slots, packed and in lanes, beside a
token at the very end of the context. Only if all logits agree is the model read that way. Windows are too long to be
filled by a few tokens; meanwhile they are made short in the model's configuration, for both sides of the comparison. A
model that heeds its configuration otherwise, or a kind of window not known here, disagrees and is read one sequence at
a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from constrain.runtime.models.rows.attention import AttentionForm, candidates, text_config
from constrain.runtime.models.rows.forward import SlotForward
from constrain.runtime.models.rows.layout import Query, Shape

if TYPE_CHECKING:
    from constrain.runtime.models.causal import CausalModel

__all__ = ["attention_form"]

LENGTH, COMMON, COMPARED = 12, 5, 3
"""Tokens of each of the two sequences, of their common prefix, and how many of the last are compared."""

SLOTS = 40
SHORT_WINDOW = 4
WINDOW = re.compile(r"(?:^|_)(?:window|chunk)(?:_size)?$")
"""Names of settings that bound how far back a layer sees."""

TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-3}
LEAST_HALF_TOLERANCE, MOST_HALF_TOLERANCE = 0.03, 0.2
"""Root mean square of the differences, in standard deviations of the logits. A wrong mask makes it 0.1 to 1. So does,
in half precision, rounding in some models: then twice what it makes in the library's own ways to read is tolerated."""

SAME = 0.01
"""Likewise, of two readings that differ in what must not matter; rounding is the same in both."""


def attention_form(model: CausalModel) -> AttentionForm | None:
    """How the model is told what a query may see; None where it can't be relied on."""
    config = text_config(model.network)
    token_ids = _ordinary_tokens(model, 2 * LENGTH - COMMON)
    if len(token_ids) < 2 * LENGTH - COMMON or (model.context_length or LENGTH) < LENGTH:
        return None
    sequences = token_ids[:LENGTH], token_ids[:COMMON] + token_ids[LENGTH:]
    with _short_windows(config):
        for form in candidates(config):
            try:
                plain = _plain(model, sequences)
                tolerance = TOLERANCE.get(plain[0].dtype) or _half_tolerance(model, sequences, plain)
                if _Trial(model, form, sequences).agrees_with(plain, tolerance):
                    return form
            except Exception:  # whatever it is that the model can't do
                continue
    return None


def _ordinary_tokens(model: CausalModel, count: int) -> list[int]:
    """Different tokens, none of them special: one that stands for an image is no input for a model of text."""
    vocabulary = model.vocabulary
    step = max(1, vocabulary.vocab_size // (8 * count))
    spread = (token_id for first in reversed(range(step)) for token_id in range(first, vocabulary.vocab_size, step))
    return list(islice(filter(vocabulary.token, spread), count))


@contextmanager
def _short_windows(config: Any) -> Iterator[None]:
    windows = {name: size for name, size in vars(config).items() if WINDOW.search(name)}
    windows = {name: size for name, size in windows.items() if type(size) is int and size > SHORT_WINDOW}
    try:
        for name in windows:
            setattr(config, name, SHORT_WINDOW)
        yield
    finally:
        for name, size in windows.items():
            setattr(config, name, size)


def _plain(model: CausalModel, sequences: Sequence[list[int]]) -> list[torch.Tensor]:
    """Logits after the last tokens of each sequence, each read on its own in one go."""
    arguments = {"logits_to_keep": COMPARED} if model.takes_logits_to_keep else {}
    with torch.inference_mode():
        logits = [
            model.network(input_ids=torch.tensor([token_ids], device=model.device), use_cache=False, **arguments).logits
            for token_ids in sequences
        ]
    return [each[0, -COMPARED:] for each in logits]


def _half_tolerance(model: CausalModel, sequences: Sequence[list[int]], plain: Sequence[torch.Tensor]) -> float:
    """From the difference that it makes to read the last tokens by way of the library's own cache."""
    differences: list[float] = []
    with torch.inference_mode():
        for token_ids, expected in zip(sequences, plain, strict=True):
            parts = token_ids[:-COMPARED], token_ids[-COMPARED:]
            first, last = (torch.tensor([part], device=model.device) for part in parts)
            cache = model.network(input_ids=first, use_cache=True).past_key_values
            logits = model.network(input_ids=last, past_key_values=cache, use_cache=True).logits[0]
            differences += [_difference(*pair) for pair in zip(logits, expected, strict=True)]
    return min(max(2 * _root_mean_square(differences), LEAST_HALF_TOLERANCE), MOST_HALF_TOLERANCE)


class _Trial:
    """Two sequences in scrambled slots, and what reading them there gives."""

    def __init__(self, model: CausalModel, form: AttentionForm, sequences: Sequence[list[int]]) -> None:
        scrambled = np.random.default_rng(0).permutation(np.arange(8, SLOTS))
        own = np.concatenate((np.arange(1, 7), scrambled[: LENGTH - 6]))  # in order first, then anywhere
        self._paths = own, np.concatenate((own[:COMMON], scrambled[LENGTH : 2 * LENGTH - COMMON]))
        self._other, *self._spare = scrambled[-3:]
        self._places = np.zeros(SLOTS, dtype=np.int64)
        self._places[self._spare] = LENGTH - 1
        for path in self._paths:
            self._places[path] = np.arange(LENGTH)
        self._sequences = sequences
        self._far = (model.context_length or LENGTH) - 1
        self._forward = SlotForward(model, form)

    def agrees_with(self, plain: Sequence[torch.Tensor], tolerance: float) -> bool:
        """Is every reading in every layout that of the plain model, and none changed by a neighbour?"""
        steps: list[tuple[list[Query], Shape | None]] = [
            (self._part(0, 0, 6), None),
            (self._part(0, 6, 10) + self._part(1, COMMON, 9), "packed"),
            (self._part(0, 10, 12) + self._part(1, 9, 10), "lanes"),
            (self._part(1, 10, 12), None),
            ([self._last_again(0)], None),
            ([self._last_again(0), self._last_again(1)], "lanes"),
        ]
        differences: list[float] = []
        for queries, shape in steps:
            compared = [index for index, query in enumerate(queries) if query.position >= LENGTH - COMPARED]
            for index, logits in zip(compared, self._read(queries, compared, shape), strict=True):
                expected = plain[queries[index].sequence][queries[index].position - LENGTH]
                differences.append(_difference(logits, expected))
        near, far = self._beside(LENGTH - 1), self._beside(self._far)
        return _root_mean_square(differences) <= tolerance and _difference(near, far) <= SAME

    def _read(self, queries: Sequence[Query], wanted: Sequence[int], shape: Shape | None) -> list[torch.Tensor]:
        return self._forward.run(queries, wanted, self._places, SLOTS, shape)

    def _part(self, sequence: int, start: int, end: int) -> list[Query]:
        token_ids, path = self._sequences[sequence], self._paths[sequence]
        return [Query(token_ids[place], path[: place + 1], sequence, place) for place in range(start, end)]

    def _last_again(self, sequence: int) -> Query:
        path = np.append(self._paths[sequence][:-1], self._spare[sequence])
        return Query(self._sequences[sequence][-1], path, sequence, LENGTH - 1)

    def _beside(self, place: int) -> torch.Tensor:
        """The last token of a sequence, read beside a token that stands elsewhere."""
        self._places[self._other] = place
        other = Query(self._sequences[0][0], np.array([self._other]), 2, place)
        return self._read([self._last_again(0), other], [0], "packed")[0]


def _difference(logits: torch.Tensor, expected: torch.Tensor) -> float:
    """Root mean square, in standard deviations."""
    difference = logits.double() - expected.double()
    return float(difference.square().mean().sqrt() / expected.double().std())


def _root_mean_square(values: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
