"""A smaller model that drafts for another one: token by token what it likes best of what the automaton allows.

It reads what it drafts from in rows of its own, in which outputs share the beginnings of their prompts. Text that is
certain is passed over without asking it. It goes on as long as what it says is likely enough to be worth another run of
it: a run saves one of the larger model if everything before it and the token itself come as drafted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import Matcher
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids
from constrain.compiler.vocabulary import Vocabulary
from constrain.errors import ModelError
from constrain.runtime.decoding.distribution import log_sum_exp
from constrain.runtime.decoding.drafters import LEAST, Place
from constrain.runtime.tree import Tree

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Row, Rows

__all__ = ["DraftModel"]

MOST_CARE = 0.5
"""However much a run costs, the next one is made where what was drafted is likelier than this: the size of a model does
not tell exactly how long it takes. Whether it pays is seen afterwards."""


class DraftModel:
    """A model that drafts for any number of outputs of another."""

    def __init__(self, model: CausalModel, target: CausalModel, *, cost: float | None = None) -> None:
        """Check that both have the same tokens.

        Args:
            model: the one that drafts.
            target: the one that it drafts for.
            cost: what a run of it costs, in runs of ``target`` [by the size of their weights].

        Raises:
            ModelError: they have not; the message names the first token that differs.
        """
        from constrain.runtime.models.rows import Rows

        if difference := _difference(model.vocabulary, target.vocabulary):
            raise ModelError(
                f"the draft model {model.name} has other tokens than {target.name}: {difference}",
                expected="a smaller model with the same tokenizer",
            )
        self._model = model
        self._cost = _size(model) / max(1, _size(target)) if cost is None else cost
        self._rows: Rows = Rows(model)
        self._bitmask = allocate_token_bitmask(1, target.vocabulary.vocab_size)

    @property
    def name(self) -> str:
        """What users call it."""
        return self._model.name

    def drafter(self) -> _Drafter:
        """What drafts for a new output."""
        return _Drafter(self._model, self._rows, self._cost, self._bitmask)


class _Drafter:
    """One output's side of the model."""

    def __init__(self, model: CausalModel, rows: Rows, cost: float, bitmask: NDArray[np.int32]) -> None:
        self._model = model
        self._rows = rows
        self._cost_of_run = cost
        self._enough = min(cost, MOST_CARE) + LEAST
        self._bitmask = bitmask
        self._row: Row | None = None
        self._read: list[int] = []
        self.cost = 0.0

    def draft(self, place: Place) -> Tree:
        """Its choice for the next tokens.

        Raises:
            ModelError: it fails.
        """
        self.cost = 0.0
        walk = place.matcher.fork()
        sequence, found = list(place.token_ids), len(place.token_ids)
        likely = 1.0
        try:
            while len(sequence) - found < place.most:
                if _write_certain(walk, sequence):
                    continue
                if likely <= self._enough or not self._fits(sequence):
                    break
                token_id, share = self._choice(walk, sequence)
                likely *= share
                if likely < LEAST or not walk.accept_token(token_id) or walk.is_terminated():
                    break
                sequence.append(token_id)
        except ModelError as error:
            raise ModelError(f"the draft model {self._model.name}: {error.message}", expected=error.expected) from error
        return Tree.chain(sequence[found : found + place.most])

    def close(self) -> None:
        """Leave its rows."""
        if self._row is not None:
            self._rows.leave(self._row)

    def _fits(self, sequence: Sequence[int]) -> bool:
        """Can it read this at all? Its context may be shorter than that of the model that it drafts for."""
        context = self._model.context_length
        return context is None or len(sequence) <= context

    def _choice(self, walk: Matcher, sequence: list[int]) -> tuple[int, float]:
        """The token that it likes best of those that may follow, and its share of their probability."""
        walk.fill_next_token_bitmask(self._bitmask, 0)
        allowed = bitmask_to_ids(self._bitmask[0])
        if len(allowed) == 1:
            return int(allowed[0]), 1.0
        logits = self._after(sequence)
        permitted = logits[allowed[allowed < len(logits)]].astype(np.float64)
        peak = permitted.max(initial=-np.inf)
        if np.isnan(peak) or peak == np.inf:
            raise ModelError("its logits are not numbers", expected="finite logits; --dtype float32 may help")
        if peak == -np.inf:
            return -1, 0.0
        return int(allowed[permitted.argmax()]), float(np.exp(peak - log_sum_exp(permitted)))

    def _after(self, sequence: list[int]) -> NDArray[np.float32]:
        """What it says comes next; it reads what is new."""
        if self._row is None:
            self._row = self._rows.join(sequence)
            self._read = list(self._row.token_ids)
        pairs = zip(self._read, sequence[:-1], strict=False)
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if common < len(self._read):
            self._rows.crop(self._row, common)
            del self._read[common:]
        logits: NDArray[np.float32] = self._rows.forward({self._row: sequence[common:]})[self._row].numpy()
        self._read += sequence[common:]
        self.cost += self._cost_of_run
        return logits


def _write_certain(walk: Matcher, sequence: list[int]) -> bool:
    """Write what the automaton leaves no choice about."""
    before = len(sequence)
    for token_id in walk.forced_tokens():
        if not walk.accept_token(token_id):
            break
        sequence.append(token_id)
    return len(sequence) > before


def _difference(vocabulary: Vocabulary, other: Vocabulary) -> str | None:
    """In what the tokens of two vocabularies differ, in words.

    Neither ids without text count, which fill up a model's head, nor what ends an output: that is never drafted.
    """
    if vocabulary.sha256 == other.sha256:
        return None
    stops = {*vocabulary.eos_token_ids, *other.eos_token_ids}
    names, other_names = _special(vocabulary), _special(other)
    for token_id in range(max(vocabulary.vocab_size, other.vocab_size)):
        ours = names.get(token_id) or vocabulary.token(token_id)
        theirs = other_names.get(token_id) or other.token(token_id)
        if ours != theirs and token_id not in stops:
            return f"token {token_id} is {_shown(ours)}, not {_shown(theirs)}"
    return None


def _special(vocabulary: Vocabulary) -> dict[int, str]:
    return {token_id: name for name, token_id in vocabulary.special_tokens.items()}


def _shown(token: bytes | str | None) -> str:
    if not token:
        return "none"
    return repr(token.decode(errors="backslashreplace")) if isinstance(token, bytes) else token


def _size(model: CausalModel) -> int:
    """Bytes of the weights, which all have to be read for a token."""
    return sum(weights.numel() * weights.element_size() for weights in model.network.parameters())
