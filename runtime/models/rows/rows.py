"""Several sequences on one model: they join, fork, go back and leave at any time, and each reads its own tokens.

What decoding makes of this: a batch with a constraint for each row, several draws from one prompt, beams, the check of
drafted tokens in one forward (as a sequence or as a tree), and scores of many short continuations.

    rows = Rows(model)
    row = rows.join(prompt)                                    # has what is known already of the prompt's beginning
    logits = rows.forward({row: prompt[row.length:]})[row]     # [vocab_size]
    twin = rows.fork(row)
    both = rows.forward({row: [5], twin: [6]})                 # one forward of the model
    checked = rows.forward({row: draft}, positions="all")      # [len(draft), vocab_size]
    rows.crop(row, accepted)
    guessed = rows.forward({row: [7]}, trees={row: Tree([8, 9], [-1, -1])})[row]   # what comes after 7, 7 8 and 7 9
    rows.keep(row, [1])                                        # it was 9: nothing is computed
    rows.leave(twin)

On a model whose attention takes a mask (that is tried on the model itself, see :mod:`probe`) all rows share one
key-value cache: what several rows begin with is computed and kept once, and so is for a while what rows leave behind.
Other models read one row after the other, which is slower; :attr:`Rows.is_batched` says which it is. Logits are those
of :meth:`CausalModel.forward` up to rounding, which depends on what else is read in the same forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch

from constrain.errors import ModelError
from constrain.runtime.models.rows.engine import Engine, Reading
from constrain.runtime.models.rows.forward import SlotForward
from constrain.runtime.models.rows.sequences import SeparateCaches
from constrain.runtime.models.rows.shared import SharedCache
from constrain.runtime.tree import NOTHING, Tree

if TYPE_CHECKING:
    from constrain.runtime.models.causal import CausalModel

__all__ = ["Positions", "Row", "Rows"]

Positions = Literal["last", "all"] | int

MAX_SLOTS = 65_536
KEPT_SLOTS = 4_096
CHUNK = 512


class Row:
    """A sequence; made by :meth:`Rows.join` and :meth:`Rows.fork`, changed by its :class:`Rows` only."""

    __slots__ = ("_state", "_token_ids", "_tree")

    def __init__(self, state: Any, token_ids: list[int]) -> None:
        self._state = state
        self._token_ids = token_ids
        self._tree: Tree | None = None

    @property
    def token_ids(self) -> tuple[int, ...]:
        """Every token read."""
        return tuple(self._token_ids)

    @property
    def length(self) -> int:
        """How many tokens were read."""
        return len(self._token_ids)


class Rows:
    """The rows of one model."""

    def __init__(
        self,
        model: CausalModel,
        *,
        max_slots: int | None = None,
        kept_slots: int = KEPT_SLOTS,
        chunk: int = CHUNK,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Begin without rows.

        Args:
            model: the model.
            max_slots: how many tokens all rows may hold, common beginnings counted once; their keys and values are what
                takes memory [65,536, or twice the model's context if that is more]. Rows that are read one after the
                other have caches of their own, without a bound.
            kept_slots: how many tokens of rows that left or went back are kept, within ``max_slots``, for rows that
                begin with them.
            chunk: how many tokens one forward of the model reads at most; more take more memory for a while.
            dtype: of the logits; a model that computes in float64 may give more than float32.
        """
        self._model = model
        self._rows: set[Row] = set()
        form = model.attention_form
        if max_slots is None:
            max_slots = max(MAX_SLOTS, 2 * (model.context_length or 0))
        self._engine: Engine
        if form is None:
            self._engine = SeparateCaches(model)
        else:
            self._engine = SharedCache(
                SlotForward(model, form), max_slots=max_slots, kept_slots=kept_slots, chunk=chunk, dtype=dtype
            )

    @property
    def is_batched(self) -> bool:
        """Do rows share forwards of the model? If not, they are read one after the other."""
        return self._engine.is_batched

    @property
    def used_slots(self) -> int:
        """For how many tokens keys and values are in memory."""
        return self._engine.used_slots

    def __len__(self) -> int:
        return len(self._rows)

    def join(self, token_ids: Sequence[int]) -> Row:
        """A new row that has read what is at hand of the beginning of ``token_ids``, never all of it.

        The rest, ``token_ids[row.length:]``, is for :meth:`forward` to read.
        """
        token_ids = list(token_ids)
        self._check_length(len(token_ids))
        state, length = self._engine.open(token_ids)
        row = Row(state, token_ids[:length])
        self._rows.add(row)
        return row

    def fork(self, row: Row) -> Row:
        """A new row that has read the same."""
        self._check_living(row)
        twin = Row(self._engine.fork(row._state), list(row._token_ids))
        self._rows.add(twin)
        return twin

    def leave(self, row: Row) -> None:
        """End a row."""
        self._check_living(row)
        self._rows.remove(row)
        self._engine.close(row._state)

    def crop(self, row: Row, length: int) -> None:
        """Go back to the first ``length`` tokens of a row."""
        self._check_living(row)
        if not 0 <= length <= row.length:
            raise ModelError(
                f"a row of {row.length} tokens can't be cropped to {length}", expected="at most its length"
            )
        row._tree = None
        self._engine.crop(row._state, length)
        del row._token_ids[length:]

    def forward(
        self,
        token_ids: Mapping[Row, Sequence[int]],
        positions: Positions | Mapping[Row, Positions] = "last",
        trees: Mapping[Row, Tree] | None = None,
    ) -> dict[Row, torch.Tensor]:
        """Read further tokens.

        Args:
            token_ids: the tokens of each row that takes part, at least one.
            positions: "last" for the logits after a row's last token, ``[vocab_size]``; "all" for those after each of
                its tokens, ``[tokens, vocab_size]``; a number for those after so many of the last ones. May differ by
                row; rows that aren't named have "last".
            trees: what may follow these tokens, for rows of which that is known: read, too, beside the row. What comes
                after each token of a tree follows the other logits of its row. See :meth:`keep`.

        Returns:
            Logits of each row, on the CPU.

        Raises:
            ModelError: no tokens, tokens that the model doesn't know, more than fit into its context or into the cache,
                no tree, or the model fails. The rows are as they were.
        """
        chosen = positions if isinstance(positions, Mapping) else dict.fromkeys(token_ids, positions)
        trees = trees or {}
        readings = []
        for row, fresh in token_ids.items():
            self._check_tokens(fresh)
            wanted = _wanted(chosen.get(row, "last"), len(fresh))
            readings.append(self._reading(row, fresh, wanted, trees.get(row, NOTHING)))
        logits = self._read(token_ids, readings)
        return {
            row: each[0] if chosen.get(row, "last") == "last" and not len(reading.tree) else each
            for row, reading, each in zip(token_ids, readings, logits, strict=True)
        }

    def forward_tree(self, row: Row, token_ids: Sequence[int], parents: Sequence[int]) -> torch.Tensor:
        """Read a tree of tokens beside a row, which stays as it is.

        Args:
            row: the row that the tree continues.
            token_ids: the tokens of the tree, at least one.
            parents: of each token, the index of the one before it, which is smaller than its own; -1 for those that
                follow the row.

        Returns:
            Logits after each token, ``[tokens, vocab_size]``, on the CPU: it sees the row and its ancestors.

        Raises:
            ModelError: as :meth:`forward`; or ``parents`` are none.
        """
        self._check_tokens(token_ids)
        return self._read([row], [self._reading(row, [], 0, Tree(token_ids, parents))])[0]

    def keep(self, row: Row, path: Sequence[int]) -> None:
        """Advance a row along its tree; nothing is computed.

        Args:
            row: a row whose last reading had a tree.
            path: indices into the tree's tokens, from one that follows the row downwards; may be empty.
        """
        self._check_living(row)
        if row._tree is None:
            raise ModelError("the row has no tree", expected="forward_tree of the row, just before")
        if not row._tree.is_path(path):
            raise ModelError(f"{list(path)} is no path of the row's tree", expected="each index a child of the last")
        kept = [row._tree.token_ids[index] for index in path]
        self._read([row], [Reading(row._state, kept, 0)])

    def _reading(self, row: Row, token_ids: Sequence[int], wanted: int, tree: Tree) -> Reading:
        self._check_living(row)
        if len(tree):
            self._check_tokens(tree.token_ids)
        self._check_length(row.length + len(token_ids) + tree.depth)
        return Reading(row._state, [int(token_id) for token_id in token_ids], wanted, tree)

    def _read(self, rows: Iterable[Row], readings: Sequence[Reading]) -> list[torch.Tensor]:
        logits = self._engine.read(readings)
        for row, reading in zip(rows, readings, strict=True):
            row._token_ids += reading.token_ids
            row._tree = reading.tree if len(reading.tree) else None
        return logits

    def _check_living(self, row: Row) -> None:
        if row not in self._rows:
            raise ModelError("the row is none of these rows", expected="one that joined and did not leave")

    def _check_tokens(self, token_ids: Sequence[int]) -> None:
        if not len(token_ids):
            raise ModelError("there are no tokens to read", expected="at least one for each row")
        size = self._model.vocabulary.vocab_size
        for token_id in token_ids:
            if not 0 <= token_id < size:
                raise ModelError(f"there is no token {token_id}", expected=f"tokens from 0 to {size - 1}")

    def _check_length(self, length: int) -> None:
        context = self._model.context_length
        if context is not None and length > context:
            raise ModelError(
                f"a row of {length} tokens exceeds the model's context of {context}", expected="fewer tokens"
            )


def _wanted(positions: Positions, tokens: int) -> int:
    """Of how many tokens the logits are needed."""
    if positions == "last":
        return 1
    if positions == "all":
        return tokens
    if not 1 <= positions <= tokens:
        raise ModelError(f"{tokens} tokens have no last {positions}", expected="from 1 to as many as there are")
    return positions
