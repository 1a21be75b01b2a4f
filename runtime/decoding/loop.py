"""The generation loop: mask, model, choice, text, until a stop token or the budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar
from constrain.errors import ArtifactError, ModelError
from constrain.runtime.decoding.constraint import Allowed, Constraint
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.record import Record
from constrain.runtime.decoding.result import FinishReason, GenerationResult, Timings
from constrain.runtime.decoding.room import Room, RoomLeft
from constrain.runtime.decoding.step import TokenChooser
from constrain.runtime.decoding.text import TextWriter
from constrain.runtime.monitors.watch import Watch

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel

__all__ = ["Generation", "generate"]


def generate(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions | None = None,
    *,
    narrowed: CompiledGrammar | None = None,
    begun: bytes = b"",
    watch: Watch | None = None,
    on_text: Callable[[str], None] | None = None,
) -> GenerationResult:
    """Generate one output in the language of ``compiled``.

    Args:
        model: the model.
        compiled: a grammar compiled for ``model.vocabulary``.
        prompt_ids: from :meth:`CausalModel.encode_prompt`.
        options: how tokens are chosen.
        narrowed: a part of the language that the output keeps to, where that fits into the limits: such as that of
            ``compile_json_schema(..., sizes=Sizes())``, in which nothing goes on without end.
        begun: the beginning of the text, where the prompt ends with it: the output is what comes after it.
        watch: a monitor over this output, for ``compiled`` and with the same ``begun``.
        on_text: called with each new piece of text, in whole characters.

    Raises:
        ModelError: prompt and budget exceed the model's context, or the model fails; or no text begins as ``begun``.
        ArtifactError: the grammar was compiled for another vocabulary.
        BudgetError: no output of the constraint fits into the limits of ``options``; the message names what is needed.
        LimitError: a budget of the grammar ran out.
        VocabularyError: the vocabulary cannot spell what has to follow.
        MonitorError: the monitor fails, or leaves no way on.
    """
    generation = Generation(
        model, compiled, prompt_ids, options, narrowed=narrowed, begun=begun, watch=watch, on_text=on_text
    )
    while not generation.is_finished:
        generation.step()
    return generation.result()


class Generation:
    """One output in the making. Arguments and errors are those of :func:`generate`."""

    def __init__(
        self,
        model: CausalModel,
        compiled: CompiledGrammar,
        prompt_ids: Sequence[int],
        options: GenerationOptions | None = None,
        *,
        narrowed: CompiledGrammar | None = None,
        begun: bytes = b"",
        watch: Watch | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> None:
        """Begin; the model is not run yet."""
        options = options or GenerationOptions()
        _check(model, compiled, prompt_ids, options)
        if watch is not None and options.heal:
            raise ValueError("a monitor judges whole tokens of the text: heal must be False")
        if narrowed is not None:
            _check(model, narrowed, prompt_ids, options)
        self._started = time.perf_counter()
        self._seconds = 0.0
        self._model = model
        self._cache = model.new_cache()
        self._unread = list(prompt_ids)
        self._heals = options.heal and len(prompt_ids) > 1 and bool(model.vocabulary.token(prompt_ids[-1]))
        self._prompt_tokens = len(prompt_ids) - self._heals
        self._closes = options.on_limit == "close"
        self._wants_logprobs = options.logprobs
        self._is_canonical = options.tokenization == "canonical"
        self._left = RoomLeft(options)
        self._clock = dict.fromkeys(("mask", "model", "sampling"), 0.0)
        with self._timed("mask"):
            room = self._left.room if self._closes else None
            self._constraint = Constraint(compiled, begun, narrowed=narrowed, room=room, watch=watch)
        self._chooser = TokenChooser(options, prompt_ids)
        self._record = Record(self._chooser)
        self._writer = TextWriter(on_text)
        self._token_ids: list[int] = []
        self._model_calls = 0
        self._finish_reason: FinishReason | None = None
        self._limit: str | None = None

    @property
    def is_finished(self) -> bool:
        """Is the output complete, or cut?"""
        return self._finish_reason is not None

    def step(self) -> None:
        """Write what is certain, or else one token; the model is run at most once, and once more at the end."""
        if self._finish_reason is None:
            self._go_on()
            self._seconds = time.perf_counter() - self._started

    def _go_on(self) -> None:
        if self._heals:
            self._heal(self._unread.pop())
        elif not (self._is_canonical and self._take_forced()):
            self._take_one()
        if self.is_finished and self._record.pending:
            self._settle_last()

    def _heal(self, last_id: int) -> None:
        """Choose a token that begins as the prompt's last one, in its place."""
        self._heals = False
        room, last = self._room(), self._model.vocabulary.token(last_id) or b""

        def takes(token_id: int) -> bool:
            text = self._model.vocabulary.text(token_id)[len(last) :]
            after = room.after(len(text)) if text else room
            with self._timed("mask"):
                if not self._constraint.accept_healed(token_id, text, after):
                    return False
            if text:
                self._left.take(len(text))
            self._write(token_id, text)
            return True

        def find() -> Allowed:
            return self._constraint.healing(last_id, last)

        self._choose(find(), find, takes)

    def _take_one(self) -> None:
        room = self._room()
        with self._timed("mask"):
            allowed = self._constraint.allowed(room)
        if self._constraint.must_stop(allowed):
            self._finish_reason = "stop"
        elif not self._closes and (limit := self._left.spent()):
            self._finish_reason, self._limit = "length", limit
        elif len(allowed.ids) == 1:
            # nothing to choose: the model reads it together with what comes next
            if self._takes(int(allowed.ids[0]), room):
                self._record.defer(int(allowed.ids[0]), allowed)
        else:
            self._choose(allowed, lambda: self._constraint.allowed(room), lambda token_id: self._takes(token_id, room))

    def _take_forced(self) -> int:
        """Write what is certain, so far as there is room for it in this spelling; how many tokens that were."""
        with self._timed("mask"):
            forced = self._constraint.forced()
        for count, token_id in enumerate(forced):
            if (not self._closes and self._left.spent()) or not self._takes(token_id, self._room()):
                return count
            self._record.defer(token_id)
        return len(forced)

    def _room(self) -> Room:
        """What may still be written; never less than the output needs."""
        room, affordable = self._left.room, self._left.affordable()
        if not self._closes or affordable is None or affordable >= room.tokens:
            return room
        with self._timed("mask"):
            needed = self._constraint.needed(Room(affordable, room.bytes))
        return Room(min(max(affordable, needed), room.tokens), room.bytes)

    def _choose(self, allowed: Allowed, find: Callable[[], Allowed], takes: Callable[[int], bool]) -> None:
        """Draw until a token is taken: from what is allowed, and then from what ``find`` says is left of it."""
        shaped = self._predicted()
        while True:
            with self._timed("sampling"):
                chosen = self._chooser.choose(shaped, allowed.ids)
            if takes(chosen.token_id):
                break
            if self.is_finished:
                return
            with self._timed("mask"):
                allowed = find()
        with self._timed("sampling"):
            self._record.add(chosen, shaped, allowed)

    def _takes(self, token_id: int, room: Room) -> bool:
        """Go on with a token; False where it is not to be taken, since too little would be left after it."""
        if self._constraint.is_stop(token_id):
            if not self._constraint.may_stop(token_id):
                return False
            self._finish_reason = "stop"
            return True
        text = self._model.vocabulary.text(token_id)
        size = len(self._model.vocabulary.token(token_id) or b"")  # names of special tokens cost no bytes
        after = room.after(size)
        if after.bytes is not None and after.bytes < 0 and not self._closes:
            self._finish_reason, self._limit = "length", "max_bytes"
            return False
        with self._timed("mask"):
            if not self._constraint.accept(token_id, after):
                return False
        self._left.take(size)
        self._write(token_id, text)
        return True

    def _write(self, token_id: int, text: bytes) -> None:
        self._token_ids.append(token_id)
        self._unread.append(token_id)
        self._writer.write(text)

    def _predicted(self) -> NDArray[np.float64]:
        """What the model says of the next token, after penalties and temperature."""
        pending = self._record.pending if self._wants_logprobs else 0
        logits = self._read(self._unread, pending + 1)
        self._unread = []
        with self._timed("sampling"):
            self._record.settle(logits[:-1] if self._wants_logprobs else None)
            return self._chooser.shaped(logits[-1])

    def _settle_last(self) -> None:
        """Find out what the model says of the tokens after its last choice."""
        logits = None
        if self._wants_logprobs:
            pending = self._record.pending
            # a stop token is not in the text; another one is, but what comes after it is not asked
            is_stopped = len(self._token_ids) < len(self._record.tokens) + pending
            logits = self._read(self._unread if is_stopped else self._unread[:-1], pending)
        with self._timed("sampling"):
            self._record.settle(logits)

    def _read(self, token_ids: Sequence[int], count: int) -> NDArray[np.float32]:
        with self._timed("model"):
            logits: NDArray[np.float32] = self._model.forward_last(token_ids, self._cache, count).numpy()
        self._model_calls += 1
        self._left.stepped()
        return logits

    def result(self) -> GenerationResult:
        """What came of it; before it is finished, what there is."""
        tokens = self._record.tokens
        of_text = tokens[: len(self._token_ids)]
        return GenerationResult(
            text=self._writer.text,
            token_ids=tuple(self._token_ids),
            finish_reason=self._finish_reason or "length",
            is_complete=self._constraint.is_complete(),
            limit=self._limit,
            logprob=sum(token.logprob for token in tokens),
            sampling_logprob=sum(token.sampling_logprob for token in tokens),
            token_logprobs=tuple(token.logprob for token in of_text),
            sampling_token_logprobs=tuple(token.sampling_logprob for token in of_text),
            masked=self._record.masked,
            uniform_steps=self._chooser.uniform_steps,
            model_calls=self._model_calls,
            prompt_tokens=self._prompt_tokens,
            seconds=self._seconds,
            timings=Timings(**self._clock),
        )

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._clock[what] += time.perf_counter() - started


def _check(
    model: CausalModel, compiled: CompiledGrammar, prompt_ids: Sequence[int], options: GenerationOptions
) -> None:
    if compiled.vocabulary.sha256 != model.vocabulary.sha256:
        raise ArtifactError(
            f"the grammar was compiled for another vocabulary ({compiled.vocabulary.vocab_size} tokens) than that of "
            f"{model.name} ({model.vocabulary.vocab_size} tokens)",
            expected="a grammar compiled for model.vocabulary",
        )
    if not prompt_ids:
        raise ModelError("the prompt has no tokens", expected="at least one, as encode_prompt gives")
    context = model.context_length
    if context is not None and len(prompt_ids) + options.max_tokens > context:
        raise ModelError(
            f"{len(prompt_ids)} tokens of prompt and {options.max_tokens} reserved for the output exceed the model's "
            f"context of {context} tokens",
            expected="a shorter prompt or a smaller --max-tokens",
        )
