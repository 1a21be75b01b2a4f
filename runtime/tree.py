"""Tokens that may follow a sequence: one after the other, or with several ways to go on at some places.

For whoever drafts and for whoever reads; without torch, for not all of them import it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from constrain.errors import ModelError

__all__ = ["NOTHING", "Tree"]


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of tokens.

    Attributes:
        token_ids: the tokens.
        parents: of each, the index of the one before it, which is smaller than its own; -1 for those that follow the
            sequence.
    """

    token_ids: Sequence[int]
    parents: Sequence[int]

    def __len__(self) -> int:
        return len(self.token_ids)

    @classmethod
    def chain(cls, token_ids: Sequence[int]) -> Tree:
        """One token after the other."""
        return cls(token_ids, range(-1, len(token_ids) - 1))

    @property
    def depth(self) -> int:
        """How many tokens the longest way has.

        Raises:
            ModelError: ``parents`` are none.
        """
        if len(self.parents) != len(self.token_ids):
            raise ModelError(
                f"a tree of {len(self.token_ids)} tokens has {len(self.parents)} parents", expected="one for each token"
            )
        depths: list[int] = []
        for index, parent in enumerate(self.parents):
            if not -1 <= parent < index:
                raise ModelError(f"token {index} of a tree has the parent {parent}", expected="one before it, or -1")
            depths.append(1 if parent < 0 else depths[parent] + 1)
        return max(depths, default=0)

    def child(self, parent: int, token_id: int) -> int | None:
        """The index of a token that follows the one at ``parent``; None where there is no such token."""
        for index in range(parent + 1, len(self.token_ids)):
            if self.parents[index] == parent and self.token_ids[index] == token_id:
                return index
        return None

    def walk(self, start: int, token_ids: Iterable[int]) -> list[int]:
        """Indices of the tokens that follow the one at ``start`` as far as they are these."""
        path: list[int] = []
        for token_id in token_ids:
            child = self.child(path[-1] if path else start, token_id)
            if child is None:
                break
            path.append(child)
        return path

    def is_path(self, indices: Iterable[int]) -> bool:
        """Does each of them follow the one before it, and the first the sequence?"""
        above = -1
        for index in indices:
            if not 0 <= index < len(self.token_ids) or self.parents[index] != above:
                return False
            above = index
        return True


NOTHING = Tree((), ())
