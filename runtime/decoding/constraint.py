"""One sequence's side of the constraint: which tokens may come next, as ids."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar, Matcher
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids
from constrain.errors import BudgetError, ModelError, VocabularyError
from constrain.runtime.decoding.closing import Closing
from constrain.runtime.decoding.room import Room
from constrain.runtime.monitors.watch import MOST_REFUSALS, Watch

__all__ = ["Allowed", "Constraint"]

MAX_REFUSED = 64
"""When so many tokens have been given back at one place, the plan is followed."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Tokens that may come next.

    Each array is int64 ``[n]``, ascending, with at least one token; the same one as the array that it is a part of,
    where it is all of that.

    Attributes:
        of_language: what the language allows.
        of_sizes: of these, what the part of it allows that the output keeps to.
        of_budget: of these, what can be completed within the limits.
        ids: of these, what a monitor leaves.
    """

    of_language: NDArray[np.int64]
    of_sizes: NDArray[np.int64]
    of_budget: NDArray[np.int64]
    ids: NDArray[np.int64]

    @classmethod
    def all_of(cls, ids: NDArray[np.int64]) -> Allowed:
        """What nothing was taken from."""
        return cls(ids, ids, ids, ids)


class Constraint:
    """A matcher with its bitmask, and what keeps the text completable.

    Where the output keeps to a part of the language, there are two matchers in step: that of the part, which decides,
    and that of the whole, which tells what it costs.
    """

    def __init__(
        self,
        compiled: CompiledGrammar,
        begun: bytes = b"",
        *,
        narrowed: CompiledGrammar | None = None,
        room: Room | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Begin a sequence.

        Args:
            compiled: the grammar.
            begun: how its text begins, before the first token.
            narrowed: a part of it that the output keeps to, where that fits into ``room``.
            room: the output is complete within it; None where it may be cut.
            watch: a monitor over the output, begun as it is.

        Raises:
            ModelError: none of its texts begins so.
            BudgetError: no output fits into ``room``.
            VocabularyError: the vocabulary can't spell what the closing of the text needs.
        """
        self._whole = compiled.matcher()
        if begun and not self._whole.accept_bytes(begun):
            raise ModelError(f"no text of the constraint begins with {begun!r}", expected="the beginning of one")
        self._matcher, self._closing = self._begun(compiled, narrowed, begun, room)
        self._width = compiled.vocabulary.vocab_size
        self._stops = frozenset(compiled.vocabulary.eos_token_ids)
        self._refused: list[int] = []
        self._watch = watch
        self._vetoed: list[int] = []
        self._reason: str | None = None
        """Why the last of these was."""

    def _begun(
        self, compiled: CompiledGrammar, narrowed: CompiledGrammar | None, begun: bytes, room: Room | None
    ) -> tuple[Matcher, Closing | None]:
        """The matcher that decides, with its way to the end."""
        if narrowed is not None:
            matcher = narrowed.matcher()
            if not begun or matcher.accept_bytes(begun):
                try:
                    return matcher, _closing(narrowed, matcher, room)
                except BudgetError:
                    pass  # the whole language may have shorter texts
        return self._whole, _closing(compiled, self._whole, room)

    def allowed(self, room: Room) -> Allowed:
        """The tokens that may come next, but for those that were just refused.

        Raises:
            VocabularyError: no token of the vocabulary can spell what has to follow.
            LimitError: a budget of the grammar ran out.
            BudgetError: too little is left, though there was enough: a completion at hand could not be written.
            MonitorError: the monitor leaves none of them, or fails.
        """
        bitmask = self._mask_of(self._matcher)
        before = whole = bitmask_to_ids(bitmask[0])
        if self._matcher is not self._whole:
            of_whole = self._mask_of(self._whole)
            if not np.array_equal(bitmask, of_whole):
                whole = bitmask_to_ids(of_whole[0])
        if not len(before):
            following = self._matcher.next_bytes()[:16]
            raise VocabularyError(
                f"no token of the vocabulary can continue the output, which has to go on with one of {following!r}",
                expected="a tokenizer that can spell every byte of the constraint's texts",
            )
        within = self._within(room, before, bitmask)
        if not len(within):
            raise BudgetError("nothing that fits into what is left completes the output", expected="larger limits")
        return Allowed(whole, before, within, self._left_by_monitor(whole, before, within))

    def _mask_of(self, matcher: Matcher) -> NDArray[np.int32]:
        bitmask = allocate_token_bitmask(1, self._width)
        matcher.fill_next_token_bitmask(bitmask, 0)
        return bitmask

    def _within(self, room: Room, before: NDArray[np.int64], bitmask: NDArray[np.int32]) -> NDArray[np.int64]:
        """What of the mask can be completed; the mask is made so."""
        if self._closing is None:
            return before
        if len(self._refused) > MAX_REFUSED and self._closing.next_of_plan is not None:
            return np.array([self._closing.next_of_plan])
        if not self._closing.keep(bitmask, room, look=bool(self._refused)) and not self._refused:
            return before
        return _without(bitmask_to_ids(bitmask[0]), self._refused)

    def _left_by_monitor(
        self, whole: NDArray[np.int64], before: NDArray[np.int64], ids: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        if self._watch is None:
            return ids
        suggested = self._suggested(ids)
        if not len(suggested):
            for limit, limited in (("values' sizes", before), ("limits", ids)):
                if (
                    limited is not whole
                    and not len(self._suggested(limited))
                    and len(further := self._suggested(whole))
                ):
                    raise self._watch.beyond(limit, limited, further)
        left = _without(suggested, self._vetoed)
        if not len(left) or len(self._vetoed) > MOST_REFUSALS:
            raise self._watch.stuck(len(self._vetoed), self._reason)
        return left if len(left) < len(ids) else ids

    def _suggested(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of some tokens, those with which a suggestion goes on; all of them where none is being spelled."""
        if self._watch is None or not self._watch.is_suggesting:
            return ids
        bits = np.full_like(allocate_token_bitmask(1, self._width), -1)
        self._watch.restrict(bits, 0)
        return np.intersect1d(ids, bitmask_to_ids(bits[0]), assume_unique=True)

    def fork(self) -> Constraint:
        """Another sequence at the same place; what one accepts leaves the other unchanged."""
        other = copy(self)
        other._whole = self._whole.fork()
        other._matcher = other._whole if self._matcher is self._whole else self._matcher.fork()
        other._closing = None if self._closing is None else self._closing.of(other._matcher)
        other._refused, other._vetoed = list(self._refused), list(self._vetoed)
        other._watch = None if self._watch is None else self._watch.fork()
        return other

    @property
    def is_narrowed(self) -> bool:
        """Does the output keep to a part of the language?"""
        return self._matcher is not self._whole

    @property
    def matcher(self) -> Matcher:
        """The matcher that decides, for whoever looks ahead; it must be left where it is."""
        return self._matcher

    def forced(self) -> list[int]:
        """The tokens that come next as the tokenizer spells them, where what they spell is certain."""
        return self._matcher.forced_tokens()

    def healing(self, last_id: int, last: bytes) -> Allowed:
        """The tokens that may stand in the place of the one before the text, as that itself may.

        Args:
            last_id: the token before the text.
            last: its bytes.
        """
        ids = [last_id]
        if len(self._refused) <= MAX_REFUSED:
            ids = sorted({last_id, *self._matcher.tokens_from(last)} - {*self._refused})
        return Allowed.all_of(np.array(ids, dtype=np.int64))

    def accept_healed(self, token_id: int, text: bytes, room: Room) -> bool:
        """As :meth:`accept`, with the part of the token that belongs to the text."""
        if not self._matcher.accept_bytes(text):
            self._refused.append(token_id)  # it repeats what must not be repeated
            return False
        self._follow(self._matcher is self._whole or self._whole.accept_bytes(text), token_id)
        return self._is_confirmed(token_id, room, is_planned=False)

    def needed(self, room: Room) -> int:
        """How many tokens complete the text; 0 where it need not be completed."""
        return 0 if self._closing is None else self._closing.needed(room)

    def must_stop(self, allowed: Allowed) -> bool:
        """Does the language leave nothing but to stop?

        Raises:
            MonitorError: it does, but the monitor does not.
        """
        if not self.leaves_only_stop(allowed):
            return False
        if self._watch is not None:
            self._watch.check_end()
        return True

    def leaves_only_stop(self, allowed: Allowed) -> bool:
        """Is the text one that the language has nothing to add to, whatever a monitor says of it?"""
        ids = allowed.of_language
        return len(ids) <= len(self._stops) and self._stops.issuperset(ids.tolist())

    def may_stop(self, token_id: int) -> bool:
        """Does a monitor let the output end? If not, that is not allowed any more here."""
        return self._lets_or_notes(token_id)

    def lets(self, token_id: int) -> bool:
        """Does a monitor let the output go on so? Nothing is changed.

        Raises:
            MonitorError: the monitor fails.
        """
        return self._watch is None or self._watch.refusal(token_id) is None

    def _lets_or_notes(self, token_id: int) -> bool:
        """The same; a token that is refused is not allowed any more here."""
        reason = None if self._watch is None else self._watch.refusal(token_id)
        if reason is None:
            return True
        self._reason = reason
        self._vetoed.append(token_id)
        return False

    def refuse(self, token_id: int) -> None:
        """Leave a token out of what is allowed here; a fork did not go on with it."""
        self._refused.append(token_id)

    def is_stop(self, token_id: int) -> bool:
        """Does this token end the output?"""
        return token_id in self._stops

    def accept(self, token_id: int, room: Room) -> bool:
        """Advance by an allowed token.

        Args:
            token_id: the token.
            room: after it.

        Returns:
            False where no completion would fit into what is left, or a monitor refuses it: then nothing has changed but
            that the token is not allowed any more.

        Raises:
            ModelError: the automaton refuses a token its own mask allowed.
            MonitorError: the monitor fails.
        """
        if not self._lets_or_notes(token_id):
            return False
        self._follow(self._matcher.accept_token(token_id), token_id)
        self._follow(self._matcher is self._whole or self._whole.accept_token(token_id), token_id)
        return self._is_confirmed(token_id, room)

    def would_accept(self, token_id: int, room: Room) -> bool:
        """Would :meth:`accept` advance by a token, or :meth:`may_stop` let it end the output?

        If not, it is not allowed any more here, as after these; else nothing has changed. Whether a completion fits is
        asked first, as monitors are slow.
        """
        if self._closing is not None and not self.is_stop(token_id):
            self._follow(self._matcher.accept_token(token_id), token_id)
            fits = self._closing.of(self._matcher).confirm(token_id, room)
            self._matcher.rollback(1)
            if not fits:
                self._refused.append(token_id)
                return False
        return self._lets_or_notes(token_id)

    def left_of(self, allowed: Allowed) -> Allowed:
        """What is left of what was allowed here without what :meth:`would_accept` has refused since."""
        of_budget = _without(allowed.of_budget, self._refused)
        return Allowed(
            allowed.of_language, allowed.of_sizes, of_budget, _without(allowed.ids, [*self._refused, *self._vetoed])
        )

    @staticmethod
    def _follow(accepted: bool, token_id: int) -> None:
        if not accepted:
            raise ModelError(f"the automaton refuses the token {token_id}, which its mask allowed")

    def _is_confirmed(self, token_id: int, room: Room, *, is_planned: bool = True) -> bool:
        """Does a completion fit into what is left? If not, the token is given back."""
        if self._closing is not None and not self._closing.confirm(token_id if is_planned else None, room):
            self._matcher.rollback(1)
            if self._matcher is not self._whole:
                self._whole.rollback(1)
            self._refused.append(token_id)
            return False
        self._refused.clear()
        self._vetoed.clear()
        self._reason = None
        if self._watch is not None:
            self._watch.accept(token_id)
        return True

    def is_complete(self) -> bool:
        """Is the text so far in the language?"""
        return self._whole.is_accepting()


def _without(ids: NDArray[np.int64], others: list[int]) -> NDArray[np.int64]:
    return np.setdiff1d(ids, others, assume_unique=True) if others else ids


def _closing(compiled: CompiledGrammar, matcher: Matcher, room: Room | None) -> Closing | None:
    if room is None:
        return None
    closing = Closing(compiled, matcher)
    closing.begin(room)
    return closing
