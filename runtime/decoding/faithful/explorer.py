"""What the grammar and the model say of beginnings of outputs, each asked once.

Methods that draw many times for one prompt come to the same beginnings again and again. Here is what does not change
from one draw to the next: which tokens may follow a beginning, and how probable the model finds each. What a method
learns on top of that is its own matter.

The probability of an output, P, is that of its tokens, and of a stop token after them where the language would have let
the text go on; whichever stop token it is. So outputs exclude each other, and what the budget cuts off is paid for.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar, Matcher
from constrain.compiler.weights import WeightsKey
from constrain.errors import BudgetError
from constrain.runtime.decoding.constraint import Allowed, Constraint
from constrain.runtime.decoding.distribution import Lots, log_sum_exp
from constrain.runtime.decoding.fitting import check_fit
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.result import Timings
from constrain.runtime.decoding.room import Room
from constrain.runtime.decoding.step import TokenChooser
from constrain.runtime.monitors.watch import NothingLeftError

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows
    from constrain.runtime.monitors.watch import Watch

__all__ = ["Explorer", "Place"]

MEMORY = 512 << 20
"""Bytes of places that are kept."""

OF_PLACE = 4_096
"""About so many bytes are a place's without its arrays."""


class Place:
    """A beginning of outputs, and the ways on from it.

    Attributes:
        token_ids: the tokens.
        constraint: after them; for whoever forks it.
        room: what may still be written.
        ids: int64 ``[n]``, ascending: tokens that may come next; of stop tokens, which all end the same output, the
            first, where a monitor lets the text end. After other tokens, a monitor may yet object.
        stop: where the stop token is among them; None where the text must go on.
        is_whole: is it an output already, since the language has nothing to add? Then there are no ways on.
        logprobs: float64 ``[n]``, under the model among all tokens; None until the model was asked.
        dead: tokens among these after which nothing can be completed, as it turned out.
        leaves: what weights say of the ways on, for whoever has any: with a mark of which weights these are.
        lots: what a proposal draws from, with what it was made of.
    """

    __slots__ = (
        "_stops",
        "constraint",
        "dead",
        "ids",
        "is_whole",
        "leaves",
        "logprobs",
        "lots",
        "room",
        "stop",
        "token_ids",
    )

    def __init__(
        self, token_ids: tuple[int, ...], constraint: Constraint, room: Room, allowed: Allowed, stops: frozenset[int]
    ) -> None:
        self.token_ids = token_ids
        self.constraint = constraint
        self.room = room
        self.is_whole = constraint.leaves_only_stop(allowed)
        stopping = np.flatnonzero(np.isin(allowed.ids, list(stops)))
        self.stop = int(stopping[0]) if len(stopping) else None
        self._stops = allowed.ids[stopping]
        self.ids = np.delete(allowed.ids, stopping[1:]) if len(stopping) > 1 else allowed.ids
        self.logprobs: NDArray[np.float64] | None = None
        self.dead: set[int] = set()
        self.leaves: tuple[object, NDArray[np.float64]] | None = None
        self.lots: tuple[object, int, Lots] | None = None

    @property
    def matcher(self) -> Matcher:
        """Of the language that is kept to; it must be left where it is."""
        return self.constraint.matcher

    @property
    def text_ids(self) -> NDArray[np.int64]:
        """The ways on but stopping."""
        return self.ids if self.stop is None else np.delete(self.ids, self.stop)

    @property
    def text_logprobs(self) -> NDArray[np.float64]:
        """Log-probabilities in step with :attr:`text_ids`, where the model was asked."""
        return self.known if self.stop is None else np.delete(self.known, self.stop)

    @property
    def known(self) -> NDArray[np.float64]:
        """The log-probabilities, where the model was asked."""
        if self.logprobs is None:
            raise ValueError("the model was not asked about this place")
        return self.logprobs

    def learn(self, shaped: NDArray[np.float64], whole: float) -> None:
        """Take over what the model says.

        Args:
            shaped: float64 ``[vocab_size]``: its logits, shaped as the options want it.
            whole: the logarithm of the sum of their exponentials.
        """
        self.logprobs = shaped[self.ids] - whole
        if self.stop is not None:
            self.logprobs[self.stop] = log_sum_exp(shaped[self._stops]) - whole

    @property
    def size(self) -> int:
        """About how many bytes it takes, with what the model says."""
        return OF_PLACE + 4 * self.ids.nbytes + 8 * len(self.token_ids)


