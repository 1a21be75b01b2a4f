"""What reads tokens and says what comes next: a model with the memory of one sequence, or a row among others.

A reader may be given a draft: tokens that are likely to follow, one after the other or as a tree with several ways to
go on. They are read in the same forward of the model, which costs little more than one token, and what comes after each
is remembered. Where the output goes on as drafted, no forward is needed; where it does not, the rest of the draft is
forgotten. So drafts change nothing but the time: each token is chosen from the same logits, with the same random
number, as without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from constrain.runtime.tree import NOTHING, Tree

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Row, Rows

__all__ = ["Asked", "ModelReader", "Reader", "Reading", "RowReader"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens to read.

    Attributes:
        token_ids: at least one.
        count: after how many of the last ones the logits are wanted.
        draft: tokens that are likely to follow.
    """

    token_ids: Sequence[int]
    count: int
    draft: Tree = NOTHING


class Reader(Protocol):
    """Reads one sequence."""

    calls: int
    """How often the model was run."""
    accepted: int
    """How many drafted tokens were read as drafted."""
    saved: int
    """How many readings needed no run of the model, since all of their tokens had been drafted."""
    takes_drafts: bool
    """Is a draft of use?"""
    read_already: int
    """How many tokens of the prompt are known when it begins."""

    def knows(self, token_ids: Sequence[int]) -> bool:
        """Is known what comes after these tokens, so that they need no forward?"""

    def read(self, reading: Reading) -> NDArray[np.float32]:
        """Read further tokens.

        Returns:
            float32 ``[reading.count, vocab_size]``.

        Raises:
            ModelError: the model fails.
        """

    def close(self) -> None:
        """Let go of the sequence."""


class ModelReader:
    """A model with a memory of its own. It can't go back, so drafts are of no use to it."""

    takes_drafts = False
    read_already = 0

    def __init__(self, model: CausalModel) -> None:
        self._model = model
        self._cache = model.new_cache()
        self.calls = 0
        self.accepted = 0
        self.saved = 0

    def knows(self, token_ids: Sequence[int]) -> bool:
        """Never."""
        return False

    def read(self, reading: Reading) -> NDArray[np.float32]:
        """Read further tokens."""
        self.calls += 1
        logits: NDArray[np.float32] = self._model.forward_last(reading.token_ids, self._cache, reading.count).numpy()
        return logits

    def close(self) -> None:
        """Nothing is shared."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a row is to read; the fields are arguments of :meth:`Rows.forward`."""

    token_ids: Sequence[int]
    positions: int
    tree: Tree


class RowReader:
    """A row among others, which has what is known of the beginning of its prompt."""

    def __init__(self, rows: Rows, prompt_ids: Sequence[int]) -> None:
        self._rows = rows
        self.row: Row = rows.join(prompt_ids)
        self.read_already = self.row.length
        self._draft = NOTHING
        """What was drafted after the last forward; it hangs beside the row."""
        self._path: list[int] = []
        """Indices of those of its tokens that came as drafted."""
        self._after_draft: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)
        """What comes after each token of the draft."""
        self._known: list[NDArray[np.float32]] = []
        """Of the tokens that are being read: what comes after those that had been drafted."""
        self.takes_drafts = rows.is_batched
        self.calls = 0
        self.accepted = 0
        self.saved = 0

    def knows(self, token_ids: Sequence[int]) -> bool:
        """Are these what was drafted?"""
        return len(self._draft.walk(self._end, token_ids)) == len(token_ids)

    def read(self, reading: Reading) -> NDArray[np.float32]:
        """Read further tokens, as far as they were not drafted."""
        asked = self.ask(reading)
        if asked is None:
            return self.answer(reading, None)
        logits = self._rows.forward({self.row: asked.token_ids}, asked.positions, {self.row: asked.tree})
        return self.answer(reading, logits[self.row].numpy())

    def ask(self, reading: Reading) -> Asked | None:
        """What the row is to read; None for nothing."""
        taken = self._draft.walk(self._end, reading.token_ids)
        self._known = [self._after_draft[index] for index in taken]
        self._path += taken
        self.accepted += len(taken)
        fresh = list(reading.token_ids[len(taken) :])
        if not fresh:
            return None
        if self._path:
            self._rows.keep(self.row, self._path)
        self._draft, self._path = NOTHING, []
        return Asked(fresh, min(reading.count, len(fresh)), reading.draft)

    def answer(self, reading: Reading, logits: NDArray[np.float32] | None) -> NDArray[np.float32]:
        """What comes after the tokens of ``reading``, given the logits that :meth:`ask` asked for."""
        known, self._known = self._known, []
        if logits is None:
            self.saved += 1
            return np.stack(known[-reading.count :])
        self.calls += 1
        self._draft = reading.draft
        wanted = len(logits) - len(self._draft)
        self._after_draft = logits[wanted:]
        before = known[len(known) - (reading.count - wanted) :] if reading.count > wanted else []
        return np.concatenate([np.stack(before), logits[:wanted]]) if before else logits[:wanted]

    def close(self) -> None:
        """Leave the rows."""
        self._rows.leave(self.row)

    @property
    def _end(self) -> int:
        """The last of the draft's tokens that came; -1 before the first."""
        return self._path[-1] if self._path else -1
