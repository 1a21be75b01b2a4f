"""What reads the tokens of rows; one engine shares a cache among them, the other reads one sequence after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from constrain.runtime.tree import NOTHING, Tree

__all__ = ["Engine", "Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens that a sequence is to read, and a tree of others beside it.

    Attributes:
        state: the engine's own memory of the sequence, advanced by the tokens, not by the tree.
        token_ids: the tokens.
        wanted: of how many of them, counted from the last, logits are needed.
        tree: what may follow them; its tokens see the sequence and their ancestors. It is at hand for the sequence's
            next reading.
    """

    state: Any
    token_ids: Sequence[int]
    wanted: int
    tree: Tree = NOTHING


class Engine(Protocol):
    """Sequences by their states, which are of the engine's own kind. A call that raises leaves them as they were."""

    is_batched: bool

    @property
    def used_slots(self) -> int:
        """For how many tokens keys and values are in memory."""
        ...

    def open(self, token_ids: Sequence[int]) -> tuple[Any, int]:
        """A new sequence that begins as ``token_ids`` do, and how many of these it has read already."""
        ...

    def fork(self, state: Any) -> Any:
        """A new sequence that has read the same."""
        ...

    def close(self, state: Any) -> None:
        """End a sequence."""
        ...

    def crop(self, state: Any, length: int) -> None:
        """Unread all but the first tokens."""
        ...

    def read(self, readings: Sequence[Reading]) -> list[torch.Tensor]:
        """Read; logits ``[wanted + len(tree), vocab_size]`` of each reading, on the CPU."""
        ...