class Explorer:
    """The places of one prompt; those least recently asked for are forgotten when they take too much memory."""

    def __init__(
        self,
        model: CausalModel,
        compiled: CompiledGrammar,
        prompt_ids: Sequence[int],
        options: GenerationOptions,
        rows: Rows,
        *,
        narrowed: CompiledGrammar | None = None,
        watch: Watch | None = None,
        begun: bytes = b"",
        notify: Callable[[str], None] | None = None,
        observe: Callable[[Place], None] | None = None,
        memory: int = MEMORY,
    ) -> None:
        """Begin at the empty output.

        Args:
            model: the model.
            compiled: a grammar compiled for it.
            prompt_ids: from :meth:`CausalModel.encode_prompt`.
            options: limits, and what shapes the logits.
            rows: of the model.
            narrowed: a part of the language that outputs keep to, where it fits into the limits.
            watch: a monitor.
            begun: the beginning of the text, where the prompt ends with it.
            notify: is told how far a draw is.
            observe: is told of each place that the model was asked about.
            memory: bytes for what is remembered.

        Raises:
            ArtifactError: a grammar is for another vocabulary.
            BudgetError: no output fits into the limits.
            ModelError: the prompt does not fit.
            MonitorError: the monitor leaves no output, or fails.
        """
        check_fit(model, (compiled, narrowed), prompt_ids, options)
        self._model = model
        self.options = options
        self.compiled = compiled
        self.prompt_ids = tuple(prompt_ids)
        self.vocabulary = model.vocabulary
        self.clock = Timings.clock()
        self.calls = 0
        """Beginnings that the model read so far."""
        self.notify = notify
        self.observe = observe
        self._rows = rows
        self._is_canonical = options.spelling == "canonical"
        self._stops = frozenset(compiled.vocabulary.eos_token_ids)
        self._chooser = TokenChooser(options, prompt_ids)
        self.is_watched = watch is not None
        """May a token lead nowhere that the grammar allows, since a monitor refuses it?"""
        self._memory = memory
        self._used = 0
        self._places: OrderedDict[tuple[int, ...], Place] = OrderedDict()
        room = Room(options.max_tokens, options.max_bytes)
        constraint = Constraint(compiled, begun, narrowed=narrowed, room=room, watch=watch)
        self.language = narrowed if narrowed is not None and constraint.is_narrowed else compiled
        """What outputs keep to."""
        self.root = self._place((), constraint, room)

    @property
    def weights_key(self) -> WeightsKey:
        """What weights have to be for, to be of use here."""
        model = self._model
        return WeightsKey.of(self.language, model.fingerprint, model.name, self.options.heat)

    @property
    def uniform_steps(self) -> int:
        """At how many places the model said nothing of use."""
        return self._chooser.uniform_steps

    def after(self, place: Place, token_id: int) -> Place | None:
        """The place that a token of ``place.ids``, no stop token, leads to; None where nothing can be completed there.

        Raises:
            MonitorError: the monitor fails.
        """
        token_ids = (*place.token_ids, token_id)
        found = self._places.get(token_ids)
        if found is not None:
            self._places.move_to_end(token_ids)
            return found
        if token_id in place.dead:
            return None
        started = time.perf_counter()
        try:
            found = self._found(place, token_id)
        finally:
            self.clock["mask"] += time.perf_counter() - started
        if found is None:
            place.dead.add(token_id)
            return None
        self._places[token_ids] = found
        self._used += found.size
        while self._used > self._memory and len(self._places) > 1:
            self._used -= self._places.popitem(last=False)[1].size
        return found

    def _found(self, place: Place, token_id: int) -> Place | None:
        if not place.constraint.lets(token_id):  # asked before a copy is made, for many may be refused
            return None
        constraint = place.constraint.fork()
        room = place.room.after(len(self.vocabulary.token(token_id) or b""))
        if not constraint.accept(token_id, room):
            return None
        try:
            return self._place((*place.token_ids, token_id), constraint, room)
        except (BudgetError, NothingLeftError):
            return None

    def at(self, token_ids: Sequence[int]) -> Place | None:
        """The place after these tokens; None where they are no beginning of an output."""
        place: Place | None = self.root
        for token_id in token_ids:
            if place is None or token_id in self._stops or token_id not in place.ids:
                return None
            place = self.after(place, token_id)
        return place

    def read(self, places: Iterable[Place]) -> None:
        """Ask the model about those places of which it was not asked yet, in one run of it.

        Raises:
            ModelError: the model fails.
        """
        unread = {place.token_ids: place for place in places if place.logprobs is None and not place.is_whole}
        if not unread:
            return
        if self.calls == 0 and len(unread) > 1:
            self.read([next(iter(unread.values()))])  # the prompt is read once
            self.read(unread.values())
            return
        reading = {}
        try:
            for token_ids in unread:
                row = self._rows.join((*self.prompt_ids, *token_ids))
                reading[row] = token_ids
            started = time.perf_counter()
            logits = self._rows.forward({row: self._unread(row.length, ids) for row, ids in reading.items()})
            self.clock["model"] += time.perf_counter() - started
            self.calls += len(unread)
            for row, token_ids in reading.items():
                self._learn(unread[token_ids], logits[row].numpy())
        finally:
            for row in reading:
                self._rows.leave(row)

    def _unread(self, length: int, token_ids: tuple[int, ...]) -> list[int]:
        return list((*self.prompt_ids, *token_ids)[length:])

    def _learn(self, place: Place, logits: NDArray[np.floating]) -> None:
        chooser = self._chooser.fork()
        for token_id in place.token_ids:
            chooser.note(token_id)
        shaped = chooser.shaped(logits)
        self._chooser.uniform_steps = chooser.uniform_steps
        place.learn(shaped, log_sum_exp(shaped))
        if self.observe is not None:
            self.observe(place)

    def _place(self, token_ids: tuple[int, ...], constraint: Constraint, room: Room) -> Place:
        allowed = constraint.allowed(room)
        if self.is_watched:
            stopping = allowed.ids[np.isin(allowed.ids, list(self._stops))].tolist()
            refused = [token_id for token_id in stopping if not constraint.may_stop(token_id)]
            if refused:
                allowed = constraint.allowed(room)
        if self._is_canonical and (forced := constraint.forced()) and forced[0] in allowed.ids:
            allowed = Allowed.all_of(np.array(forced[:1], dtype=np.int64))
        return Place(token_ids, constraint, room, allowed, self._stops)
