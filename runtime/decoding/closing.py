"""Keeps an output completable: no token is allowed after which too little is left to write the rest.

How much a text needs is the number of tokens of a completion at hand (the *plan*), so that it can be written if need be
(:meth:`Matcher.fewest_tokens`). Tokens are looked at one by one (:meth:`Matcher.keep_completable`) only where the limit
is near: where less is left than any text of the grammar may need. Some grammars have no such bound, since their values
nest without one; and what must be distinct depends on all of the text. There each drawn token is confirmed by a plan
from then on, and given back to be drawn anew where there is none.
"""

from __future__ import annotations

from copy import copy

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar, Matcher
from constrain.errors import BudgetError, VocabularyError
from constrain.runtime.decoding.room import Room

__all__ = ["Closing"]

FAR = 4
"""Without a bound: so many times what is needed is far from the limit, and so many tokens more."""
FAR_TOKENS = 64
FAR_BYTES = 512


class Closing:
    """The way to the end from where a matcher is."""

    def __init__(self, compiled: CompiledGrammar, matcher: Matcher) -> None:
        self._matcher = matcher
        self._vocabulary = compiled.vocabulary
        self._most = matcher.most_needed()
        self._plan: list[int] | None = None

    def of(self, matcher: Matcher) -> Closing:
        """The same for a fork of the matcher."""
        other = copy(self)
        other._matcher = matcher
        return other

    def begin(self, room: Room) -> None:
        """Find the first plan.

        Raises:
            BudgetError: there is none within ``room``; the message names the least.
            VocabularyError: the vocabulary can't spell one.
        """
        found = self._matcher.fewest_tokens(room.tokens, room.bytes)
        if found is None:
            shortest = self._matcher.shortest_completion()
            raise VocabularyError(
                f"no tokens were found that complete the output; the shortest way would be {shortest[:32]!r}",
                expected="a tokenizer that can spell every byte of the constraint's texts",
            )
        plan, exact = found
        size = self._size(plan)
        if len(plan) > room.tokens or (room.bytes is not None and size > room.bytes):
            tokens = f"{'' if exact else 'at most '}{len(plan)} tokens are needed"
            given, needed, option = (
                (f"{room.tokens} tokens", tokens, f"--max-tokens {len(plan)}")
                if len(plan) > room.tokens
                else (f"{room.bytes} bytes", f"at most {size} bytes are needed", f"--max-bytes {size}")
            )
            # what must be distinct may hide a shorter one
            none = "no output was found that fits" if self._matcher.is_tracked() else "no output fits"
            raise BudgetError(f"{none} into {given}: {needed}", expected=f"{option} or more")
        self._plan = plan

    def needed(self, room: Room) -> int:
        """How many tokens are needed; fewer than there is room for are not looked for."""
        if self._plan is None or len(self._plan) > room.tokens:
            found = self._matcher.fewest_tokens(room.tokens, room.bytes)
            if found is not None and (self._plan is None or len(found[0]) < len(self._plan)):
                self._plan = found[0]
        return len(self._plan or ())

    @property
    def next_of_plan(self) -> int | None:
        """The token that the plan goes on with; None where it is to stop, or there is no plan."""
        return self._plan[0] if self._plan else None

    def keep(self, words: NDArray[np.int32], room: Room, *, look: bool = False) -> bool:
        """Take from a mask the tokens after which too little would be left; were there any?

        Args:
            words: int32 ``[1, ceil(vocab_size / 32)]``: the mask of the matcher.
            room: before the token.
            look: even if the limit is far.
        """
        if self._is_far(room) and not look:
            return False
        if self._plan is None:
            self._plan = self._found(room)
        removed = self._matcher.keep_completable(words, room.tokens, room.bytes)
        if self._plan:
            # what was found on the way here may be less than what a search from there finds
            words.view(np.uint32)[0, self._plan[0] >> 5] |= np.uint32(1 << (self._plan[0] & 31))
        return removed

    def confirm(self, token_id: int | None, room: Room) -> bool:
        """May the output go on from where the matcher is now?

        Args:
            token_id: the token that it has just accepted; None for a part of one.
            room: after it. Where the answer is no, the matcher is to be rolled back.
        """
        if self._plan and self._plan[0] == token_id:
            self._plan = self._plan[1:]
            return True
        if self._most is not None and not self._matcher.is_tracked() and self._is_far(room):
            self._plan = None
            return True
        found = self._found(room)
        if found is None:
            return False
        self._plan = found
        return True

    def _is_far(self, room: Room) -> bool:
        if self._most is not None:
            return room.tokens > self._most and (
                room.bytes is None or room.bytes > self._most + self._vocabulary.longest_token
            )
        plan = self._plan or []
        if room.bytes is not None and room.bytes <= FAR * self._size(plan) + FAR_BYTES:
            return False
        return room.tokens > FAR * len(plan) + FAR_TOKENS

    def _found(self, room: Room) -> list[int] | None:
        """A plan that fits, or None."""
        found = self._matcher.fewest_tokens(max(room.tokens, 0), room.bytes)
        if found is None or len(found[0]) > room.tokens:
            return None
        if room.bytes is not None and self._size(found[0]) > room.bytes:
            return None
        return found[0]

    def _size(self, token_ids: list[int]) -> int:
        return sum(len(self._vocabulary.token(token_id) or b"") for token_id in token_ids)
