"""One output under a monitor: the part of the mask that suggestions decide, and a verdict on each token drawn.

The texts that a monitor allows are defined character by character, so that they don't depend on how a tokenizer splits
them. Wherever the monitor is triggered, one of its suggestions follows, and then something that ends it; and no
beginning of the text is vetoed. Two means hold the output to that:

* **Masks**, while a suggestion is being spelled: tokens stay that begin with the rest of one or are the beginning of
  the rest of one. What is exact there costs one walk of the vocabulary's trie.
* **Rejection**, for all else: a token that runs past the place of a trigger, or is vetoed, is drawn anew without it.
  Drawing on in this way until a token is accepted gives each acceptable one its probability among the acceptable ones,
  and asks about few of the thousands that a mask would have to know about.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from constrain._core import Literals
from constrain.compiler import CompiledGrammar, Matcher
from constrain.compiler.special_tokens import text_of
from constrain.errors import MonitorError
from constrain.runtime.monitors.calls import DEADLINE, MonitorCalls

__all__ = ["MOST_REFUSALS", "NothingLeftError", "Watch"]

MOST_REFUSALS = 1000
"""So many tokens are drawn for one place; a monitor may take milliseconds for each."""

REMEMBERED = 256
"""So many answers of ``suggest`` are kept, by prefix."""

SHOWN = 40


class NothingLeftError(MonitorError):
    """The monitor leaves no way on from here; another beginning may have one."""


class HasTokenId(Protocol):
    """What a draw gives."""

    @property
    def token_id(self) -> int:
        """The token that was drawn."""


Drawn = TypeVar("Drawn", bound=HasTokenId)


@dataclass(frozen=True, slots=True)
class _State:
    """Where an output is.

    Attributes:
        text: its whole characters.
        literals: the suggestions of which one is being spelled; None where it is the grammar's turn.
        start: so many characters came before what is being spelled.
        spelled: what was read of a suggestion, or else of a character that is not whole yet.
    """

    text: str
    literals: Literals | None
    start: int
    spelled: bytes


class Watch:
    """A monitor's state over one output.

    In the decoding loop::

        watch = Watch(monitor, compiled, prompt)
        while True:
            matcher.fill_next_token_bitmask(bitmask, 0)
            watch.restrict(bitmask, 0)
            chosen = watch.first_accepted(draw, bitmask_to_ids(bitmask[0]))
            watch.accept(chosen.token_id)
            matcher.accept_token(chosen.token_id)
    """

    def __init__(
        self,
        monitor: object,
        compiled: CompiledGrammar,
        prompt: str = "",
        *,
        begun: bytes = b"",
        deadline: float | None = DEADLINE,
        most_refusals: int = MOST_REFUSALS,
    ) -> None:
        """Begin an output.

        Args:
            monitor: a monitor, or what :func:`load_monitor` gives (then it has a deadline already).
            compiled: the grammar that the output is under.
            prompt: for :meth:`Monitor.begin`.
            begun: how the output begins, before the first token.
            deadline: seconds for each call of the monitor; None for no deadline, and calls in this thread.
            most_refusals: so many tokens are drawn for one place before the monitor is taken to refuse everything.

        Raises:
            MonitorError: it is no monitor, fails, or refuses ``begun``.
        """
        calls = monitor if isinstance(monitor, MonitorCalls) else MonitorCalls(monitor, deadline=deadline)
        self._calls = calls.begin(prompt)
        self._vocabulary = compiled.vocabulary
        self._matcher = compiled.matcher()
        self._most_refusals = most_refusals
        self._literals: dict[str, Literals | str | None] = {}
        self._stops = frozenset(compiled.vocabulary.eos_token_ids)
        nothing = Literals([""], self._calls.word)
        self._ends = frozenset(byte for byte in range(256) if nothing.allows(bytes([byte])))  # what ends a word
        self._refusals = 0
        triggered = self._calls.suggests and self._calls.triggered("")
        literals = self._suggested("", b"", None) if triggered else None
        state = literals if isinstance(literals, str) else self._after(_State("", literals, 0, b""), begun)
        if not self._matcher.accept_bytes(begun):
            raise MonitorError(f"no text of the constraint begins with {begun!r}", expected="the beginning of one")
        refused = state if isinstance(state, str) else None
        if begun and not refused and self._calls.vetoes:
            refused = self._calls.veto(_characters(begun)[0], False)
        if refused or isinstance(state, str):
            raise MonitorError(f"the monitor {self.name} refuses how the output begins: {refused}")
        self._state = state
        self._next: dict[int, _State] = {}
        self._end: tuple[str | None] | None = None
        """The verdict on an end here, once it was asked for."""

    @property
    def name(self) -> str:
        """What messages call the monitor."""
        return self._calls.name

    @property
    def text(self) -> str:
        """The output so far, in whole characters."""
        return self._state.text

    @property
    def is_suggesting(self) -> bool:
        """Is a suggestion being spelled?"""
        return self._state.literals is not None

    @property
    def seconds(self) -> float:
        """Time spent in the monitor so far."""
        return self._calls.seconds

    @property
    def calls(self) -> int:
        """How often the monitor was called."""
        return self._calls.calls

    @property
    def refusals(self) -> int:
        """How many drawn tokens were refused."""
        return self._refusals

    def restrict(self, bitmask: NDArray[np.int32], row: int = 0) -> None:
        """Take the tokens that no suggestion goes on with from the mask of the grammar."""
        state = self._state
        if state.literals is not None:
            state.literals.keep_allowed(self._vocabulary, state.spelled, bitmask, row)

    def first_accepted(self, draw: Callable[[NDArray[np.int64]], Drawn], allowed: NDArray[np.int64]) -> Drawn:
        """Draw tokens, each without those before it, until the monitor accepts one.

        Args:
            draw: draws one of the tokens that it is given, from a distribution over them.
            allowed: token ids that the constraint and :meth:`restrict` leave.

        Raises:
            MonitorError: the monitor refuses all of them, or as many as it may, or fails.
        """
        reason = None
        for tried in range(self._most_refusals):
            if not len(allowed):
                raise self._nothing_left(f"refuses each of the {tried} tokens" if tried else "leaves no token", reason)
            drawn = draw(allowed)
            reason = self.refusal(drawn.token_id)
            if reason is None:
                return drawn
            self._refusals += 1
            allowed = allowed[allowed != drawn.token_id]
        raise self._nothing_left(f"refuses the {self._most_refusals:,} tokens that were drawn", reason)

    def refusal(self, token_id: int) -> str | None:
        """Why the monitor does not take this token next; None where it does. Nothing is changed."""
        if token_id in self._stops:
            return self.end_refusal()
        if token_id in self._next:
            return None
        state = self._after(self._state, text_of(self._vocabulary, token_id), token_id)
        if isinstance(state, str):
            return state
        if self._calls.vetoes and state.text != self._state.text:
            reason = self._calls.veto(state.text, False)
            if reason is not None:
                return reason
        self._next[token_id] = state
        return None

    def end_refusal(self) -> str | None:
        """Why the output must not end here; None where it may. The loop asks also where it stops without a draw."""
        state = self._state
        if state.literals is not None and not state.literals.is_whole(state.spelled):
            return f"none of the suggestions is {state.spelled.decode(errors='replace')!r}"
        if self._end is None:
            self._end = (self._calls.veto(state.text, True) if self._calls.vetoes else None,)
        return self._end[0]

    def check_end(self) -> None:
        """Where nothing but the end is possible.

        Raises:
            MonitorError: the monitor refuses it.
        """
        reason = self.end_refusal()
        if reason is not None:
            raise self._nothing_left("refuses the end, which alone the constraint allows", reason)

    def accept(self, token_id: int) -> None:
        """Advance by a token.

        Raises:
            MonitorError: the monitor refuses it.
        """
        reason = self.refusal(token_id)
        if reason is not None:
            raise self._nothing_left(f"refuses the token {token_id}, which was not drawn by its leave", reason)
        if token_id in self._stops:
            return
        self._state = self._next[token_id]
        self._next, self._end = {}, None
        if self._calls.suggests:
            self._matcher.accept_token(token_id)

    def score(self, complete: bool = False) -> float:
        """The monitor's score of the text so far; 0 of one that has none."""
        return self._calls.score(self._state.text, complete) if self._calls.scores else 0.0

    def fork(self) -> Watch:
        """Another output at the same place; what one accepts leaves the other unchanged."""
        other = object.__new__(Watch)
        other.__dict__ = {**self.__dict__, "_matcher": self._matcher.fork(), "_next": dict(self._next)}
        return other

    def _after(self, state: _State, data: bytes, token_id: int | None = None) -> _State | str:
        """The state after further bytes, those of a token where it is given; or why there is none."""
        literals: Literals | str | None = state.literals
        # the text up to where something has to be read yet, and that
        text, rest = state.text[: state.start], state.spelled + data
        while not isinstance(literals, str):
            if literals is None:
                whole, begun = _characters(rest)
                after = self._calls.first_triggered(text, whole) if whole and self._calls.suggests else None
                if after is None:
                    whole_text = text + whole
                    return _State(whole_text, None, len(whole_text), begun)
                text, rest = text + whole[:after], rest[len(_bytes(whole[:after])) :]
                literals = self._suggested(text, data[: len(data) - len(rest)], token_id)
                continue
            if not literals.allows(rest):
                return f"none of the suggestions goes on as {rest.decode(errors='replace')!r}"
            left = literals.left_after(rest)
            if left is None:
                return _State(text + _characters(rest)[0], literals, len(text), rest)
            text, rest, literals = text + rest[:left].decode(), rest[left:], None
            if left and not self._is_word(text[-1]) and self._calls.triggered(text):
                literals = self._suggested(text, data[: len(data) - len(rest)], token_id)
        return literals

    def _is_word(self, character: str) -> bool:
        return any(low <= ord(character) <= high for low, high in self._calls.word)

    def _suggested(self, text: str, ahead: bytes, token_id: int | None) -> Literals | str | None:
        """The suggestions after a text, which lies ``ahead`` of the matcher; a ``str`` says why there are none."""
        if text not in self._literals:
            if len(self._literals) == REMEMBERED:
                del self._literals[next(iter(self._literals))]
            self._literals[text] = self._compiled(text, ahead, token_id)
        return self._literals[text]

    def _compiled(self, text: str, ahead: bytes, token_id: int | None) -> Literals | str | None:
        suggestions = self._calls.suggestions(text)
        if suggestions is None:
            return None
        if not suggestions:
            return f"nothing can come after {_end(text)!r}"
        matcher = self._matcher.fork()
        if token_id is not None and self._vocabulary.token(token_id) is None:
            taken = matcher.accept_token(token_id)  # its text is a name, by which the constraint does not know it
        else:
            taken = matcher.accept_bytes(ahead)
        if not taken:
            return f"the constraint does not go on as {_end(text)!r}"
        fitting = [one for one in suggestions if self._fits(matcher, one)]
        if not fitting:
            shown = ", ".join([repr(one) for one in suggestions[:3]] + ["…"] * (len(suggestions) > 3))
            return f"the constraint takes none of the suggestions after {_end(text)!r}: {shown}"
        return Literals(fitting, self._calls.word)

    def _fits(self, matcher: Matcher, suggestion: str) -> bool:
        """Does the grammar take it here, and something after it that ends it?"""
        data = suggestion.encode()
        if matcher.viable_prefix(data) < len(data):
            return False
        if suggestion and not self._is_word(suggestion[-1]):
            return True
        matcher = matcher.fork()
        matcher.accept_bytes(data)
        return matcher.is_accepting() or not self._ends.isdisjoint(matcher.next_bytes())

    def stuck(self, refused: int, reason: str | None) -> MonitorError:
        """The error of an output that cannot go on.

        Args:
            refused: so many tokens were drawn here and refused.
            reason: why the last of them was.
        """
        what = f"refuses each of the {refused} tokens drawn" if refused else "leaves no token"
        return self._nothing_left(what, reason)

    def beyond(self, limit: str, left: NDArray[np.int64], suggested: NDArray[np.int64]) -> MonitorError:
        """The error of an output that could go on as suggested, were there more room.

        Args:
            limit: what there is too little of.
            left: the tokens that the limit leaves.
            suggested: those that the monitor suggests, and the constraint allows.
        """
        further, others = (", ".join(self._shown(ids)) for ids in (suggested, left))
        return NothingLeftError(
            f"the monitor {self.name} suggests what the {limit} leave no room for {self._place()}: they leave "
            f"{others} of what the constraint allows, it suggests {further}",
            expected="larger limits, or a monitor that vetoes what leads to suggestions that are too long",
        )

    def _shown(self, ids: NDArray[np.int64]) -> list[str]:
        texts = [text_of(self._vocabulary, token_id).decode(errors="replace") for token_id in ids[:3].tolist()]
        names = [
            "the end" if token_id in self._stops else repr(text)
            for token_id, text in zip(ids.tolist(), texts, strict=False)
        ]
        return names + ["…"] * (len(ids) > 3)

    def _nothing_left(self, what: str, reason: str | None) -> NothingLeftError:
        last = f"; the last because {reason}" if reason else ""
        if self._state.literals is not None and reason is None:
            last = ": the constraint and its suggestions have none in common"
        return NothingLeftError(f"the monitor {self.name} {what} {self._place()}{last}")

    def _place(self) -> str:
        text = self._state.text
        return f"after {len(text)} characters of output ({_end(text)!r})" if text else "at the beginning"


def _characters(data: bytes) -> tuple[str, bytes]:
    """The whole characters of some bytes, and the bytes after them."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    text = decoder.decode(data)
    return text, decoder.getstate()[0]


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _end(text: str) -> str:
    return text if len(text) <= SHOWN else f"…{text[-SHOWN:]}"
