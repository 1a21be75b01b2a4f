"""One sequence's side of the constraint: which tokens may come next, as ids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids
from constrain.errors import ModelError, VocabularyError

__all__ = ["Constraint"]


class Constraint:
    """A matcher with its bitmask."""

    def __init__(self, compiled: CompiledGrammar, begun: bytes = b"") -> None:
        """Begin a sequence.

        Args:
            compiled: the grammar.
            begun: how its text begins, before the first token.

        Raises:
            ModelError: none of its texts begins so.
        """
        self._matcher = compiled.matcher()
        if begun and not self._matcher.accept_bytes(begun):
            raise ModelError(f"no text of the constraint begins with {begun!r}", expected="the beginning of one")
        self._bitmask = allocate_token_bitmask(1, compiled.vocabulary.vocab_size)
        self._stops = frozenset(compiled.vocabulary.eos_token_ids)

    def allowed(self) -> NDArray[np.int64]:
        """Ids of the tokens that may come next, ascending; never empty.

        Raises:
            VocabularyError: no token of the vocabulary can spell what has to follow.
            LimitError: a budget of the grammar ran out.
        """
        self._matcher.fill_next_token_bitmask(self._bitmask, 0)
        ids = bitmask_to_ids(self._bitmask[0])
        if not len(ids):
            following = self._matcher.next_bytes()[:16]
            raise VocabularyError(
                f"no token of the vocabulary can continue the output, which has to go on with one of {following!r}",
                expected="a tokenizer that can spell every byte of the constraint's texts",
            )
        return ids

    def must_stop(self, allowed: NDArray[np.int64]) -> bool:
        """Is there nothing left but to stop?"""
        return len(allowed) <= len(self._stops) and self._stops.issuperset(allowed.tolist())

    def is_stop(self, token_id: int) -> bool:
        """Does this token end the output?"""
        return token_id in self._stops

    def accept(self, token_id: int) -> None:
        """Advance by an allowed token.

        Raises:
            ModelError: the automaton refuses a token its own mask allowed.
        """
        if not self._matcher.accept_token(token_id):
            raise ModelError(f"the automaton refuses the token {token_id}, which its mask allowed")

    def is_complete(self) -> bool:
        """Is the text so far in the language?"""
        return self._matcher.is_accepting()
